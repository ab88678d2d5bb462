"""Image recipes as recorded: the layers of a chain, and the variables they set."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def chain(image_id: str, images: Mapping[str, Any]) -> Iterator[Any]:
    """The layers of an image, the topmost first (where several bases meet, all of them)."""
    pending = [image_id]
    done: set[str] = set()
    while pending:
        name = pending.pop()
        if name in done or name not in images:
            continue
        done.add(name)
        request = images[name]
        yield request.image
        pending += [base.image_id for base in request.image.base_images]


def below(image_id: str, images: Mapping[str, Any]) -> str:
    """The image under the topmost layer."""
    bases = images[image_id].image.base_images if image_id in images else []
    return bases[0].image_id if bases else image_id


def environment(image_id: str, images: Mapping[str, Any]) -> dict[str, str]:
    """The variables that `Image.env` set in a chain; upper layers win."""
    found: dict[str, str] = {}
    for image in chain(image_id, images):
        for command in image.dockerfile_commands:
            if command.startswith("ENV ") and "=" in command:
                name, _, value = command[4:].partition("=")
                found.setdefault(name.strip(), _unquoted(value))
    return found


def _unquoted(value: str) -> str:
    try:
        parts = shlex.split(value)
    except ValueError:
        return value
    return parts[0] if len(parts) == 1 else value if parts else ""
