"""The source digest: what a deploy would upload, by content, in parts that a diff can name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_modal.planning.recorder import Recorder
from pulumi_modal.planning.stable import SHORT, digest_of, message_bytes, pickle_identity
from pulumi_modal.spec.plan import SourceDigest

_SETTINGS = (  # noqa: SIM905  # many names read better as text
    "resources retry_policy timeout_secs startup_timeout_secs autoscaler_settings warm_pool_size"
    " concurrency_limit _experimental_buffer_containers task_idle_timeout_secs cloud_provider_str"
    " scheduler_placement routing_region max_concurrent_inputs target_concurrent_inputs"
    " batch_max_size batch_linger_ms schedule"
).split()
"""Visible as settings of their own, so left out of the digest of the code."""
_IDS = (  # noqa: SIM905
    "mount_ids secret_ids image_id proxy_id object_dependencies volume_mounts app_name"
    " function_serialized class_serialized worker_id"
).split()


def source_digest(
    functions: Mapping[str, Any],
    image_ids: Iterable[str],
    recorder: Recorder,
    root: Path,
    key: str,
) -> SourceDigest:
    """The digest of what was recorded. `functions`: name -> message; `key` goes into secrets'."""
    return SourceDigest(
        files=uploaded_files(recorder),
        image=digest_of(sorted(set(image_ids))),
        secrets=_secrets(recorder, key),
        code=digest_of(sorted(_code(message, root) for message in functions.values())),
    )


def uploaded_files(recorder: Recorder) -> dict[str, str]:
    """Remote path -> digest of content, of everything but the SDK itself."""
    found: dict[str, set[str]] = {}
    for request in recorder.mounts.values():
        if not request.deployment_name:
            for file in request.files:
                found.setdefault(file.filename, set()).add(file.sha256_hex)
    return {
        path: hashes.copy().pop()[:SHORT] if len(hashes) == 1 else digest_of(sorted(hashes))
        for path, hashes in sorted(found.items())
    }


def _code(message: Any, root: Path) -> str:
    kept = type(message)()
    kept.CopyFrom(message)
    for field in (*_SETTINGS, *_IDS):
        kept.ClearField(field)
    for web in [kept.webhook_config, *(one.webhook_config for one in _methods(kept))]:
        for field in ("requested_suffix", "custom_domains", "requires_proxy_auth"):
            web.ClearField(field)
    for field in ("startup_timeout", "unauthenticated", "proxy_regions"):
        kept.http_config.ClearField(field)
    pickled = [
        pickle_identity(text, root).decode("latin-1")
        for text in (message.function_serialized, message.class_serialized)
    ]
    return digest_of([digest_of(message_bytes(kept)), *pickled])


def _methods(message: Any) -> list[Any]:
    return [message.method_definitions[name] for name in sorted(message.method_definitions)]


def _secrets(recorder: Recorder, key: str) -> str:
    """Digest of inline secrets: slow and salted, since short values can be guessed."""
    inline = [sorted(values.items()) for values in recorder.inline_secrets]
    if not any(inline):
        return ""
    data = digest_of(sorted(inline)).encode()
    return hashlib.scrypt(data, salt=key.encode(), n=2**13, r=8, p=1).hex()[:SHORT]
