"""A stack: where it deploys to, and its services. `parse_stack` is the door for raw values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, InstanceOf, PlainValidator

from pulumi_modal.spec.canary import SUFFIX
from pulumi_modal.spec.environment import EnvironmentSpec, read_environment
from pulumi_modal.spec.model import Frozen, JsonValue, plain
from pulumi_modal.spec.naming import ENVIRONMENT_NAME, WORKSPACE_NAME
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.problem import Problem, in_order, join
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.service_reader import UNNAMED, parse_service
from pulumi_modal.spec.stored import MAPS, Secrets, Stored, Volumes, stored
from pulumi_modal.spec.validation import check, not_a_map, unknown_key

LOCAL = "local"
_SETTINGS = "environment_settings"
_NAMELESS = "nameless"
"""Stands for the environment of a stack that is refused for what is wrong with its name."""


class StackSpec(Frozen):
    """Everything that a stack file declares."""

    workspace: Annotated[str, PlainValidator(WORKSPACE_NAME)] = Field(
        default=LOCAL,
        description="Modal workspace that the stack is bound to; `local` is the local Modal. A"
        " deploy with credentials of another one is refused.",
        json_schema_extra={"default": LOCAL, "example": "acme"},
    )
    environment: Annotated[str, PlainValidator(ENVIRONMENT_NAME)] = Field(
        description="Modal environment that the stack is bound to; made when it is not there. A"
        " name, or a map with settings: see Environment.",
        json_schema_extra={"default": "required", "example": "staging"},
    )
    environment_settings: InstanceOf[EnvironmentSpec] | None = None
    """What is declared of the environment; none when only its name is."""
    services: Mapping[str, InstanceOf[ServiceSpec]] = Field(
        default_factory=dict,
        description="The services, by name.",
        json_schema_extra={
            "default": "none",
            "example": "{embeddings: {source: services/embeddings.py}}",
            "allowed": "a map from names to services",
        },
    )
    secrets: Secrets = stored(
        "Modal secrets, by name, with their variables. Values are encrypted in the file: `pulumi"
        " config set --secret --path`. Containers get them when the code names the secret.",
        '{huggingface: {HF_TOKEN: "(encrypted)"}}',
        "a map from names to maps of variables",
    )
    volumes: Volumes = stored(
        "Modal volumes, by name.", "{models: {version: 2}}", "a map from names to keys of Volume"
    )
    dicts: Stored = stored(
        "Modal dicts, by name.", "{jobs: {}}", "a map from names to keys of Dict or queue"
    )
    queues: Stored = stored(
        "Modal queues, by name.", "{work: {}}", "a map from names to keys of Dict or queue"
    )

    def canonical(self) -> dict[str, JsonValue]:
        """As it is written in a stack file."""
        settings = self.environment_settings
        return {
            "workspace": self.workspace,
            "environment": settings.written() if settings else self.environment,
            "services": {name: service.canonical() for name, service in self.services.items()},
            **{key: kept for key in MAPS if (kept := plain(getattr(self, key)))},
        }


@dataclass(frozen=True)
class ParsedStack:
    """A stack when nothing is wrong with it, and all problems by path (warnings too)."""

    stack: StackSpec | None
    problems: tuple[Problem, ...]
    environment: str = ""
    """The environment, when it is sound; else empty."""
    sound: Mapping[str, ServiceSpec] = field(default_factory=dict)
    """The services with nothing wrong in them, also when others are not sound."""
    readable: Mapping[str, ServiceSpec] = field(default_factory=dict)
    """All services that could be read, each without what is wrong in it."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is surprising, and refuses nothing."""
        return tuple(problem for problem in self.problems if not problem.is_error)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What the stack is refused for."""
        return tuple(problem for problem in self.problems if problem.is_error)


def parse_stack(raw: Mapping[str, object], root: Path) -> ParsedStack:
    """Read a stack (keys workspace, environment, services); `root` is the project's folder."""
    if not isinstance(raw, Mapping):
        return ParsedStack(None, (not_a_map("", raw, "a map with environment and services"),))
    given: dict[str, Any] = {str(name): value for name, value in raw.items()}
    problems: list[Problem] = []
    services, sound = _services(given.pop("services", {}), root, problems)
    settings = _environment(given, problems)
    checked = check(StackSpec, given, "")
    problems += [one for one in checked.problems if one not in problems]
    problems += _clashes(services)
    stack = None
    if checked.model is not None and not any(problem.is_error for problem in problems):
        more = {"services": services, "environment_settings": settings}
        stack = checked.model.model_copy(update=more)
    environment = checked.model.environment if checked.model else ""
    environment = "" if environment == _NAMELESS else environment
    return ParsedStack(stack, in_order(problems), environment, sound, services)


def _environment(given: dict[str, Any], problems: list[Problem]) -> EnvironmentSpec | None:
    """The settings of an environment that is written as a map; its name takes the map's place."""
    if given.pop(_SETTINGS, None) is not None:
        written_keys = [name for name in StackSpec.model_fields if name != _SETTINGS]
        problems.append(unknown_key("", _SETTINGS, written_keys))
    written = given.get("environment")
    if not isinstance(written, Mapping):
        return None
    read = read_environment(written)
    problems += read.problems
    given["environment"] = read.spec.name if read.spec else _NAMELESS
    return read.spec


def _services(
    raw: Any, root: Path, problems: list[Problem]
) -> tuple[dict[str, ServiceSpec], dict[str, ServiceSpec]]:
    """All services that could be read at all, and those with nothing wrong in them."""
    if not isinstance(raw, Mapping):
        problems.append(not_a_map("services", raw, "a map from names to services"))
        return {}, {}
    found, sound = {}, {}
    for name, one in ((str(name), one) for name, one in raw.items()):
        service, said = parse_service(name, one, join("services", name), root)
        problems += said
        if service is not None:
            found[name] = service
            if not any(problem.is_error for problem in said):
                sound[name] = service
    return found, sound


def _clashes(services: Mapping[str, ServiceSpec]) -> Iterator[Problem]:
    """Apps of one name, and URLs of one label: the later deploy would take over the earlier one."""
    apps: dict[str, str] = {}
    labels: dict[str, str] = {}
    for name, service in services.items():
        for variant, one in service.deployments().items():
            path = join("services", name, *(("variants", variant) if variant else ()))
            for app in (one.app_name, *([f"{one.app_name}{SUFFIX}"] if one.canary else [])):
                if app in apps and one.app_name != UNNAMED:
                    message = f"would be the app {app}, as {apps[app]} is already"
                    yield Problem(path, f"{message}; give it another name")
                apps.setdefault(app, path)
            for label in _labels(one):
                if label in labels:
                    message = f"would have the web label {label}, as {labels[label]} has already"
                    yield Problem(path, f"{message}; set another web.label")
                labels.setdefault(label, path)


def _labels(service: ServiceSpec) -> Iterator[str]:
    everything: tuple[FunctionOverrides, ...] = (service.settings, *service.functions.values())
    for settings in everything:
        if settings.web is not None and settings.web.label is not None:
            yield settings.web.label
