"""Which outputs of an App are certain before it is deployed. Pure."""

from __future__ import annotations

from typing import Any, Final

from pulumi_modal.provider.props import Props, has_unknown

_KEPT_ON_UPDATE: Final = ("app_id", "url", "urls")
_NAMES_OF_URLS: Final = ("environment", "workspace", "app_name", "probe")


def predicted(olds: Props, news: Props) -> dict[str, Any]:
    """An update keeps the app's id, and its URLs where nothing they are made of has changed."""
    if not olds or has_unknown(news):
        return {}
    if any(olds.get(name) != news.get(name) for name in _NAMES_OF_URLS):
        return {}
    if _web(olds) != _web(news):
        return {}
    return {name: olds[name] for name in _KEPT_ON_UPDATE if olds.get(name)}


def _web(props: Props) -> Any:
    return {name: settings.get("web") for name, settings in props.get("functions", {}).items()}
