"""Pulumi's properties as plain JSON: the only file that knows how they differ.

Numbers arrive as floats, the engine adds `__provider`, and in a preview values may be unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi.output import Unknown
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

Props = Mapping[str, Any]

PROVIDER_KEY: Final = "__provider"
_SECRET: Final = {_special_sig_key: _special_secret_sig}


def plain(props: Props) -> dict[str, Any]:
    """The properties without the engine's own, whole numbers as ints."""
    return {name: _plain(value) for name, value in props.items() if name != PROVIDER_KEY}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def has_unknown(value: Any) -> bool:
    """True when something in the value is known only after an apply."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return any(has_unknown(one) for one in value)
    return False


def known_part(value: Any) -> Any:
    """The value without what is known only after an apply; lists are known as a whole, or not."""
    if isinstance(value, Mapping):
        return {
            name: known_part(one)
            for name, one in value.items()
            if isinstance(one, Mapping) or not has_unknown(one)
        }
    return value


def secret(value: Any) -> dict[str, Any]:
    """A property of a result that is a secret: the engine shows it nowhere, and encrypts it."""
    return {**_SECRET, "value": value}


def opened(value: Any) -> Any:
    """The value of a secret, and any other as it is."""
    is_secret = isinstance(value, Mapping) and value.get(_special_sig_key) == _special_secret_sig
    return value["value"] if is_secret else value
