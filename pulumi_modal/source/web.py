"""Web settings, in a function's, a method's or a server's own message: edited as copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modal._partial_function import _find_partial_methods_for_user_cls, _PartialFunctionFlags
from modal_proto import api_pb2


def web_methods(user_cls: type) -> dict[str, Any]:
    """The methods of a class that have a web URL, as the SDK's partial functions."""
    flags = _PartialFunctionFlags.interface_flags()
    partials = _find_partial_methods_for_user_cls(user_cls, flags)
    return {name: part for name, part in partials.items() if part.params.webhook_config}


def web_arguments(
    web: Mapping[str, Any],
    code: Mapping[str, Any],
    changed: dict[str, Any],
    methods: Mapping[str, Any],
) -> list[str]:
    """Edit the web settings where they live; answer a sentence for what cannot be."""
    if not web:
        return []
    refusal = _refusal(web, code, methods)
    if refusal:
        return [f"web: {refusal}"]
    if code["webhook_config"] is not None:
        changed["webhook_config"] = _edited(code["webhook_config"], web)
    elif code["is_server"]:
        changed["http_config"] = _copy(code["http_config"])
        changed["http_config"].unauthenticated = not web["requires_proxy_auth"]
    else:
        (method,) = methods.values()
        method.params.webhook_config = _edited(method.params.webhook_config, web)
    return []


def _refusal(web: Mapping[str, Any], code: Mapping[str, Any], methods: Mapping[str, Any]) -> str:
    if code["is_server"]:
        rest = sorted(set(web) - {"requires_proxy_auth"})
        return f"a server takes only requires_proxy_auth; remove {', '.join(rest)}" if rest else ""
    if len(methods) > 1:
        return f"several methods have a web URL ({', '.join(methods)}); set this in the code"
    if not methods and code["webhook_config"] is None:
        return "the code has no web endpoint here; decorate it or remove the setting"
    return ""


def server_arguments(code: Mapping[str, Any], changed: dict[str, Any]) -> None:
    """A server's start-up time and routing region stand in its HTTP settings, too."""
    if not {"startup_timeout", "routing_region"} & changed.keys():
        return
    config = changed.get("http_config") or _copy(code["http_config"])
    if "startup_timeout" in changed:
        config.startup_timeout = changed["startup_timeout"]
    if "routing_region" in changed:
        config.proxy_regions[:] = [changed.pop("routing_region")]
    changed["http_config"] = config


def _copy(config: api_pb2.HTTPConfig) -> api_pb2.HTTPConfig:
    copy = api_pb2.HTTPConfig()
    copy.CopyFrom(config)
    return copy


def _edited(config: api_pb2.WebhookConfig, web: Mapping[str, Any]) -> api_pb2.WebhookConfig:
    """A copy with the stack's label, domains and proxy auth."""
    edited = api_pb2.WebhookConfig()
    edited.CopyFrom(config)
    if "label" in web:
        edited.requested_suffix = web["label"]
    if "requires_proxy_auth" in web:
        edited.requires_proxy_auth = web["requires_proxy_auth"]
    if "custom_domains" in web:
        del edited.custom_domains[:]
        edited.custom_domains.extend(
            api_pb2.CustomDomainConfig(name=name) for name in web["custom_domains"]
        )
    return edited
