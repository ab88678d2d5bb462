"""What a stack's state says of its Modal resources, as `pulumi stack export` gives it.

Nothing is selected, locked or written. Encrypted values stay so, unless a Modal resource holds one:
then they are decrypted in memory, as a refresh does, and never shown.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import ModalStackError
from pulumi_modal.provider.props import PROVIDER_KEY
from pulumi_modal.spec.problem import join, nearest_of

TYPES: Final = "pulumi-python:dynamic/modal:"
_MARK: Final = "4dabf18193072939515e22adb298388d"  # how Pulumi marks a secret
_DEADLINE_S: Final = 300.0
_NO_STACK: Final = "no stack named"


class StateUnread(ModalStackError):
    """The state of a stack could not be read."""


@dataclass(frozen=True)
class Recorded:
    """A Modal resource in the state."""

    urn: str
    type: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    secret: frozenset[str]
    """Paths of inputs whose values must not be shown."""

    @property
    def noun(self) -> str:
        """`App`, `Environment`, and so on."""
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]


def project_folder(folder: Path) -> Path:
    """The folder of the project that this one belongs to."""
    for one in (folder, *folder.parents):
        if any((one / f"Pulumi.{ending}").is_file() for ending in ("yaml", "yml", "json")):
            return one
    raise StateUnread(
        f"there is no Pulumi.yaml in {folder} or above it: run this in the project's folder, or"
        " name it (`-C FOLDER`)"
    )


def recorded(stack: str, folder: Path) -> tuple[str, list[Recorded]]:
    """The stack's name, and its Modal resources."""
    state = _export(stack, folder)
    if any(one.secret for one in _resources(state)):
        state = _export(stack, folder, "--show-secrets")
    resources = list(_resources(state))
    urns = [one["urn"] for one in _all(state)]
    return stack or (urns[0].split("::")[0].rpartition(":")[2] if urns else "the stack"), resources


def _all(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((state.get("deployment") or {}).get("resources") or ())


def _resources(state: Mapping[str, Any]) -> Iterator[Recorded]:
    """Those that are to be there: not what waits for its deletion, nor what is only looked at."""
    for one in _all(state):
        if one["type"].startswith(TYPES) and not one.get("delete") and not one.get("external"):
            inputs, outputs = one.get("inputs") or {}, one.get("outputs") or {}
            yield Recorded(
                urn=one["urn"],
                type=one["type"],
                id=one.get("id", ""),
                inputs={key: _open(value) for key, value in inputs.items() if key != PROVIDER_KEY},
                outputs={key: _open(value) for key, value in outputs.items()},
                secret=frozenset([*_secret_paths(inputs), *_secret_paths(outputs)]),
            )


def _open(value: Any) -> Any:
    """A value without the marks of secrets."""
    if isinstance(value, Mapping):
        if _MARK in value:
            return json.loads(value["plaintext"]) if "plaintext" in value else None
        return {key: _open(one) for key, one in value.items()}
    return [_open(one) for one in value] if isinstance(value, list) else value


def _secret_paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        if _MARK in value:
            yield path
            return
        for key, one in value.items():
            yield from _secret_paths(one, join(path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _secret_paths(one, join(path, index))


def _export(stack: str, folder: Path, *more: str) -> Mapping[str, Any]:
    named = ("--stack", stack) if stack else ()
    done = _pulumi(folder, "stack", "export", *named, *more)
    if done.returncode:
        raise StateUnread(_reason(done.stderr, stack, folder))
    state: Mapping[str, Any] = json.loads(done.stdout)
    return state


def _reason(said: str, stack: str, folder: Path) -> str:
    words = " ".join(said.removeprefix("error: ").split()) or "pulumi said nothing"
    if _NO_STACK not in words:
        return f"the state of {stack or 'the selected stack'} cannot be read: {words}"
    there = _stacks(folder)
    nearest = nearest_of(stack, there)
    known = f"it has {', '.join(there)}" if there else "it has none yet (`pulumi stack init`)"
    return (
        f"{folder} has no stack {stack}: {known}{f'; did you mean {nearest}?' if nearest else ''}"
    )


def _stacks(folder: Path) -> list[str]:
    done = _pulumi(folder, "stack", "ls", "--json")
    return sorted(one["name"] for one in json.loads(done.stdout)) if not done.returncode else []


def _pulumi(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    beside = str(Path(sys.executable).parent)
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program = shutil.which("pulumi", path=path)
    if program is None:
        raise StateUnread("there is no `pulumi` on PATH: install it, or run `make setup`")
    command = [program, *arguments, "--non-interactive", "--color", "never"]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StateUnread(
            f"`pulumi {' '.join(arguments[:2])}` did not answer within {_DEADLINE_S:g} s: does the"
            " state's backend answer?"
        ) from error
