"""One gateway for each workspace and credentials, shared by all threads of a provider process."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pulumi_modal.errors import BindingError, Unavailable
from pulumi_modal.gateway.credentials import (
    LOCAL_WORKSPACE,
    START,
    check_environment,
    check_workspace,
    current_environ,
    find_credentials,
)
from pulumi_modal.gateway.named import Caller
from pulumi_modal.gateway.port import Gateway

if TYPE_CHECKING:
    from pulumi_modal.gateway.credentials import Credentials
    from pulumi_modal.gateway.sdk import ModalGateway

OPEN_DEADLINE_S: Final = 180.0
"""For an attempt to connect; the SDK's own retries take a minute, and a lookup follows them."""
_LOOPBACK_DEADLINE_S: Final = 5.0

_Key = tuple[str, "tuple[Credentials, ...]"]
"""A workspace, and the credentials that may reach it."""
_LOCK = threading.Lock()
_OPEN: dict[_Key, Future[ModalGateway]] = {}
"""Attempts in progress and gateways that are open; an attempt that failed is not kept."""


def connect(workspace: str, environment: str, root: Path) -> Gateway:
    """The gateway that a stack is bound to.

    Raises BindingError when the credentials reach another workspace or environment, before
    anything else is asked of Modal. Threads that come meanwhile share one attempt: when Modal is
    down, all of them hear of it at once, not one after the other.
    """
    check_environment(environment, current_environ())
    return _shared(workspace, root)


def connect_wire(workspace: str, environment: str | None, root: Path) -> Caller:
    """The same connection for single calls; without an environment, about the workspace."""
    if environment is not None:
        check_environment(environment, current_environ())
    return _shared(workspace, root).wire


def _shared(workspace: str, root: Path) -> ModalGateway:
    key = workspace, find_credentials(workspace, root, current_environ())
    with _LOCK:
        attempt = _OPEN.get(key)
        is_mine = attempt is None
        if attempt is None:
            attempt = _OPEN[key] = Future()
    if is_mine:
        _fulfil(key, attempt)
    return attempt.result(OPEN_DEADLINE_S)


def _fulfil(key: _Key, attempt: Future[ModalGateway]) -> None:
    try:
        gateway = _reaching(*key)
    except BaseException as error:  # noqa: BLE001  # every thread that waits raises it
        with _LOCK:
            del _OPEN[key]
        attempt.set_exception(error)
    else:
        attempt.set_result(gateway)


def _reaching(workspace: str, candidates: tuple[Credentials, ...]) -> ModalGateway:
    """The first that reaches the workspace; any other failure than another workspace is told."""
    *rest, last = candidates
    for credentials in rest:
        try:
            return _opened(workspace, credentials)
        except BindingError:
            continue
    return _opened(workspace, last)


def _opened(workspace: str, credentials: Credentials) -> ModalGateway:
    if workspace == LOCAL_WORKSPACE:
        _check_it_runs(credentials.server_url)
    from pulumi_modal.gateway.sdk import ModalGateway  # late: it loads the SDK

    gateway = ModalGateway(credentials)
    try:
        check_workspace(workspace, gateway.workspace())
    except BaseException:
        gateway.close()
        raise
    return gateway


def _check_it_runs(server_url: str) -> None:
    """Say at once, and what to do, where the SDK would try to connect for a minute."""
    where = urlsplit(server_url)
    try:
        address = where.hostname or "", where.port or 80
        socket.create_connection(address, _LOOPBACK_DEADLINE_S).close()
    except (OSError, ValueError) as error:
        raise Unavailable(f"the local Modal does not answer at {server_url}: {START}") from error
