"""What was found of drift, in words or as JSON. Pure but for the console."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from pulumi_modal.commands.drift_look import Difference, Looked
from pulumi_modal.provider.happened import circumstances


def as_json(stack: str, looked: Sequence[Looked]) -> dict[str, Any]:
    """For programs."""
    return {
        "stack": stack,
        "resources": len(looked),
        "drift": [_facts(one) for each in looked for one in each.differences],
        "failures": [{**_who(each), "reason": each.failure} for each in looked if each.failure],
    }


def _facts(one: Difference) -> dict[str, Any]:
    values = {"declared": one.declared, "found": one.found}
    return {**_who(one), "path": one.path, **values, **one.told, "gone": not one.path}


def _who(about: Difference | Looked) -> dict[str, str]:
    resource = about.resource
    return {"resource": resource.name, "type": f"modal:{resource.noun}", "urn": resource.urn}


def print_words(stack: str, looked: Sequence[Looked]) -> None:
    """For people: one line a difference, in colours on a terminal only."""
    console = Console()
    found = [one for each in looked for one in each.differences]
    console.print(_head(stack, looked, len(found)), soft_wrap=True, highlight=False)
    for one in found:
        console.print(line(one), soft_wrap=True, highlight=False)


def _head(stack: str, looked: Sequence[Looked], count: int) -> str:
    seen = [each for each in looked if not each.failure]
    of = "1 resource" if len(seen) == 1 else f"{len(seen)} resources"
    if looked and not seen:
        return f"{stack}: nothing could be looked at"
    if not looked:
        return f"{stack}: there is nothing of Modal in its state"
    if not count:
        return f"{stack}: no drift in {of}"
    drifted = sum(1 for each in seen if each.differences)
    return f"{stack}: {count} difference{'' if count == 1 else 's'} in {drifted} of {of}"


def line(one: Difference) -> Text:
    """`App embeddings: functions.Embedder.gpu: declared "L4", found "T4"`."""
    text = Text.assemble((f"{one.resource.noun} {one.resource.name}", "bold"), ": ")
    if not one.path:
        text.append("is gone", "red")
        return text.append(_how(one.told))
    text.append(f"{one.path}: ", "cyan")
    if one.declared is None and one.found is None:
        return text.append(circumstances(one.told))
    text.append(_value("declared", one.declared), "green")
    text.append(", ")
    text.append(_value("found", one.found), "red")
    return text.append(_how(one.told))


def _value(word: str, value: Any) -> str:
    if value is None:
        return {"declared": "not declared", "found": "found none"}[word]
    return f"{word} {json.dumps(value, ensure_ascii=False)}"


def _how(told: Mapping[str, Any]) -> str:
    return f" ({circumstances(told)})" if told else ""
