"""Which outputs of an App are certain before it is deployed. Pure."""

from __future__ import annotations

from typing import Any, Final

from pulumi_modal.provider.app_effect import EFFECT, Effect, changes_of, effect_of, summary
from pulumi_modal.provider.app_outputs import url_of
from pulumi_modal.provider.props import Props, has_unknown

_NAMES_OF_URLS: Final = ("environment", "workspace", "app_name")
_SAME_VERSION: Final = (Effect.RECORDED, Effect.CHECKED, Effect.IN_PLACE)


def predicted(olds: Props, news: Props) -> dict[str, Any]:
    """An update keeps the app's id, and its URLs where nothing they are made of has changed."""
    if not olds or has_unknown(news):
        return {}
    changes = changes_of(olds, news)
    found: dict[str, Any] = {EFFECT: summary(changes)}
    if any(olds.get(name) != news.get(name) for name in _NAMES_OF_URLS):
        return found
    kept = {"app_id": olds.get("app_id")}
    if _web(olds) == _web(news) and olds.get("web_suffix") == news.get("web_suffix"):
        urls = olds.get("urls") or {}
        kept |= {"urls": urls, "url": url_of(urls, news)}
    if effect_of(changes) in _SAME_VERSION:
        kept["version"] = olds.get("version")
    return found | {name: value for name, value in kept.items() if value}


def _web(props: Props) -> Any:
    return {name: settings.get("web") for name, settings in props.get("functions", {}).items()}
