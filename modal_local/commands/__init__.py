"""The command line: typed arguments -> a core without output -> people's words or JSON."""
