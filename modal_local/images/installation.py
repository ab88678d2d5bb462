"""Commands of a RUN that install Python packages -> what uv is asked to do.

Only `pip install`, `uv pip install` and `uv sync` are carried out, with options from a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final


class InstallationError(ValueError):
    """An installation that this machine cannot do as asked; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Packages to install on top of an environment."""

    requirements: tuple[str, ...] = ()
    indexes: tuple[tuple[str, str], ...] = ()
    """Options that may hold credentials: they travel in a file, never in argv."""
    options: tuple[str, ...] = ()
    requirement_files: tuple[str, ...] = ()
    """Paths in the image."""
    constraint_files: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sync:
    """`uv sync` of a project whose pyproject.toml (and lock) lies at this path of the image."""

    project: str
    options: tuple[str, ...] = ()


class Rule(Enum):
    """What becomes of an option."""

    PASS = auto()
    PASS_VALUE = auto()
    INDEX = auto()
    DROP = auto()
    DROP_VALUE = auto()
    REQUIREMENTS = auto()
    CONSTRAINTS = auto()
    REFUSE = auto()


def _table(rules: Mapping[Rule, str]) -> dict[str, Rule]:
    return {option: rule for rule, options in rules.items() for option in options.split()}


OPTIONS: Final[Mapping[str, Rule]] = _table(
    {
        Rule.PASS: (
            "--pre --no-deps --require-hashes --no-build-isolation --upgrade --reinstall"
            " --no-index --no-build --no-sources --offline --all-extras --exact --strict"
        ),
        Rule.PASS_VALUE: (
            "--no-binary --only-binary --prerelease --index-strategy --torch-backend --resolution "
            "--exclude-newer --upgrade-package --reinstall-package --config-setting "
            "--no-build-isolation-package --allow-insecure-host"
        ),
        Rule.INDEX: "--index-url --extra-index-url --find-links",
        Rule.DROP: (
            "--no-cache-dir --no-cache -n --quiet -q -qq --verbose -v --no-clean --no-input --user "
            "--disable-pip-version-check --prefer-binary --use-pep517 --no-warn-script-location "
            "--no-python-version-warning --break-system-packages --system --compile-bytecode "
            "--compile --no-compile --isolated --no-warn-conflicts --no-progress --no-color"
        ),
        Rule.DROP_VALUE: (
            "--root-user-action --progress-bar --timeout --default-timeout --retries --python -p "
            "--use-feature --use-deprecated --upgrade-strategy --link-mode --color --cache-dir"
        ),
        Rule.REQUIREMENTS: "--requirement --requirements -r",
        Rule.CONSTRAINTS: "--constraint --constraints -c",
        Rule.REFUSE: (
            "--editable -e --target -t --prefix --root --src --config-file --directory --project "
            "--python-version --python-platform --platform --abi --implementation"
        ),
    }
)
SAME: Final[Mapping[str, str]] = {
    "-U": "--upgrade",
    "-i": "--index-url",
    "-f": "--find-links",
    "--default-index": "--index-url",
    "--index": "--extra-index-url",
    "-P": "--upgrade-package",
    "-C": "--config-setting",
    "--config-settings": "--config-setting",
    "--trusted-host": "--allow-insecure-host",
    "--force-reinstall": "--reinstall",
    "--ignore-installed": "--reinstall",
    "-I": "--reinstall",
}
SYNC_FLAGS: Final = frozenset(
    {
        *("--frozen", "--locked", "--all-groups", "--no-default-groups"),
        *("--all-extras", "--no-dev", "--only-dev"),
    }
)
SYNC_VALUES: Final = frozenset(
    {
        *("--group", "--extra", "--no-group", "--only-group"),
        *("--no-install-package", "--index-strategy"),
    }
)
SYNC_IGNORED: Final = frozenset(
    {"--no-install-workspace", "--no-install-project", "--compile-bytecode"}
)
TOOLS: Final = frozenset({"pip", "wheel", "uv"})
OWN_REQUIREMENTS: Final = "/modal_requirements.txt"
"""What the client itself needs in older builder versions; every environment has it anyway."""

_PYTHON: Final = re.compile(r"^(?:/[\w./-]*/)?python(?:3(?:\.\d+)?)?$")
_PROGRAM: Final = re.compile(r"^(?:/[\w./-]*/)?(pip3?|uv)$")
_ASSIGNMENT: Final = re.compile(r"^([A-Za-z_]\w*)=(.*)$", re.DOTALL)


def read_installation(command: Sequence[str]) -> Installation | Sync | None:
    """What a command installs; None when it is not an installation. Raises InstallationError."""
    words = list(command)
    variables: dict[str, str] = {}
    while words and (match := _ASSIGNMENT.match(words[0])):
        variables[match[1]] = match[2]
        words.pop(0)
    match words:
        case [python, "-m", module, *rest] if _PYTHON.match(python):
            program, words = module, rest
        case [first, *rest] if (named := _PROGRAM.match(first)) is not None:
            program, words = named[1], rest
        case _:
            return None
    match (program, words):
        case ("pip" | "pip3", ["install", *arguments]):
            return _read_pip(arguments, variables, from_pip=True)
        case ("uv", ["pip", "install", *arguments]):
            return _read_pip(arguments, variables, from_pip=False)
        case ("uv", ["sync", *arguments]):
            return _read_sync(arguments)
        case _:
            return None


def is_only_tools(installation: Installation) -> bool:
    """Installers that a base image upgrades; an environment made by uv needs none of them."""
    names = {re.split(r"[^\w.-]", name)[0].lower() for name in installation.requirements}
    own = set(installation.requirement_files) <= {OWN_REQUIREMENTS}
    return own and names <= TOOLS


def _read_pip(
    arguments: Sequence[str], variables: Mapping[str, str], *, from_pip: bool
) -> Installation:
    given: dict[Rule | None, list[tuple[str, str]]] = {rule: [] for rule in (None, *Rule)}
    for name, rule, value in _options(arguments):
        given[rule].append((name, value))
    for name, _ in given[Rule.REFUSE]:
        raise InstallationError(f"the option {name} has no meaning in a local environment")
    options = [name for name, _ in given[Rule.PASS]]
    options += [f"{name}={value}" for name, value in given[Rule.PASS_VALUE]]
    if from_pip and not any(option.startswith("--index-strategy") for option in options):
        options.append("--index-strategy=unsafe-best-match")  # what pip does with several indexes
    return Installation(
        requirements=_values(given[None]),
        indexes=tuple(given[Rule.INDEX]),
        options=tuple(options),
        requirement_files=_values(given[Rule.REQUIREMENTS]),
        constraint_files=_values(given[Rule.CONSTRAINTS]),
        variables=dict(variables),
    )


def _values(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(value for _, value in pairs)


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, Rule | None, str]]:
    """Each argument as (option, rule, value); the rule is None for a requirement."""
    words = iter(arguments)
    for word in words:
        if word == "--":
            continue
        if not word.startswith("-"):
            yield "", None, word
            continue
        name, value = _split_option(word)
        name = SAME.get(name, name)
        rule = OPTIONS.get(name)
        if rule is None:
            raise InstallationError(f"the option {name} is not understood by the local Modal")
        if value is None and rule not in {Rule.PASS, Rule.DROP, Rule.REFUSE}:
            value = next(words, None)
            if value is None:
                raise InstallationError(f"the option {name} needs a value")
        yield name, rule, value or ""


def _split_option(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    if word in OPTIONS or word in SAME:
        return word, None
    return word[:2], word[2:].removeprefix("=") or None


def _read_sync(arguments: Sequence[str]) -> Sync:
    project = ""
    options: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--project":
            project = value if equals else next(words, "")
        elif name in SYNC_FLAGS:
            options.append(name)
        elif name in SYNC_VALUES:
            options.append(f"{name}={value if equals else next(words, '')}")
        elif name not in SYNC_IGNORED:
            raise InstallationError(f"the option {name} of uv sync is not understood here")
    return Sync(project=project or "/.uv", options=tuple(options))
