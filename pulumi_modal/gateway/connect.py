"""One gateway for each workspace and credentials, shared by all threads of a provider process."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_modal.gateway.credentials import (
    check_environment,
    check_workspace,
    current_environ,
    find_credentials,
)
from pulumi_modal.gateway.port import Gateway

if TYPE_CHECKING:
    from pulumi_modal.gateway.credentials import Credentials

_LOCK = threading.Lock()
_OPEN: dict[tuple[str, Credentials], Gateway] = {}


def connect(workspace: str, environment: str, root: Path) -> Gateway:
    """The gateway that a stack is bound to.

    Raises BindingError when the credentials reach another workspace or environment, before
    anything else is asked of Modal.
    """
    environ = current_environ()
    check_environment(environment, environ)
    credentials = find_credentials(workspace, root, environ)
    with _LOCK:
        known = _OPEN.get((workspace, credentials))
        if known is None:
            from pulumi_modal.gateway.sdk import ModalGateway  # late: it loads the SDK

            opened = ModalGateway(credentials)
            check_workspace(workspace, opened.workspace())
            known = _OPEN[workspace, credentials] = opened
        return known
