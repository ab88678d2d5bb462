"""A layer chain of an image -> an interpreter environment, variables, files and a directory."""
