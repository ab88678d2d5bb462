"""Sentences for the person at the preview: what is legal, and surprising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modal.planning.recorder import Recorder
from pulumi_modal.source.funnel import Seen


def advice(
    functions: Mapping[str, Seen], messages: Mapping[str, Any], recorder: Recorder
) -> list[str]:
    """Warnings about each function, in order of name."""
    found: list[str] = []
    for name, seen in sorted(functions.items()):
        found += [f"functions.{name}.{sentence}" for sentence in _dropped(seen)]
        found += [f"functions.{name}.{sentence}" for sentence in _hidden(seen, messages, recorder)]
        found += [f"functions.{name}.{sentence}" for sentence in _from_config(seen, messages[name])]
    return found


def _dropped(seen: Seen) -> list[str]:
    """Values in code of a type that the SDK drops without a word."""
    found = []
    for key, kinds in (("memory", (int, tuple)), ("cpu", (int, float, tuple))):
        value = seen.code[key]
        if value is None or isinstance(value, kinds) or key in seen.settings:
            continue
        right = "a number of MiB, as in memory=16384" if key == "memory" else "a number of cores"
        found.append(
            f"{key}: the code says {key}={value!r}, which the modal SDK silently drops, so Modal"
            f" gives its default; write {right}, or set {key} in the stack"
        )
    return found


def _hidden(seen: Seen, messages: Mapping[str, Any], recorder: Recorder) -> list[str]:
    """A named secret that holds a variable hides the one that the stack sets."""
    env = seen.settings.get("env") or {}
    if not env:
        return []
    sent = [recorder.secrets.get(one) for one in messages[seen.name].secret_ids]
    named = [one for one in sent if one is not None and one.deployment_name]
    found = []
    for secret in named:
        known = sorted(env.keys() & set(secret.required_keys))
        if known:
            found.append(
                f"env: secret {secret.deployment_name} holds {', '.join(known)}, and a secret wins"
                " over the stack's value; remove one of them"
            )
        elif not secret.required_keys:
            found.append(
                f"env: where secret {secret.deployment_name} holds one of {', '.join(sorted(env))},"
                " it wins over the stack's value"
            )
    return found


def _from_config(seen: Seen, message: Any) -> list[str]:
    """A cloud that comes from this machine's configuration of the SDK, not from code or stack."""
    if message.cloud_provider_str and not seen.code["cloud"] and "cloud" not in seen.settings:
        return [
            (
                f"cloud: {message.cloud_provider_str} comes from default_cloud in this machine's"
                " modal configuration; set cloud in the stack, so that everybody deploys the same"
            )
        ]
    return []
