"""Where two sets of properties differ, path by path, as the engine writes it in a diff. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pulumi.dynamic import DiffResult

from pulumi_modal.spec.problem import join

Kind = Literal["add", "delete", "update"]
_ABSENT: Final = object()
_SILENT: Final[tuple[Any, ...]] = (None, "", {}, [])


class DetailedDiff(DiffResult):
    """A diff that says itself where outputs and inputs differ; our host passes it on."""

    paths: Mapping[str, Kind]

    def __init__(self, paths: Mapping[str, Kind], **rest: Any) -> None:
        super().__init__(changes=True, **rest)
        self.paths = dict(paths)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Kind]:
    """The leaves that differ; absent and empty say the same."""
    return dict(_of_maps(old, new, ""))


def _of_maps(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Kind]]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
        at = join(path, name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _of_maps(before, after, at)
        elif _says_nothing(before) and not _says_nothing(after):
            yield at, "add"
        elif not _says_nothing(before) and _says_nothing(after):
            yield at, "delete"
        elif not _says_nothing(before) and before != after:
            yield at, "update"


def _says_nothing(value: Any) -> bool:
    return value is _ABSENT or any(value is one or value == one for one in _SILENT)
