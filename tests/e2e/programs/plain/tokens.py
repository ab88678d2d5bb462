"""A provider of somebody else, whose outputs are known only after it has run."""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class TokenProvider(ResourceProvider):
    """Makes a token."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """A token of so many bits, and the model it is for."""
        made = {"value": f"canary-{props['bits']:g}", "model": "bert-tiny"}
        return CreateResult("token", {**props, **made})


class Token(Resource, module="other", name="Token"):
    """A token."""

    value: pulumi.Output[str]
    model: pulumi.Output[str]

    def __init__(self, name: str, *, bits: int) -> None:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(TokenProvider(), name, {"bits": bits, "value": None, "model": None}, opts)
