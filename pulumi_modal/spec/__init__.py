"""Frozen models of what a stack declares and what a plan finds; parse and refuse at the door."""
