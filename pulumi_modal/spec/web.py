"""How a function, class or server is reached over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainValidator

from pulumi_modal.spec.model import Frozen, key
from pulumi_modal.spec.naming import DOMAIN, LABEL
from pulumi_modal.spec.rules import Flag, ListOf


class Web(Frozen):
    """The stack's say on the web endpoint that the code declares."""

    label: Annotated[str | None, PlainValidator(LABEL)] = key(
        "Name in the URL, `https://<workspace>--<label>.modal.run`. Two endpoints of an environment"
        " cannot share one.",
        default="made by Modal from app and function",
        example="embeddings-eu",
    )
    custom_domains: Annotated[tuple[str, ...] | None, PlainValidator(ListOf(DOMAIN))] = key(
        "Domains of your own that lead here too; each is registered in Modal's dashboard first.",
        default="none",
        example="[api.example.com]",
    )
    requires_proxy_auth: Annotated[bool | None, PlainValidator(Flag())] = key(
        "Only answer requests that carry a proxy token of the workspace.",
        default="false; true for servers",
        example="true",
    )
