"""All resources, with what each takes and tells: for the schema and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pulumi_modal.provider import (
    dict,  # noqa: A004  # a noun of Modal
    environment,
    function_autoscaler,
    proxy_token,
    queue,
    secret,
    volume,
)
from pulumi_modal.provider.noun import Schema
from pulumi_modal.spec.resources import app

SCHEMAS: Final[Mapping[str, Schema]] = {
    "App": Schema(app.AppInputs, app.AppOutputs, app.EFFECTS, place=("environment", "app_name")),
    "Dict": dict.SCHEMA,
    "Environment": environment.SCHEMA,
    "FunctionAutoscaler": function_autoscaler.SCHEMA,
    "ProxyToken": proxy_token.SCHEMA,
    "Queue": queue.SCHEMA,
    "Secret": secret.SCHEMA,
    "Volume": volume.SCHEMA,
}
"""By the name of its class."""
