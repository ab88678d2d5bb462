"""What Modal says of each function, class and server of an app."""

from __future__ import annotations

from pulumi_modal.gateway.port import AppRef, Gateway
from pulumi_modal.provider.app_drift import Functions
from pulumi_modal.provider.app_outputs import tag_of
from pulumi_modal.provider.props import Props


def functions_of(gateway: Gateway, app: AppRef, inputs: Props) -> Functions:
    """By name; None for one that Modal does not have. `app` is the app itself, or its canary."""
    return {
        name: gateway.function(app, tag_of(name, settings))
        for name, settings in inputs["functions"].items()
    }
