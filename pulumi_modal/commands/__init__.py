"""The `pulumi-modal` command line: typed arguments -> a core without output -> words or JSON."""
