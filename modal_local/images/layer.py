"""One layer of an image: its commands -> variables, directory, files, and packages to install.

Pure: what a container would do with a shell or a package manager of its own is noted, not done.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from modal_local.images.copying import copied_files
from modal_local.images.dockerfile import (
    Instruction,
    assignments,
    expand,
    needs_shell,
    parse_commands,
    simple_commands,
    split_words,
)
from modal_local.images.installation import (
    Installation,
    InstallationError,
    Sync,
    is_only_tools,
    read_installation,
)
from modal_local.model import MountedFile

DEFAULT_ENV: Final[Mapping[str, str]] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
_PYTHON_TAG: Final = re.compile(r"^(?:docker\.io/)?(?:library/)?python:(\d+\.\d+)")
_QUIET_RUNS: Final = re.compile(
    r"^(?:apt-get update|apt-get install -y gcc gfortran build-essential"
    r"|rm /modal_requirements\.txt|echo 'debconf .*"
    r"|ln -s /usr/local/bin/python3 /usr/local/bin/python)$"
)
"""Set-up lines of the SDK's own base layers, which no environment here needs."""
_UV_IMAGE: Final = "--from=ghcr.io/astral-sh/uv"


@dataclass(frozen=True, slots=True)
class Step:
    """Packages to install, with the line that asks for them and the files it can name."""

    line: str
    work: Installation | Sync
    files: Mapping[str, MountedFile]


@dataclass(slots=True)
class Layer:
    """What a layer leaves behind, and what has to be done for it."""

    env: dict[str, str]
    workdir: str
    files: dict[str, MountedFile]
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Build arguments and secrets: seen by commands of this layer, not kept."""

    def visible(self) -> dict[str, str]:
        """Variables as a command of this layer sees them."""
        return {**self.variables, **self.env}


def plan_layer(commands: Sequence[str], start: Layer, context: Mapping[str, MountedFile]) -> Layer:
    """Walk the commands. Raises DockerfileError, InstallationError."""
    for instruction in parse_commands(commands):
        action = _ACTIONS.get(instruction.keyword, _note_unknown)
        action(start, instruction, context)
    return start


_Action = Callable[[Layer, Instruction, Mapping[str, MountedFile]], None]


def _from(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    tag = instruction.text.split()[0] if instruction.text else ""
    if tag in {"base", "scratch"}:
        return
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    match = _PYTHON_TAG.match(tag)
    if match is None:
        layer.notes.append(f"FROM {tag}: recorded only; the Python {here} of this machine is used")
    elif match[1] != here:
        layer.notes.append(f"FROM {tag}: Python {match[1]} asked for, {here} of this machine used")


def _env(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    layer.env.update(assignments(instruction.text, layer.visible()))


def _arg(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    name, equals, default = instruction.text.partition("=")
    if equals:
        layer.variables.setdefault(name.strip(), expand(default.strip("'\""), layer.visible()))


def _workdir(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    (path,) = split_words(instruction.text, layer.visible())[:1] or ["/"]
    layer.workdir = posixpath.normpath(posixpath.join(layer.workdir or "/", path))


def _copy(layer: Layer, instruction: Instruction, context: Mapping[str, MountedFile]) -> None:
    if any(flag.startswith("--from=") for flag in instruction.flags):
        if not any(flag.startswith(_UV_IMAGE) for flag in instruction.flags):
            layer.notes.append(
                f"{instruction.line}: not done, there is no other image to copy from"
            )
        return
    words = split_words(instruction.text.strip("[]").replace('",', '"'), layer.visible())
    if len(words) < 2:  # noqa: PLR2004 - a source and a target
        raise InstallationError(f"{instruction.line}: needs a source and a target")
    files = copied_files(words, context, layer.workdir)
    if not files and words[0] != "/python/.":  # the SDK's stand-alone Python: ours is there already
        layer.notes.append(f"{instruction.line}: no file of the build context matches")
    layer.files.update({file.remote_path: file for file in files})


def _run(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    if _QUIET_RUNS.match(instruction.text):
        return
    for words in simple_commands(instruction, layer.visible()):
        work = None if needs_shell(words) else read_installation(words)
        if work is None:
            layer.notes.append(_not_run(instruction, words))
        elif not (isinstance(work, Installation) and is_only_tools(work)):
            layer.steps.append(Step(instruction.line, work, dict(layer.files)))


def _not_run(instruction: Instruction, words: Sequence[str]) -> str:
    program = posixpath.basename(words[0])
    if program in {"apt-get", "apt", "apk", "yum", "dnf"}:
        return (
            f"{instruction.line}: skipped, a process has no operating system of its own to change"
        )
    if program == "poetry":
        return f"{instruction.line}: skipped, the local Modal installs with pip and uv lines only"
    return f"{instruction.line}: skipped, the local Modal runs no shell commands in a build"


def _note_unknown(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    layer.notes.append(f"{instruction.line}: not understood, skipped")


def _note_ignored(layer: Layer, instruction: Instruction, _: Mapping[str, MountedFile]) -> None:
    layer.notes.append(f"{instruction.line}: recorded only, containers here start without it")


def _nothing(_: Layer, __: Instruction, ___: Mapping[str, MountedFile]) -> None:
    """Has no effect on a process."""


_ACTIONS: Final[Mapping[str, _Action]] = {
    "FROM": _from,
    "ENV": _env,
    "ARG": _arg,
    "WORKDIR": _workdir,
    "COPY": _copy,
    "ADD": _copy,
    "RUN": _run,
    "ENTRYPOINT": _note_ignored,
    "USER": _note_ignored,
    "CMD": _nothing,
    "SHELL": _nothing,
    "LABEL": _nothing,
    "EXPOSE": _nothing,
    "MAINTAINER": _nothing,
    "STOPSIGNAL": _nothing,
    "HEALTHCHECK": _nothing,
    "VOLUME": _nothing,
}
