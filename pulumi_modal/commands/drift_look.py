"""Where Modal differs from what a stack deployed last: asked by the providers' own `read`.

So a refresh and this command never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.dynamic import ReadResult, ResourceProvider

from pulumi_modal.commands.drift_state import Recorded
from pulumi_modal.errors import ModalStackError
from pulumi_modal.provider.app_drift import DRIFT
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.operation import Operation, as_current
from pulumi_modal.provider.props import PROVIDER_KEY, plain
from pulumi_modal.provider.registry import provider_of
from pulumi_modal.spec.problem import join

AT_ONCE: Final = 32
_NEWER: Final = "this pulumi-modal does not know such a resource: use the one that deployed it"
_MISSING: Final = object()


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was deployed."""

    resource: Recorded
    path: str
    """Of the property; empty when the whole resource is gone."""
    declared: Any = None
    found: Any = None
    told: Mapping[str, Any] = field(default_factory=dict)
    """What happened, by whom and when, as far as Modal tells."""


@dataclass(frozen=True)
class Looked:
    """What came of looking at one resource."""

    resource: Recorded
    differences: tuple[Difference, ...] = ()
    failure: str = ""
    """Why nothing could be said of it."""


def look_at(resources: Sequence[Recorded]) -> list[Looked]:
    """Look at all of them at once."""
    with ThreadPoolExecutor(min(AT_ONCE, len(resources) or 1)) as pool:
        return list(pool.map(_look, resources))


def _look(resource: Recorded) -> Looked:
    provider = provider_of(resource.type)
    if provider is None:
        return Looked(resource, failure=_NEWER)
    try:
        with as_current(Operation(inputs=resource.inputs)):
            found = provider.read(resource.id, dict(resource.outputs))
        return Looked(resource, tuple(differences(resource, _declared(provider, resource), found)))
    except ModalStackError as error:
        return Looked(resource, failure=str(error))
    except Exception as error:  # noqa: BLE001  # one that cannot be read does not hide the others
        said = " ".join(str(error).split())
        return Looked(resource, failure=f"{type(error).__name__}: {said}")


def _declared(provider: ResourceProvider, resource: Recorded) -> Mapping[str, Any]:
    """What was deployed last, as today's code writes it; `read` answers in its words.

    The inputs of the state may be those that a refresh has found, where a provider knows better.
    """
    known = dict(resource.inputs)
    declared = getattr(provider, "declared", None)
    if declared is not None:
        found: Mapping[str, Any] = declared(dict(resource.outputs), known)
        return found
    checked = provider.check(known, dict(known))
    return plain(resource.inputs if checked.failures else checked.inputs)


def differences(
    resource: Recorded, declared: Mapping[str, Any], found: ReadResult
) -> Iterator[Difference]:
    """How what was read differs from what was declared."""
    if not found.id:
        told = found.told if isinstance(found, Gone) else {}
        yield Difference(resource, "", told=told)
        return
    if found.inputs is None:
        return
    now = plain(found.inputs)
    happened: Mapping[str, Any] = now.pop(DRIFT, None) or {}
    for path, told in happened.items():
        yield Difference(resource, path, told.get("declared"), told.get("found"), told)
    for path, before, after in compared(declared, now):
        hidden = any(path.startswith(one) for one in resource.secret)
        values = ("(secret)", "(another secret)") if hidden else (before, after)
        yield Difference(resource, path, *values)


def compared(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, old and new value wherever two values differ; None where there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after} - {PROVIDER_KEY, DRIFT}):
            yield from compared(
                before.get(key, _MISSING), after.get(key, _MISSING), join(path, key)
            )
    elif before != after:
        yield path, _shown(before), _shown(after)


def _shown(value: Any) -> Any:
    return None if value is _MISSING else value
