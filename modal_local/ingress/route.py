"""A web URL and the function behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from modal_local.settings import LOOPBACK

_PASSED_ON: Final = (
    "type",
    "http_version",
    "method",
    "scheme",
    "path",
    "query_string",
    "client",
    "subprotocols",
)
_CREDENTIALS: Final = frozenset({b"modal-key", b"modal-secret"})


@dataclass(frozen=True, slots=True)
class Route:
    """One web endpoint on a port of its own."""

    port: int
    function_id: str
    method_name: str
    """Empty for a function; the method for an endpoint of a class."""
    app_name: str
    label: str
    environment: str
    requires_proxy_auth: bool = False

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"


def without_credentials(headers: Iterable[Sequence[bytes]]) -> list[tuple[bytes, bytes]]:
    """What a container is told of a request's headers."""
    return [
        (bytes(name), bytes(value)) for name, value in headers if bytes(name) not in _CREDENTIALS
    ]


def target_of(scope: Mapping[str, Any]) -> bytes:
    """Path and query, as they were asked for."""
    path = bytes(scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    query = bytes(scope["query_string"])
    return path + b"?" + query if query else path


def container_scope(scope: Mapping[str, Any]) -> dict[str, Any]:
    """What a container is told of a connection: plain values, no credentials of the door."""
    passed: dict[str, Any] = {name: scope[name] for name in _PASSED_ON if name in scope}
    passed["root_path"] = ""
    passed["headers"] = without_credentials(scope["headers"])
    if scope["type"] == "http":
        passed["extensions"] = {"http.response.trailers": {}}
    return passed
