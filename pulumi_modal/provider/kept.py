"""What a delete does with an object that may hold something nobody can bring back."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.provider.operation import current


def remove_kept(
    what: str, on_delete: str, is_empty: Callable[[], bool], delete: Callable[[], None]
) -> None:
    """Delete it, leave it, or refuse, as its `on_delete` says; `what` is as `volume dev/models`."""
    operation = current()
    if on_delete == "retain":
        operation.warn(f"{what}: left in Modal, as on_delete says")
        return
    try:
        if on_delete != "force" and not is_empty():
            raise Refused(
                f"{what}: is not empty, and what it holds would be lost; set on_delete to force,"
                " `pulumi up`, and delete again; or to retain, to leave it in Modal"
            )
        delete()
    except NotFound:
        operation.tell("was gone already")
