"""The shape of the tree: sizes, names, and what no file may say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGEST_FILE = 400
LARGEST_FUNCTION = 40
NAMES = "pulumi_modal/__init__.py"  # a line for every public name
LARGEST_OF = {"__main__.py": 20, "Makefile": 60, NAMES: 90}
LARGEST_NAMED = {"__init__.py": 30, "conftest.py": 100}
DRAWERS = {"base", "common", "core", "data", "handler", "helpers", "impl"} | {
    *("info", "manager", "misc", "processor", "utils", "wrapper")
}
REGISTRIES = ("pypi.org", "pythonhosted", "npmjs", "proxy.golang", "sum.golang", "crates.io")
OWN_PLACES = re.compile(r"(?<![\w.])/(?:home|Users|work|mnt)/\w+/")


def tracked(pattern: str = "*") -> list[Path]:
    """Files of the project: those in git, and those that could be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", pattern]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def largest(path: Path) -> int:
    return LARGEST_OF.get(shown(path), LARGEST_NAMED.get(path.name, LARGEST_FILE))


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""  # a picture or weights: nobody reads it


def test_no_source_file_is_too_long() -> None:
    long = {
        shown(path): lines
        for path in [*tracked("*.py"), ROOT / "Makefile"]
        if (lines := text_of(path).count("\n")) > largest(path)
    }
    assert long == {}, "which second reason to exist can move out?"


def first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Of the code itself: what explains the arguments to an editor is not counted."""
    explained = ast.get_docstring(node) is not None and len(node.body) > 1
    return node.body[int(explained)].lineno


def test_no_function_is_too_long() -> None:
    long = {
        f"{shown(path)}:{node.name}": lines
        for path in tracked("*.py")
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - first_line(node) + 1) > LARGEST_FUNCTION
    }
    assert long == {}


def test_no_module_or_folder_is_a_drawer() -> None:
    words = {
        shown(path): drawers
        for path in tracked("*.py")
        for parts in [path.relative_to(ROOT).with_suffix("").parts]
        if (drawers := [part for part in parts if part.rpartition("_")[2] in DRAWERS])
    }
    assert words == {}, "what is it really about?"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        shown(path)
        for path in tracked("*.py")
        if "tests/fakes/sources" not in shown(path)
        and text_of(path).strip()
        and ast.get_docstring(ast.parse(text_of(path))) is None
    ]
    assert silent == []


@pytest.mark.parametrize("place", ["root", "prefix"])
def test_no_file_names_the_machine_that_it_was_written_on(place: str) -> None:
    own = {"root": str(ROOT), "prefix": sys.base_prefix}[place]
    if own in {"/usr", "/usr/local"}:
        own = f"{own}/lib/python3"
    assert [shown(path) for path in tracked() if own in text_of(path)] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = {
        shown(path): places
        for path in tracked()
        if path.parts[len(ROOT.parts)] != "tests" and (places := OWN_PLACES.findall(text_of(path)))
    }
    assert found == {}


def test_no_file_names_a_package_registry() -> None:
    """Which registry or mirror is used is the user's choice, made in their own configuration."""
    found = [
        (shown(path), registry)
        for path in tracked()
        if path != Path(__file__)
        for registry in REGISTRIES
        if registry in text_of(path)
    ]
    assert found == []


def test_scripts_that_are_run_can_be_run() -> None:
    started = [path for path in tracked() if text_of(path).startswith("#!")]
    assert [shown(path) for path in started if not path.stat().st_mode & 0o100] == []
    assert len(started) > 5
