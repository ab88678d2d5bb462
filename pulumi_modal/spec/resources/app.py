"""What `App` takes and tells, for its page and its schema; its own check reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import InstanceOf, PlainValidator

from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.resources.environment import WEB_SUFFIX
from pulumi_modal.spec.resources.model import (
    Effects,
    EnvironmentName,
    ObjectName,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    bound,
    in_place,
    named,
    new_version,
    nothing,
    placed,
    replacement,
    rollover,
    says,
)
from pulumi_modal.spec.service import ServiceSpec


def _of_stack(key: str, **changed: Any) -> Any:
    """A field that a stack file has too, in the same words."""
    info = ServiceSpec.model_fields[key]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    said = {name: str(extra.get(name, "")) for name in ("example", "unit", "allowed")}
    required = info.is_required()
    default = {} if required else {"default": None}
    words = "required" if required else str(extra.get("default", ""))
    return says(str(info.description), **{"words": words, **said, **default, **changed})


def _rule(key: str) -> Any:
    """The rule of a stack file's field."""
    found = [one for one in ServiceSpec.model_fields[key].metadata if hasattr(one, "func")]
    return found[0] if found else PlainValidator(str)


class AppInputs(ResourceInputs):
    """An ordinary Modal file, deployed as one app, with settings over its code."""

    source: str = _of_stack("source")
    environment: EnvironmentName = placed("app")
    app_name: ObjectName = named("app", "embeddings")
    workspace: WorkspaceName = bound()
    overrides: Mapping[str, InstanceOf[FunctionOverrides]] | None = says(
        "Settings over the code's, by the name of a function, class or server: the keys of"
        " Settings in docs/config.md. None of them may be a secret.",
        default=None,
        words="as the code says",
        example='{"Embedder": {"gpu": "L4"}}',
        allowed="a map from names to settings",
    )
    settings: InstanceOf[FunctionOverrides] | None = says(
        "The same, for the only function, class or server of the file.",
        default=None,
        words="as the code says",
        example='{"gpu": "L4"}',
        allowed="a map of settings",
    )
    app: Annotated[str | None, _rule("app")] = _of_stack("app")
    pattern: Annotated[str | None, _rule("pattern")] = _of_stack("pattern")
    strategy: Annotated[str | None, _rule("strategy")] = _of_stack("strategy")
    tag: Annotated[str | None, _rule("tag")] = _of_stack("tag")
    probe: InstanceOf[Probe] | bool | None = _of_stack("probe", example='{"path": "/health"}')
    on_failure: Annotated[str | None, _rule("on_failure")] = _of_stack("on_failure")
    canary: InstanceOf[Canary] | bool | None = _of_stack("canary", example='{"requests": 500}')
    adopt: Annotated[bool | None, _rule("adopt")] = _of_stack("adopt")
    triggers: Mapping[str, Any] | None = says(
        "Whatever containers take in when they start, by labels of your choice: a change gets new"
        " containers, without a new deploy.",
        default=None,
        words="none",
        example='{"secret huggingface": secret.digest}',
        allowed="a map from labels to values",
    )
    web_suffix: Annotated[str | None, PlainValidator(WEB_SUFFIX)] = says(
        "The `suffix` of the environment: another one means other URLs, which are read again.",
        default=None,
        words="none: URLs are read with the next deploy or refresh",
        example="environment.suffix",
    )


class AppOutputs(ResourceOutputs):
    """What is told of an app."""

    url: str = says(
        "URL of the app: of the function that the probe names, else of the first that has one.",
        example="https://acme-dev--embeddings.modal.run",
    )
    urls: Mapping[str, str] = says("URL by function, or by `Class.method`.")
    app_id: str = says("Modal's id.", example="ap-5C8dQ2zVtYwKmN1xRbLp7h")
    version: int = says("Number of the deployed version, from 1.", example="3")
    effect: str = says("What the last change did.", example="in place: functions.web.gpu")
    functions: Mapping[str, Any] = says("Effective settings by function, class or server.")
    code: Mapping[str, Any] = says("For each setting that the stack sets, the value in the code.")


EFFECTS: Final[Effects] = {
    "source": nothing("what would be uploaded counts, not where it lies"),
    "environment": replacement("an app cannot move to another environment"),
    "app_name": replacement("the name is the app"),
    "workspace": replacement("an app cannot move to another workspace"),
    "overrides": new_version("what the least is, setting by setting: docs/provider.md"),
    "settings": new_version("what the least is, setting by setting: docs/provider.md"),
    "app": nothing("what would be uploaded counts, not the variable's name"),
    "pattern": nothing("only checked"),
    "strategy": nothing("says how the next version takes over"),
    "tag": nothing("marks the next version"),
    "probe": in_place("the app that runs is asked again"),
    "on_failure": nothing("says what becomes of a version that is not ready"),
    "canary": nothing("says how the next version is tried"),
    "adopt": nothing("says what a create does"),
    "triggers": rollover("new containers take in what has changed beside the app"),
    "web_suffix": in_place("the environment has other URLs, which are read again"),
}
