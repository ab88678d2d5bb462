"""Digests that are equal over processes, hash seeds, folders and checkouts."""

from __future__ import annotations

import hashlib
import json
import pickletools
from pathlib import Path
from typing import Any

SHORT = 16
PROTOCOL_MARK = b"\x80"


def digest_of(value: Any) -> str:
    """Short digest of a JSON value (or of bytes)."""
    data = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:SHORT]


def message_bytes(message: Any) -> bytes:
    """A protobuf message in its one deterministic form."""
    return bytes(message.SerializeToString(deterministic=True))


def image_identity(request: Any) -> str:
    """Digest of one image layer: its recipe, its builder, and (by id) the layer below."""
    image = type(request.image)()
    image.CopyFrom(request.image)
    for file in image.context_files:
        file.filename = Path(file.filename).name
    return digest_of(message_bytes(image) + request.builder_version.encode())


def pickle_identity(pickled: bytes, root: Path) -> bytes:
    """A pickled function without the folder it happened to lie in.

    Code objects carry the absolute path of their file. The opcodes are read, never run; frames are
    left out, because their lengths follow that of the path, and so are the names of text opcodes.
    """
    if not pickled.startswith(PROTOCOL_MARK):
        return pickled
    here = f"{root}/"
    parts = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if isinstance(argument, str):
            parts.append(repr(argument.removeprefix(here)))
        elif opcode.name != "FRAME":
            parts.append(f"{opcode.name} {argument!r}")
    return "\n".join(parts).encode()
