"""Runs a user's Modal file in a child process, and applies the stack's overrides while it loads."""
