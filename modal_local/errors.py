"""What the local Modal refuses or fails to do; every message is for the caller.

LocalModalError
 ├─ NotFound
 ├─ Conflict
 │   └─ AlreadyExists
 ├─ Invalid
 ├─ NoRoom
 └─ CallFailed
     ├─ QueueFull
     └─ CallTimedOut
"""

from __future__ import annotations


class LocalModalError(Exception):
    """Anything the local Modal refuses or fails to do; the message is for the caller."""


class NotFound(LocalModalError):
    """The thing asked for does not exist."""


class Conflict(LocalModalError):
    """The thing exists already, or is not in a state that allows the call."""


class AlreadyExists(Conflict):
    """Something of this name is there."""


class Invalid(LocalModalError):
    """An argument has a value that Modal refuses."""


class NoRoom(LocalModalError):
    """A dict or queue holds as much as it can; take something out, and try again."""


class CallFailed(LocalModalError):
    """A function call ended without an answer (crash loop, timeout, app stopped, ...)."""


class QueueFull(CallFailed):
    """So many inputs wait for this function that no more are taken; try later."""


class CallTimedOut(CallFailed):
    """A function call ran longer than its `timeout` allows."""
