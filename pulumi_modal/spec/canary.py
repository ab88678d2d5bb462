"""A new version is tried beside the old one before it takes over: under which load, and what it
must not do worse.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import PlainValidator

from pulumi_modal.spec.model import Frozen, JsonValue, plain
from pulumi_modal.spec.naming import FUNCTION_NAME
from pulumi_modal.spec.plain_value import PlainValue
from pulumi_modal.spec.probe import (
    CALL,
    OF_A_CALL,
    PATH,
    Contained,
    Probe,
    mixed_problems,
    setting,
)
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.quantity import Delay
from pulumi_modal.spec.rules import Choice, Real, Whole
from pulumi_modal.spec.validation import check

SUFFIX: Final = "-canary"
"""What a canary's app has after the name of the app that it is a canary of."""
OF_A_REQUEST: Final = ("method", "path", "body", "status", "contains", "function")
"""Keys that say what is asked of a URL."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class Canary(Frozen):
    """The load that both versions get, and the limits for the new one.

    Without a question of its own it asks what the probe asks.
    """

    requests: Annotated[int, PlainValidator(Whole(60, 100_000))] = setting(
        "Requests (or calls) that each version gets; of fewer the slowest says nothing of a 95th"
        " percentile.",
        100,
        "500",
    )
    concurrency: Annotated[int, PlainValidator(Whole(1, 256))] = setting(
        "How many of them at a time.", 4, "16"
    )
    method: Annotated[str | None, PlainValidator(Choice(_METHODS))] = setting(
        "Method of a request; GET unless there is a body.", None, "POST"
    )
    path: Annotated[str | None, PlainValidator(PATH)] = setting(
        "Path below the URL; without it, and without `call`, what the probe asks.", None, "/embed"
    )
    body: Annotated[Any, PlainValidator(PlainValue())] = setting(
        "What is sent, as JSON.", None, "{sentences: [a cat]}"
    )
    status: Annotated[int | None, PlainValidator(Whole(100, 599))] = setting(
        "Status of a good answer; 200 unless said.", None, "201"
    )
    contains: Annotated[str | None, PlainValidator(Contained())] = setting(
        "Text that a good answer contains.", None, "embeddings"
    )
    function: Annotated[str | None, PlainValidator(FUNCTION_NAME)] = setting(
        "Function, class or server whose URL is asked; the probe's unless said.", None, "web"
    )
    call: Annotated[str | None, PlainValidator(CALL)] = setting(
        "Function, or `Class.method`, that is called instead of a URL.", None, "Embedder.embed"
    )
    args: Annotated[Any, PlainValidator(PlainValue(list))] = setting(
        "What the call is given. Needs `call`.", None, "[[a cat, a dog]]"
    )
    kwargs: Annotated[Any, PlainValidator(PlainValue(dict))] = setting(
        "What the call is given by name. Needs `call`.", None, "{normalize: true}"
    )
    expect: Annotated[Any, PlainValidator(PlainValue())] = setting(
        "What the call must answer, as in a probe. Needs `call`.", None, "{dimensions: 384}"
    )
    max_error_rate: Annotated[float, PlainValidator(Real(0, 1))] = setting(
        "Most failures of the new version, as a share of its answers.", 0.01, "0.05"
    )
    max_p95_ratio: Annotated[float, PlainValidator(Real(1, 100))] = setting(
        "How many times the old version's 95th percentile the new one's may be.", 1.5, "2"
    )
    max_p95: Annotated[float | None, PlainValidator(Delay(0.001, 600))] = setting(
        "Longest 95th percentile of the new version, whatever the old one's is.", None, "800ms", "s"
    )
    timeout: Annotated[float, PlainValidator(Delay(0.1, 600))] = setting(
        "Longest wait for one answer.", 30, "10s", "s"
    )
    deadline: Annotated[float, PlainValidator(Delay(1, 3600))] = setting(
        "How long the whole load may take.", 300, "10m", "s"
    )

    def settings(self) -> dict[str, JsonValue]:
        """All that is said as JSON, defaults included: the input `canary` of an App."""
        found = self.canonical()
        for name in ("body", "expect"):
            if getattr(self, name) is not None:
                found[name] = plain(getattr(self, name))
        return found

    @property
    def asks_what_the_probe_asks(self) -> bool:
        """True when it has no question of its own."""
        return self.call is None and self.path is None

    def question(self, probe: Probe) -> Probe:
        """What both versions are asked, as a probe says it."""
        if self.asks_what_the_probe_asks:
            return probe
        if self.call is not None:
            given = {name: getattr(self, name) for name in ("call", *OF_A_CALL)}
        else:
            function = self.function or (None if probe.call else probe.function)
            given = {"path": self.path, "contains": self.contains, "function": function}
            given["status"] = self.status or 200
        said = {name: one for name, one in given.items() if one is not None}
        return Probe.model_validate({**said, "timeout": self.timeout})


def parse_canary(raw: object, path: str) -> tuple[Canary | None, list[Problem]]:
    """A map, `true` for all defaults, or `false` for none."""
    if isinstance(raw, bool):
        return (Canary() if raw else None), []
    checked = check(Canary, raw, path)
    problems = [*checked.problems, *mixed_problems(raw, path, OF_A_REQUEST)]
    if not problems and checked.model is not None:
        problems += _lost(checked.model, path)
    return (None if problems else checked.model), problems


def _lost(canary: Canary, path: str) -> list[Problem]:
    """Keys of a question that nobody asks."""
    said = [name for name in OF_A_REQUEST if getattr(canary, name) is not None]
    if canary.path is not None or canary.call is not None or not said:
        return []
    message = f"says {', '.join(said)} without `path`: name the path that is asked"
    return [Problem(path, message)]
