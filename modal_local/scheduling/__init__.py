"""Decisions as pure functions: how many containers, when to start them, when to retry."""
