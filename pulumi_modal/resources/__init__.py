"""Typed resources for Pulumi programs, one a file. Importing one declares nothing."""
