"""Dynamic providers, one noun a file: thin over pure functions.

The path of a provider class is part of every state file: never move or rename one (see ADR 1).
"""
