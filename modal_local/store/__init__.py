"""State of the local Modal: SQLite for what is small, files for what is large, one noun a file."""
