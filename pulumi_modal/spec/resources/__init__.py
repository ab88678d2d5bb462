"""What each resource takes and tells, as models: checks, schema and pages are made from them."""
