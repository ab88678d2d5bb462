"""A service: one Modal file, deployed as one app, or as several variants of it.

Its parts come as models, read before (`InstanceOf`): building their rules once more for every place
where they stand took longer than anything else in the start of a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, InstanceOf, PlainValidator

from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.model import Frozen, JsonValue, key
from pulumi_modal.spec.naming import OBJECT_NAME, TAG
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.rules import Choice, Flag, Text

Pattern = Literal["stateless", "stateful", "batched"]
Strategy = Literal["rolling", "recreate"]
OnFailure = Literal["keep", "rollback"]

_IDENTIFIER: Final = Text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable in the source")


class VariantSpec(Frozen):
    """What one variant of a service sets over the service."""

    settings: InstanceOf[FunctionOverrides] = FunctionOverrides()
    functions: Mapping[str, InstanceOf[FunctionOverrides]] = Field(default_factory=dict)

    def canonical(self) -> dict[str, JsonValue]:
        """As it is written in a stack file."""
        return {**self.settings.settings(), **_functions(self.functions)}


class ServiceSpec(Frozen):
    """A service of a stack."""

    name: str
    """The service's name in the stack."""
    source: str = Field(
        description="The Modal file, relative to the folder of Pulumi.yaml.",
        json_schema_extra={
            "default": "required",
            "example": "services/embeddings.py",
            "allowed": "a .py file in the project",
        },
    )
    app_name: Annotated[str, PlainValidator(OBJECT_NAME)] = Field(
        description="Name of the Modal app.",
        json_schema_extra={"default": "the service's name", "example": "embeddings-eu"},
    )
    app: Annotated[str | None, PlainValidator(_IDENTIFIER)] = key(
        "Variable that holds the `modal.App`, when the file has several.",
        default="the only one, or app",
        example="app",
    )
    pattern: Annotated[Pattern | None, PlainValidator(Choice(get_args(Pattern)))] = key(
        "How requests are served, which is then checked: `stateless` (a function, one request per"
        " container), `stateful` (a class or server that loads its model once and takes several"
        " requests per container), `batched` (requests are gathered into batches in a container).",
        default="not checked",
        example="stateful",
    )
    strategy: Annotated[Strategy | None, PlainValidator(Choice(get_args(Strategy)))] = key(
        "How a new version takes over: `rolling` (old containers finish what they have) or"
        " `recreate` (they are stopped at once).",
        default="rolling",
        example="recreate",
    )
    tag: Annotated[str | None, PlainValidator(TAG)] = key(
        "A mark on the deployment, shown in `modal app history`.", default="none", example="v1.4.0"
    )
    adopt: Annotated[bool | None, PlainValidator(Flag())] = key(
        "Take over an app of this name that is there already and was not deployed by this stack;"
        " without it such an app is refused.",
        default="false",
        example="true",
    )
    probe: InstanceOf[Probe] | None = key(
        "When a deploy counts as done: see Probe. `true` takes all its defaults, `false` waits for"
        " nothing.",
        default="none: a deploy is done when Modal has it",
        example="{path: /health}",
        allowed="a map with keys of Probe, or true or false",
    )
    on_failure: Annotated[OnFailure | None, PlainValidator(Choice(get_args(OnFailure)))] = key(
        "What becomes of a version whose probe does not succeed: `keep` leaves it deployed,"
        " `rollback` lets the version serve again that was healthy last. The deploy has failed"
        " either way. Needs a probe.",
        default="keep",
        example="rollback",
    )
    canary: InstanceOf[Canary] | None = key(
        "Try a new version beside the old one, under load, before it takes over: see Canary."
        " `true` takes all defaults, `false` is none. Needs a probe.",
        default="none: a new version takes over at once",
        example="true",
        allowed="a map with keys of Canary, or true or false",
    )
    settings: InstanceOf[FunctionOverrides] = FunctionOverrides()
    """Settings of the only function, class or server of the file."""
    functions: Mapping[str, InstanceOf[FunctionOverrides]] = Field(
        default_factory=dict,
        description="Settings by the name of a function, class or server in the file (never of a"
        " method: all methods of a class share its containers). A file with only one takes them"
        " at the service itself.",
        json_schema_extra={
            "default": "none",
            "example": "{Embedder: {gpu: L4}}",
            "allowed": "a map from names to settings",
        },
    )
    variants: Mapping[str, InstanceOf[VariantSpec]] = Field(
        default_factory=dict,
        description="Deploy the file several times: each variant is an app `<name>-<variant>` with"
        " its own settings over the service's.",
        json_schema_extra={
            "default": "none: one app",
            "example": "{t4: {gpu: T4}, h100: {gpu: H100, max_containers: 2}}",
            "allowed": "a map from names to settings (and functions)",
        },
    )

    def canonical(self) -> dict[str, JsonValue]:
        """As it is written in a stack file."""
        words: dict[str, Any] = {"source": self.source, "name": self.app_name, "app": self.app}
        words |= {"pattern": self.pattern, "strategy": self.strategy, "tag": self.tag}
        words |= {"adopt": self.adopt, "on_failure": self.on_failure}
        found: dict[str, Any] = {name: value for name, value in words.items() if value is not None}
        if self.probe is not None:
            found["probe"] = self.probe.settings()
        if self.canary is not None:
            found["canary"] = self.canary.settings()
        found |= {**self.settings.settings(), **_functions(self.functions)}
        if self.variants:
            found["variants"] = {name: one.canonical() for name, one in self.variants.items()}
        return found

    def deployments(self) -> Mapping[str, ServiceSpec]:
        """What is deployed: by variant, or the service itself under the empty name."""
        if not self.variants:
            return {"": self}
        return {name: self._variant(name, variant) for name, variant in self.variants.items()}

    def _variant(self, name: str, variant: VariantSpec) -> ServiceSpec:
        names = [*self.functions, *(one for one in variant.functions if one not in self.functions)]
        return self.model_copy(
            update={
                "app_name": f"{self.app_name}-{name}",
                "settings": merged(self.settings, variant.settings),
                "functions": {
                    one: merged(
                        self.functions.get(one, FunctionOverrides()),
                        variant.functions.get(one, FunctionOverrides()),
                    )
                    for one in names
                },
                "variants": {},
            }
        )


def merged(base: FunctionOverrides, over: FunctionOverrides) -> FunctionOverrides:
    """Settings over settings: maps key by key, all others as a whole."""
    changed: dict[str, Any] = {}
    for name in over.settings():
        old, new = getattr(base, name), getattr(over, name)
        if name == "web" and old is not None:
            new = old.model_copy(update={one: getattr(new, one) for one in new.canonical()})
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            new = {**old, **new}
        changed[name] = new
    return base.model_copy(update=changed)


def _functions(functions: Mapping[str, FunctionOverrides]) -> dict[str, JsonValue]:
    found = {name: one.settings() for name, one in functions.items()}
    return {"functions": found} if found else {}
