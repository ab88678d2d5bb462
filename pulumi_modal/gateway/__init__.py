"""The one door to Modal's SDK: `port` says what is asked of Modal, `sdk` asks it."""
