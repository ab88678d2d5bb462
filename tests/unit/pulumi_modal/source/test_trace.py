"""The place of an error is the user's own line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_modal.source.trace import is_project_file, place_in_dump, place_of

HERE = Path(__file__).resolve()


def test_the_last_line_of_the_project_is_named_though_a_library_raised() -> None:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    assert place_of(caught.value, HERE.parent).startswith("test_trace.py:")


def test_an_error_outside_the_project_has_no_place(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    assert place_of(caught.value, tmp_path) == ""


def test_a_syntax_error_has_its_own_line(tmp_path: Path) -> None:
    error = SyntaxError("bad", (str(tmp_path / "x.py"), 7, 1, "text"))
    assert place_of(error, tmp_path) == "x.py:7"


def test_installed_packages_and_frozen_modules_are_not_the_project() -> None:
    assert not is_project_file("<frozen os>", Path("/"))
    assert not is_project_file(json.__file__, Path("/"))


def test_a_dump_names_the_innermost_line_of_the_project(tmp_path: Path) -> None:
    dump = (
        "Timeout (0:00:01)!\nThread 0x1 (most recent call first):\n"
        '  File "/usr/lib/python3/subprocess.py", line 1 in run\n'
        f'  File "{tmp_path}/a/b.py", line 12 in load\n'
        f'  File "{tmp_path}/c.py", line 3 in <module>\n'
    )
    assert place_in_dump(dump, tmp_path) == "a/b.py:12"
    assert place_in_dump("", tmp_path) == ""
