"""Source files: in the project, there, Python; never read or run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.source_file import source_path
from tests.fakes.stacks import SOURCE, a_project


@pytest.mark.parametrize(
    "written", [SOURCE, f"./{SOURCE}", f" {SOURCE} ", "services/../services/model.py"]
)
def test_a_path_has_one_canonical_form(tmp_path: Path, written: str) -> None:
    assert source_path(written, a_project(tmp_path)) == SOURCE


def test_an_absolute_path_in_the_project_becomes_relative(tmp_path: Path) -> None:
    root = a_project(tmp_path)
    assert source_path(str(root / SOURCE), root) == SOURCE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param("services/modl.py", "does not exist", id="missing"),
        pytest.param("services", "is a folder", id="folder"),
        pytest.param("../model.py", "is outside the project", id="outside"),
        pytest.param("/etc/passwd", "is outside the project", id="absolute-outside"),
        pytest.param("notes.txt", "is not a .py file", id="no-python"),
        pytest.param("", "is not a path", id="empty"),
        pytest.param("a\0b.py", "is not a path", id="null-byte"),
        pytest.param("x" * 5000, "does not exist", id="too-long"),
        pytest.param(3, "is not a path", id="number"),
        pytest.param(None, "is not a path", id="null"),
    ],
)
def test_bad_sources_are_refused(tmp_path: Path, written: object, said: str) -> None:
    root = a_project(tmp_path)
    (root / "notes.txt").write_text("no Python", "utf-8")
    with pytest.raises(Refusal, match=said):
        source_path(written, root)


def test_a_missing_source_is_answered_with_the_nearest_file(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        source_path("services/modle.py", a_project(tmp_path))
    assert refused.value.nearest == SOURCE


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    root = a_project(tmp_path / "project")
    (tmp_path / "outside.py").write_text("", "utf-8")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(Refusal, match="outside the project"):
        source_path("link.py", root)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    root = a_project(tmp_path)
    (root / "a.py").symlink_to(root / "b.py")
    (root / "b.py").symlink_to(root / "a.py")
    with pytest.raises(Refusal):
        source_path("a.py", root)


def test_what_is_in_the_file_does_not_matter_yet(tmp_path: Path) -> None:
    root = a_project(tmp_path)
    (root / SOURCE).write_bytes(b"raise SystemExit(\xff")
    assert source_path(SOURCE, root) == SOURCE
