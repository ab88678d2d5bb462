"""What must not be told: the secrets that this process has seen, hidden in all texts that leave it.

One for the process, for what one resource keeps secret the container of another may print. The
values come from the stack's encrypted configuration, from `Secret` resources, from inline secrets
of a file that is deployed, and from credentials; they are kept in memory only.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

HIDDEN: Final = "(secret)"
SHORTEST: Final = 6
"""Characters of a value that is looked for: a shorter one would hide ordinary words."""


class Redaction:
    """Values to hide. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def keep(self, *values: Any) -> None:
        """Hide these from now on; of maps and lists all that is in them."""
        new = {form for value in values for text in _texts(value) for form in _forms(text)}
        with self._lock:
            if new <= self._values:
                return
            self._values |= new
            longest_first = sorted(self._values, key=lambda one: (-len(one), one))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hide(self, text: str) -> str:
        """The text without them."""
        pattern = self._pattern
        return pattern.sub(HIDDEN, text) if pattern else text


KNOWN: Final = Redaction()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
        yield from _texts(_structured(value))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def _structured(text: str) -> Any:
    """Maps and lists of a configuration travel as JSON."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _forms(text: str) -> Iterator[str]:
    """As it is, as JSON and Python write it, and line by line, for texts are folded into one."""
    whole = text.strip()
    lines = [line.strip() for line in whole.splitlines()]
    folded = [" ".join(line.split()) for line in (whole, *lines)]
    forms = (whole, json.dumps(whole)[1:-1], repr(whole)[1:-1], *lines, *folded)
    yield from (form for form in forms if len(form) >= SHORTEST)
