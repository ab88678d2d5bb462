"""How the rule of a single value says no; `validation.py` makes a `Problem` of it."""

from __future__ import annotations


class Refusal(ValueError):
    """A value that a rule does not take.

    The message goes on from the value ("is not a whole number").
    """

    def __init__(
        self, message: str, *, allowed: str = "", nearest: str = "", at: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.allowed = allowed
        self.nearest = nearest
        self.at = at
        """Where inside the value, when it is a list or a map."""

    def inside(self, *at: str | int) -> Refusal:
        """The same refusal, seen from the list or map that holds the value."""
        return Refusal(self.message, allowed=self.allowed, nearest=self.nearest, at=(*at, *self.at))
