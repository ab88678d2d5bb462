"""What an app has beside its inputs, from what Modal says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modal.gateway.port import AppRef, Deployment
from pulumi_modal.provider.app_drift import Functions
from pulumi_modal.provider.props import Props


def app_ref(inputs: Props) -> AppRef:
    """The app that the inputs are about."""
    return AppRef(inputs["environment"], inputs["app_name"])


def tag_of(name: str, settings: Mapping[str, Any]) -> str:
    """How Modal calls a function, class or server of an app."""
    return f"{name}.*" if settings.get("kind") == "class" else name


def visible_outputs(found: Deployment, functions: Functions, inputs: Props) -> dict[str, Any]:
    """What an app has beside its inputs."""
    urls = urls_of(functions)
    return {
        "app_id": found.app_id,
        "version": found.version,
        "urls": urls,
        "url": url_of(urls, inputs),
    }


def url_of(urls: Mapping[str, str], inputs: Props) -> str:
    """The URL that stands for an app."""
    return main_url(urls, (inputs.get("probe") or {}).get("function"))


def urls_of(functions: Functions) -> dict[str, str]:
    """URL by function, or by `Class.method`."""
    return {
        f"{name}.{method}" if method else name: url
        for name, one in sorted(functions.items())
        if one is not None
        for method, url in one.urls.items()
    }


def main_url(urls: Mapping[str, str], function: str | None) -> str:
    """The URL that stands for the app: of the function that the probe names, else the first."""
    if function is not None:
        named = [url for name, url in urls.items() if name.partition(".")[0] == function]
        return named[0] if named else ""
    return next(iter(urls.values()), "")
