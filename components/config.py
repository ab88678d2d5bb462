"""The one door from Pulumi's configuration to the typed stack and the plans of its apps.

All problems of a stack come in one go: bad values, files that cannot be loaded, and settings that
do not fit the code. So every file is loaded, also those of services that are refused already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.runtime import config

from pulumi_modal.planning.plan import warm_up
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.spec.problem import HIDDEN, Problem
from pulumi_modal.spec.stack import ParsedStack, StackSpec, parse_stack
from pulumi_modal.spec.stored import MAPS, SECRETS

from .planning import Planned, plan_services
from .problems import refusal, show_printed, warn

NAMESPACE: Final = "inference"
_PREFIX: Final = f"{NAMESPACE}:"
_SECRETS: Final = f"{_PREFIX}{SECRETS}"
_MAPS: Final = frozenset({"services", *MAPS})
_IN_PLAIN_TEXT: Final = (
    "is in plain text in the stack file: remove it there, take it for known to all, and write a new"
    " value with `pulumi config set --secret --path 'inference:secrets.<name>.<VARIABLE>'`"
)


def read_stack(root: Path) -> tuple[StackSpec, Planned]:
    """The stack that is selected, with the plan of every app; raises one RunError for all."""
    if not pulumi.runtime.is_dry_run():
        warm_up()  # a preview may need none: its plans may be known
    secret = config.get_config_secret_keys_env()
    KNOWN.keep([value for name, value in config_values().items() if name in secret])
    parsed, problems = parsed_stack(config_values(), secret, root)
    planned = plan_services(parsed, root)
    found = [*problems, *parsed.problems, *planned.problems]
    warn(found)
    show_printed(planned.printed)
    refused = refusal(found)
    if refused or parsed.stack is None:
        raise pulumi.RunError(refused)
    return parsed.stack, planned


def config_values() -> dict[str, Any]:
    """Every value of the configuration, of all namespaces, as the engine gave it."""
    return {**config.get_config_env(), **config.CONFIG.get()}


def parsed_stack(
    values: Mapping[str, Any], secret_keys: list[str], root: Path
) -> tuple[ParsedStack, list[Problem]]:
    """The stack that the values declare, and what is wrong with the values as such."""
    raw = {
        name.removeprefix(_PREFIX): _decoded(name, value)
        for name, value in values.items()
        if name.startswith(_PREFIX) and (name not in secret_keys or name == _SECRETS)
    }
    message = (
        "is encrypted in the stack file, and only `secrets` may be: put the value there"
        " (`inference:secrets.<name>.<VARIABLE>`), and write this in plain text"
    )
    problems = [
        Problem(name.removeprefix(_PREFIX), message, HIDDEN)
        for name in secret_keys
        if name.startswith(_PREFIX) and name != _SECRETS
    ]
    if raw.get(SECRETS) and _SECRETS not in secret_keys:
        problems.append(Problem(SECRETS, _IN_PLAIN_TEXT, HIDDEN))
    return parse_stack(raw, root), problems


def _is_map_of(key: str, value: str) -> bool:
    """The environment is a name, or a map."""
    return key == "environment" and value.lstrip().startswith("{")


def _decoded(name: str, value: Any) -> Any:
    """Maps and lists travel as JSON; what is none stays as it is, and is refused as that."""
    key = name.removeprefix(_PREFIX)
    if not isinstance(value, str) or (key not in _MAPS and not _is_map_of(key, value)):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
