"""How to find out that a deployed app answers. A deploy is done when its probe succeeds.

A probe asks a URL, or calls a function. Without one a deploy is done when Modal has it: nothing is
assumed about an app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator
from pydantic.config import JsonDict

from pulumi_modal.spec.model import Frozen, JsonValue, plain
from pulumi_modal.spec.naming import FUNCTION_NAME
from pulumi_modal.spec.plain_value import PlainValue
from pulumi_modal.spec.plan import PlannedFunction
from pulumi_modal.spec.problem import Problem, join, nearest_of
from pulumi_modal.spec.quantity import Delay
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import Text, Whole
from pulumi_modal.spec.validation import check

OF_A_URL: Final = ("path", "status", "contains", "function")
"""Keys that say what is asked of a URL."""
OF_A_CALL: Final = ("args", "kwargs", "expect")
"""Keys that say more of `call`."""
_NO_TOKEN: Final = 401
PATH: Final = Text(
    r"/[^\s#]*", "a path that starts with /, without a space", lambda text: f"/{text.strip(' /')}"
)
CALL: Final = Text(
    r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z_][A-Za-z0-9_]*)?",
    "the name of a function, or Class.method, in the source",
    lambda text: text.strip().removesuffix("()").replace(":", "."),
)


@dataclass(frozen=True)
class Contained:
    """A text that an answer can contain."""

    allowed: str = "a text of 1 to 1000 characters"

    def __call__(self, value: Any) -> str:
        """The text; raises a Refusal."""
        if not isinstance(value, str) or not 1 <= len(value) <= 1000:  # noqa: PLR2004 - a bound
            raise Refusal("is not a text that an answer can contain", allowed=self.allowed)
        return value


def setting(doc: str, default: object, example: str, unit: str = "") -> Any:
    """A key with a default of its own: what it is for, and how it is written."""
    shown: JsonDict = {
        "example": example,
        "unit": unit,
        "default": "none" if default is None else f"{default}",
    }
    return Field(default=default, description=doc, json_schema_extra=shown)


class Probe(Frozen):
    """Ask a URL, or call a function, until it answers as expected or the deadline is over."""

    path: Annotated[str, PlainValidator(PATH)] = setting(
        "Path below the URL, with a query if needed.", "/health", "/health"
    )
    status: Annotated[int, PlainValidator(Whole(100, 599))] = setting(
        "Status that means ready.", 200, "200"
    )
    contains: Annotated[str | None, PlainValidator(Contained())] = setting(
        "Text that the answer must contain.", None, '\'"status":"ok"\''
    )
    function: Annotated[str | None, PlainValidator(FUNCTION_NAME)] = setting(
        "Function, class or server whose URL is asked, when several have one.", None, "web"
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
        "What the call must answer: a map may have further keys, everything else must be equal"
        " (numbers to a millionth). Without it any answer will do. Needs `call`.",
        None,
        "{dimensions: 384}",
    )
    successes: Annotated[int, PlainValidator(Whole(1, 100))] = setting(
        "Answers in a row that must be as expected.", 1, "3"
    )
    deadline: Annotated[float, PlainValidator(Delay(1, 3600))] = setting(
        "How long to wait in all; a cold start and loading the model included.", 120, "5m", "s"
    )
    interval: Annotated[float, PlainValidator(Delay(0.05, 60))] = setting(
        "Pause between two questions.", 1, "500ms", "s"
    )
    timeout: Annotated[float, PlainValidator(Delay(0.1, 600))] = setting(
        "Longest wait for one answer.", 30, "10s", "s"
    )

    def settings(self) -> dict[str, JsonValue]:
        """All that holds as JSON, defaults included: the input `probe` of an App."""
        foreign = OF_A_URL if self.call else OF_A_CALL
        found = {name: one for name, one in self.canonical().items() if name not in foreign}
        if self.expect is not None:
            found["expect"] = plain(self.expect)  # an empty list is an expectation, too
        return found


def unreachable_problems(
    probe: Probe | None, urls: Mapping[str, JsonValue], path: str
) -> list[Problem]:
    """What keeps a probe of a URL from its answer.

    `urls`: functions, classes and servers with a URL, with their effective web settings.
    """
    if probe is None or probe.call:
        return []
    if not urls:
        message = "nothing in the source has a URL that it could ask; name a function in `call`,"
        return [Problem(path, f"{message} or take it out")]
    asked = probe.function or min(urls)
    if asked in urls:
        return _closed(probe, asked, urls[asked], path)
    at, near = join(path, "function"), nearest_of(probe.function, urls)
    return [Problem(at, "has no URL", probe.function, ", ".join(sorted(urls)), near)]


def _closed(probe: Probe, asked: str, web: JsonValue, path: str) -> list[Problem]:
    """A URL that asks for a proxy token answers 401 to a probe, which has none."""
    if probe.status == _NO_TOKEN or not (web or {}).get("requires_proxy_auth"):
        return []
    message = (
        f"asks {asked}, whose URL answers {_NO_TOKEN} to everybody without a proxy token; expect"
        f" `status: {_NO_TOKEN}` (it is up, whatever is behind it), or take the probe out"
    )
    return [Problem(path, message)]


def uncallable_problems(
    call: str | None, functions: Mapping[str, PlannedFunction], path: str
) -> list[Problem]:
    """What keeps a call from its answer: it must name a function, or a method of a class."""
    if call is None:
        return []
    name, _, method = call.partition(".")
    planned = functions.get(name)
    if planned is not None and planned.kind == "function" and planned.web:
        return [Problem(path, "has a URL, and is not called: ask its `path`", call)]
    callables = callable_names(functions)
    if call in callables:
        return []
    if planned is not None and planned.kind == "server":
        return [Problem(path, "is a server, and is not called: ask its `path`", call)]
    if planned is not None and planned.kind == "class" and not method:
        message = "is a class: say which of its methods is called"
    else:
        message = "is nothing that the source lets one call"
    near = nearest_of(call, callables)
    return [Problem(path, message, call, ", ".join(callables) or "nothing", near)]


def callable_names(functions: Mapping[str, PlannedFunction]) -> list[str]:
    """Functions without a URL, and methods of classes as `Class.method`."""
    found = []
    for name, one in sorted(functions.items()):
        if one.kind == "class":
            found += [f"{name}.{method}" for method in one.methods]
        elif one.kind == "function" and not one.web:
            found.append(name)
    return found


def parse_probe(raw: object, path: str) -> tuple[Probe | None, list[Problem]]:
    """A map, `true` for all defaults, or `false` for none."""
    if isinstance(raw, bool):
        return (Probe() if raw else None), []
    checked = check(Probe, raw, path)
    problems = [*checked.problems, *mixed_problems(raw, path)]
    return (None if problems else checked.model), problems


def mixed_problems(raw: object, path: str, of_a_url: tuple[str, ...] = OF_A_URL) -> list[Problem]:
    """Keys that say something of a URL beside `call`, or of a call without it."""
    given = raw if isinstance(raw, Mapping) else {}
    wrong: tuple[str, ...]
    if given.get("call") is not None:
        wrong, message = of_a_url, "belongs to a question to a URL; `call` is there, take one out"
    else:
        wrong, message = OF_A_CALL, "belongs to a call: say in `call` which function it is for"
    return [Problem(join(path, name), message) for name in wrong if given.get(name) is not None]
