"""Where a Modal file is, and how it must be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.errors import SourceError
from pulumi_modal.source.location import locate


def test_a_plain_file_is_imported_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "llm.py").touch()
    found = locate("services/llm.py", tmp_path)
    assert (found.shown, found.module, found.folder) == (
        "services/llm.py",
        "",
        tmp_path / "services",
    )


def test_a_file_of_a_package_is_imported_as_module_from_the_folder_above(tmp_path: Path) -> None:
    inner = tmp_path / "src" / "pkg" / "inner"
    inner.mkdir(parents=True)
    for file in (inner / "__init__.py", inner.parent / "__init__.py", inner / "app.py"):
        file.touch()
    found = locate("src/pkg/inner/app.py", tmp_path)
    assert (found.module, found.folder) == ("pkg.inner.app", tmp_path / "src")


def test_a_package_itself_can_be_the_source(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    assert locate("pkg/__init__.py", tmp_path).module == "pkg"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("nowhere.py", "there is no such file", id="missing"),
        pytest.param("../outside.py", "outside the project", id="outside"),
        pytest.param("/etc/passwd", "outside the project", id="absolute"),
        pytest.param("folder", "this is a folder", id="folder"),
        pytest.param("notes.txt", "ends in .py", id="not Python"),
        pytest.param("modal.py", "hides a module of the modal SDK", id="named like the SDK"),
        pytest.param("random.py", "hides a module of Python's standard library", id="stdlib"),
        pytest.param("my.app.py", "a dot in its name", id="dotted"),
    ],
)
def test_what_cannot_be_imported_is_refused(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("notes.txt", "modal.py", "random.py", "my.app.py"):
        (tmp_path / name).touch()
    with pytest.raises(SourceError, match=said):
        locate(source, tmp_path)


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside.py").touch()
    (root / "service.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(SourceError, match="outside the project"):
        locate("service.py", root)
