"""From the raw map of a service to a `ServiceSpec`, with everything that is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.spec.canary import parse_canary
from pulumi_modal.spec.naming import FUNCTION_NAME, SERVICE_NAME
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.pattern import declared_problems
from pulumi_modal.spec.probe import parse_probe
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.relations import relation_problems
from pulumi_modal.spec.release import declared_release_problems
from pulumi_modal.spec.rules import Text
from pulumi_modal.spec.service import ServiceSpec, VariantSpec
from pulumi_modal.spec.source_file import source_path
from pulumi_modal.spec.validation import check, not_a_map, unknown_key
from pulumi_modal.spec.vocabulary import IN_CODE, METHODS, OLD_WORDS

SIMPLE_WORDS: Final = ("app", "name", "pattern", "strategy", "tag", "adopt", "on_failure")
SERVICE_WORDS: Final = ("source", *SIMPLE_WORDS, "probe", "canary", "functions", "variants")
VARIANT_WORDS: Final = ("functions",)
UNNAMED: Final = "unnamed"
"""The app of a service whose name cannot be: it is looked at, and never deployed."""
SETTINGS: Final = tuple(FunctionOverrides.model_fields)
_READ_AS_SETTINGS: Final = frozenset({*SETTINGS, *OLD_WORDS, *IN_CODE, METHODS})


def parse_service(
    name: str, raw: object, path: str, root: Path
) -> tuple[ServiceSpec | None, list[Problem]]:
    """Read one service; there may be one in spite of problems, then it lacks what was wrong."""
    problems = _name_problems(name, path, SERVICE_NAME)
    if not isinstance(raw, Mapping):
        return None, [*problems, not_a_map(path, raw, "a map with source and settings")]
    given = {str(key): value for key, value in raw.items()}
    parts = _Parts(path, given)
    parts.problems += problems
    head: dict[str, Any] = {
        "name": name,
        "app_name": given.get("name", name),
        **{word: given[word] for word in SIMPLE_WORDS if word in given and word != "name"},
        "source": parts.source(root),
        "settings": parts.settings(SERVICE_WORDS),
        "functions": parts.functions(),
        "variants": parts.variants(),
        "probe": parts.probe(),
        "canary": parts.canary(),
    }
    origins = {"app_name": ("name",) if "name" in given else ()}
    checked = check(ServiceSpec, head, path, origins=origins)
    parts.problems += checked.problems
    service = checked.partial or check(ServiceSpec, {**head, "app_name": UNNAMED}, path).partial
    if service is not None:
        parts.problems += _merged_problems(service, path)
        parts.problems += declared_problems(service, path)
        if not any(problem.is_error for problem in parts.problems):  # of what was read in full
            parts.problems += declared_release_problems(service, path)
    return service, parts.problems


class _Parts:
    """Reads the parts of a service or variant, and gathers what is wrong in them."""

    def __init__(self, path: str, given: Mapping[str, Any]) -> None:
        self._path = path
        self._given = given
        self.problems: list[Problem] = []

    def source(self, root: Path) -> str:
        if "source" not in self._given:
            self.problems.append(Problem(self._path, "source is missing: name a Modal file"))
            return ""
        value = self._given["source"]
        try:
            return source_path(value, root)
        except Refusal as refusal:
            where = join(self._path, "source")
            found = Problem(where, refusal.message, value, refusal.allowed, refusal.nearest)
            self.problems.append(found)
            return ""

    def settings(self, words: tuple[str, ...]) -> FunctionOverrides:
        """The settings that stand directly here; refuses keys that are neither."""
        rest = {name: value for name, value in self._given.items() if name not in words}
        for name in rest.keys() - _READ_AS_SETTINGS:
            self.problems.append(unknown_key(self._path, name, (*words, *SETTINGS)))
        known = {name: value for name, value in rest.items() if name in _READ_AS_SETTINGS}
        return self._overrides(known, self._path)

    def functions(self) -> dict[str, FunctionOverrides]:
        found = {}
        for name, raw, path in self._map("functions", "a map from names to settings"):
            self.problems += _function_name_problems(name, path)
            found[name] = self._overrides(raw, path)
        return found

    def variants(self) -> dict[str, VariantSpec]:
        found = {}
        for name, raw, path in self._map("variants", "a map from names to settings"):
            self.problems += _name_problems(name, path, SERVICE_NAME)
            if not isinstance(raw, Mapping):
                self.problems.append(not_a_map(path, raw, "a map of settings"))
                continue
            inner = _Parts(path, {str(key): value for key, value in raw.items()})
            settings = inner.settings(VARIANT_WORDS)
            found[name] = VariantSpec(settings=settings, functions=inner.functions())
            self.problems += inner.problems
        return found

    def probe(self) -> Any:
        if "probe" not in self._given:
            return None
        probe, problems = parse_probe(self._given["probe"], join(self._path, "probe"))
        self.problems += problems
        return probe

    def canary(self) -> Any:
        if "canary" not in self._given:
            return None
        canary, problems = parse_canary(self._given["canary"], join(self._path, "canary"))
        self.problems += problems
        return canary

    def _map(self, word: str, allowed: str) -> list[tuple[str, Any, str]]:
        raw = self._given.get(word, {})
        at = join(self._path, word)
        if not isinstance(raw, Mapping):
            self.problems.append(not_a_map(at, raw, allowed))
            return []
        return [(str(name), value, join(at, str(name))) for name, value in raw.items()]

    def _overrides(self, raw: Any, path: str) -> FunctionOverrides:
        overrides, problems = FunctionOverrides.parse(raw, path)
        self.problems += problems
        return overrides or FunctionOverrides()


def _name_problems(name: str, path: str, rule: Text) -> list[Problem]:
    try:
        rule(name)
    except Refusal as refusal:
        return [Problem(path, refusal.message, name, refusal.allowed, refusal.nearest)]
    return []


def _function_name_problems(name: str, path: str) -> list[Problem]:
    owner, dot, method = name.partition(".")
    if dot and owner and method:
        message = (
            f"is a method: settings belong to the class {owner}, for all of its methods; old"
            f" settings of a method are understood under functions.{owner}.methods.{method}"
        )
        return [Problem(path, message, name, nearest=owner)]
    return _name_problems(name, path, FUNCTION_NAME)


def _merged_problems(service: ServiceSpec, path: str) -> list[Problem]:
    """What does not fit together only once a variant is laid over the service."""
    found = []
    for name, variant in service.deployments().items():
        if not name:
            continue
        at = join(path, "variants", name)
        for function, settings in (("", variant.settings), *variant.functions.items()):
            about = f"{function}: " if function else ""
            found += [
                Problem(at, f"{about}{problem.path} {problem.value} {problem.message}")
                for problem in relation_problems(settings.settings(), "")
            ]
    return found
