"""How to find out that a deployed app answers. A deploy is done when its probe succeeds.

Without a probe a deploy is done when Modal has it: nothing is assumed about paths of the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator
from pydantic.config import JsonDict

from pulumi_modal.spec.model import Frozen, JsonValue
from pulumi_modal.spec.naming import FUNCTION_NAME
from pulumi_modal.spec.problem import Problem, join, nearest_of
from pulumi_modal.spec.quantity import Delay
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import Text, Whole
from pulumi_modal.spec.validation import check

_NO_TOKEN: Final = 401
_PATH = Text(
    r"/[^\s#]*", "a path that starts with /, without a space", lambda text: f"/{text.strip(' /')}"
)


@dataclass(frozen=True)
class _Contained:
    allowed: str = "a text of 1 to 1000 characters"

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= 1000:  # noqa: PLR2004 - a bound
            raise Refusal("is not a text that an answer can contain", allowed=self.allowed)
        return value


def _key(doc: str, default: object, example: str, unit: str = "") -> Any:
    shown: JsonDict = {
        "example": example,
        "unit": unit,
        "default": "none" if default is None else f"{default}",
    }
    return Field(default=default, description=doc, json_schema_extra=shown)


class Probe(Frozen):
    """GET a path of the app's URL until it answers as expected, or the deadline is over."""

    path: Annotated[str, PlainValidator(_PATH)] = _key(
        "Path below the URL, with a query if needed.", "/health", "/health"
    )
    status: Annotated[int, PlainValidator(Whole(100, 599))] = _key(
        "Status that means ready.", 200, "200"
    )
    contains: Annotated[str | None, PlainValidator(_Contained())] = _key(
        "Text that the answer must contain.", None, '\'"status":"ok"\''
    )
    function: Annotated[str | None, PlainValidator(FUNCTION_NAME)] = _key(
        "Function, class or server whose URL is asked, when several have one.", None, "web"
    )
    deadline: Annotated[float, PlainValidator(Delay(1, 3600))] = _key(
        "How long to wait in all; a cold start and loading the model included.", 120, "5m", "s"
    )
    interval: Annotated[float, PlainValidator(Delay(0.05, 60))] = _key(
        "Pause between two requests.", 1, "500ms", "s"
    )
    timeout: Annotated[float, PlainValidator(Delay(0.1, 600))] = _key(
        "Longest wait for one answer.", 30, "10s", "s"
    )

    def settings(self) -> dict[str, JsonValue]:
        """All of it as JSON, defaults included: the input `probe` of an App."""
        return self.canonical()


def unreachable_problems(
    probe: Probe | None, urls: Mapping[str, JsonValue], path: str
) -> list[Problem]:
    """What keeps a probe from its answer.

    `urls`: functions, classes and servers with a URL, with their effective web settings.
    """
    if probe is None:
        return []
    if not urls:
        return [Problem(path, "nothing in the source has a URL that it could ask; take it out")]
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


def parse_probe(raw: object, path: str) -> tuple[Probe | None, list[Problem]]:
    """A map, `true` for all defaults, or `false` for none."""
    if isinstance(raw, bool):
        return (Probe() if raw else None), []
    checked = check(Probe, raw, path)
    return checked.model, checked.problems
