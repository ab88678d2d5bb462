"""Labels of web endpoints: what a function asks for -> the name its URL is kept under."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

from modal_local.store.identity import check_label

LONGEST: Final = 63
_CUT: Final = 56


@dataclass(frozen=True, slots=True)
class WebEndpoint:
    """A function, or a method of a class, that answers HTTP."""

    method: str
    """Empty for a function."""
    label: str
    is_truncated: bool
    config: api_pb2.WebhookConfig


def web_endpoints(
    app_name: str,
    function_name: str,
    config: api_pb2.WebhookConfig,
    methods: Mapping[str, api_pb2.MethodDefinition],
) -> Iterator[WebEndpoint]:
    """What of this function answers HTTP. Raises Invalid for a bad label."""
    if config.type != api_pb2.WEBHOOK_TYPE_UNSPECIFIED:
        yield _endpoint(app_name, function_name, "", config)
    for name, method in sorted(methods.items()):
        if method.webhook_config.type != api_pb2.WEBHOOK_TYPE_UNSPECIFIED:
            class_name = function_name.removesuffix(".*")
            yield _endpoint(app_name, f"{class_name}.{name}", name, method.webhook_config)


def endpoints_of(app_name: str, data: api_pb2.FunctionData) -> list[WebEndpoint]:
    """What of a definition answers HTTP. Raises Invalid for a bad label."""
    if data.is_server:
        config = api_pb2.WebhookConfig(requires_proxy_auth=not data.http_config.unauthenticated)
        return [_endpoint(app_name, data.function_name, "", config)]
    methods = dict(data.method_definitions)
    return list(web_endpoints(app_name, data.function_name, data.webhook_config, methods))


def _endpoint(
    app_name: str, function_name: str, method: str, config: api_pb2.WebhookConfig
) -> WebEndpoint:
    if config.requested_suffix:
        check_label(config.requested_suffix)
        label = config.requested_suffix
    else:
        label = re.sub(r"[^a-z0-9-]", "-", f"{app_name}-{function_name}".lower()).strip("-")
    if config.ephemeral_suffix:
        label = f"{label}-{config.ephemeral_suffix}"
    is_truncated = len(label) > LONGEST
    if is_truncated:
        label = f"{label[:_CUT]}-{hashlib.sha256(label.encode()).hexdigest()[:6]}"
    return WebEndpoint(method, label, is_truncated, config)
