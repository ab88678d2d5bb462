"""Whose an app is: marks of the stack that deployed it, as tags of the app. Pure.

A create that was cut off finds its own mark and goes on; an app without it belongs to somebody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from pulumi_modal.gateway.port import AppRef, Deployment
from pulumi_modal.provider.happened import as_text
from pulumi_modal.provider.props import Props

OWNER: Final = "owner"
"""Input, `<project>/<stack>`: only the program knows both."""
BIRTH: Final = "__birth"
"""Output: names the create that an app is of, so that a later one can be told apart."""
_PROJECT: Final = "pulumi-project"
_STACK: Final = "pulumi-stack"
_CREATE: Final = "pulumi-create"
_LONGEST: Final = 63
_REST: Final = 6


def marks_of(outs: Props) -> dict[str, str]:
    """Tags for the app of these outputs; none where it is not known whose it is."""
    project, _, stack = (outs.get(OWNER) or "").partition("/")
    marks = {_PROJECT: project, _STACK: stack, _CREATE: outs.get(BIRTH) or ""}
    return {name: _fitting(value) for name, value in marks.items() if value} if project else {}


def is_ours(tags: Mapping[str, str], inputs: Props) -> bool:
    """True when this stack has deployed it, to its end or not."""
    ours = marks_of(inputs)
    return bool(ours) and all(tags.get(one) == ours[one] for one in (_PROJECT, _STACK))


def taken_over(tags: Mapping[str, str], outs: Props) -> str:
    """Who has taken over an app that this stack deployed; empty when nobody has.

    An app without marks is still the one that was deployed: `modal deploy` takes them off.
    """
    ours = marks_of(outs)
    if not ours or not tags.keys() & {_PROJECT, _STACK}:
        return ""
    if not is_ours(tags, outs):
        return _stack_of(tags)
    if _CREATE in ours and _CREATE in tags and tags[_CREATE] != ours[_CREATE]:
        return "another resource of this stack"
    return ""


def refusal(app: AppRef, found: Deployment, tags: Mapping[str, str]) -> str:
    """Why an app that is there is not taken over, and how it can be."""
    return (
        f"{app} is there already: {described(found, tags)}; take it over with `adopt: true`, import"
        f" it (`pulumi import pulumi-python:dynamic/modal:App <name> {app}"
        " --generate-code=false`), or give this one another name"
    )


def described(found: Deployment, tags: Mapping[str, str]) -> str:
    """`version 3, deployed by alice on 2026-11-24T12:30:00Z, of stack prod of project shop`."""
    by = f" by {found.deployed_by}" if found.deployed_by else ""
    at = f" on {as_text(found.deployed_at)}" if found.deployed_at else ""
    of = f", of {_stack_of(tags)}" if tags.get(_STACK) else ", by no stack of Pulumi"
    return f"version {found.version}, deployed{by}{at}{of}"


def _stack_of(tags: Mapping[str, str]) -> str:
    return f"stack {tags.get(_STACK, '?')} of project {tags.get(_PROJECT, '?')}"


def _fitting(text: str) -> str:
    """A value that a tag can have: what is cut off or replaced still tells two apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", text)
    if plain == text and len(text) <= _LONGEST:
        return text
    rest = hashlib.sha256(text.encode()).hexdigest()[:_REST]
    return f"{plain[: _LONGEST - _REST - 1]}-{rest}"
