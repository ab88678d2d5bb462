"""RPCs of the local Modal, one file a noun: they translate, and never decide."""
