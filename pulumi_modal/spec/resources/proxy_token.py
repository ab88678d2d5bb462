"""What `ProxyToken` takes and tells."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import PlainValidator

from pulumi_modal.spec.naming import ENVIRONMENT_NAME
from pulumi_modal.spec.resources.model import (
    PLACE_EFFECTS,
    Effects,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    bound,
    in_place,
    says,
)
from pulumi_modal.spec.rules import ListOf, Text

TOKEN_NAME: Final = Text(r"[^\0\r\n]{1,128}", "1 to 128 characters of one line", str.strip)


class ProxyTokenInputs(ResourceInputs):
    """Credentials for web endpoints that require proxy authentication."""

    name: Annotated[str, PlainValidator(TOKEN_NAME)] = says(
        "Name of the token in Modal, for people: it finds nothing, and need not be unique.",
        words="the resource's name",
        example="production-webhooks",
    )
    workspace: WorkspaceName = bound()
    environments: Annotated[tuple[str, ...], PlainValidator(ListOf(ENVIRONMENT_NAME))] = says(
        "Restricted environments whose endpoints it opens too.",
        default=(),
        words="none: those that are not restricted",
        example="[prod]",
    )


class ProxyTokenOutputs(ResourceOutputs):
    """What is told of a proxy token."""

    token_id: str = says("Its id, which requests send as `Modal-Key`.", example="wk-6TzQ")
    token_secret: str = says(
        "What requests send as `Modal-Secret`: a Pulumi secret. Modal shows it once, so it is empty"
        " after an import.",
        example="ws-3vB9",
        secret=True,
    )
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


EFFECTS: Final[Effects] = {
    "name": in_place("a token is renamed as it is; its credentials stay"),
    "workspace": PLACE_EFFECTS["workspace"],
    "environments": in_place("allowed and revoked one by one; its credentials stay"),
}
