"""pyproject.toml and the lock agree, and both agree with what is installed."""

from __future__ import annotations

import re
import tomllib
from collections import deque
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.txt").read_text()
AGAIN = "run scripts/lock"
_PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
PINNED = {str(canonicalize_name(match[1])): match[2] for match in _PIN.finditer(LOCK)}


def declared() -> list[Requirement]:
    """What pyproject.toml asks for, for users and for developers."""
    optional = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for group in optional for text in group)]
    return [Requirement(text) for text in texts]


def needed() -> dict[str, str]:
    """Every package that the declared ones bring along here, with who asks for it."""
    found: dict[str, str] = {}
    waiting = deque((requirement, "pyproject.toml") for requirement in declared())
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, asker = waiting.popleft()
        name = str(canonicalize_name(requirement.name))
        found.setdefault(name, asker)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        for text in distribution(name).requires or []:
            wanted = Requirement(text)
            if applies(wanted, requirement.extras):
                waiting.append((wanted, name))
    return found


def applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def test_every_dependency_is_pinned_and_locked_in_the_same_version() -> None:
    pins = {str(canonicalize_name(each.name)): str(each.specifier) for each in declared()}
    locked = {name: f"=={PINNED.get(name, ' (absent)')}" for name in pins}
    assert pins == locked, AGAIN


def test_the_lock_holds_what_is_needed_and_nothing_else() -> None:
    wanted = needed()
    assert {name: asker for name, asker in wanted.items() if name not in PINNED} == {}, AGAIN
    assert set(PINNED) - set(wanted) == set(), AGAIN


def test_every_pin_has_hashes() -> None:
    blocks = re.split(r"^(?=[\w.-]+(?:\[[\w,-]+\])?==)", LOCK, flags=re.MULTILINE)[1:]
    bare = [block.split()[0] for block in blocks if "--hash=sha256:" not in block]
    assert (len(blocks), bare) == (len(PINNED), [])


def test_the_lock_names_no_place_to_download_from() -> None:
    assert (
        re.findall(r"^\s*-(?:i|-index-url|-extra-index-url|-find-links).*", LOCK, re.MULTILINE)
        == []
    )
