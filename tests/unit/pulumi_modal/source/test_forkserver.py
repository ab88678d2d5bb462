"""A child looks for modules where `modal deploy` would, not where the program happened to."""

from __future__ import annotations

import sys
from pathlib import Path

from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.forkserver import module_path


def test_folders_of_the_project_are_left_out(tmp_path: Path) -> None:
    path = module_path(tmp_path, ["", str(tmp_path), str(tmp_path / "lib"), "/elsewhere"], "")
    assert "/elsewhere" in path
    assert not [entry for entry in path if entry.startswith(str(tmp_path)) or not entry]


def test_the_interpreters_own_folders_stay_even_inside_the_project() -> None:
    inside = str(Path(sys.prefix) / "lib" / "site-packages")
    assert inside in module_path(Path(sys.prefix).parent, [inside], "")


def test_folders_of_pythonpath_stay(tmp_path: Path) -> None:
    lib = str(tmp_path / "lib")
    assert lib in module_path(tmp_path, [lib], lib)


def test_this_package_is_always_found(tmp_path: Path) -> None:
    home = str(Path(__file__).resolve().parents[4])
    assert module_path(tmp_path, [], "") == [home]


def test_the_requests_variables_win() -> None:
    assert child_environment({"PATH": "x", "NEW": "1"})["PATH"] == "x"
