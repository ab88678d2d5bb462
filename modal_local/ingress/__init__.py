"""The HTTP door: a web URL -> a container."""
