"""Container processes: start, watch, drain, kill, and what they print."""
