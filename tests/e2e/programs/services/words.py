"""What the greeter says."""

GREETING = "hello"
