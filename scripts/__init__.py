"""What the Makefile runs: set-up, the way up and down, checks. Standard library only."""
