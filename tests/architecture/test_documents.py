"""What the documents name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
TARGET = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)
COMMAND = re.compile(r"(?:^|`|&& )make ([a-z-]+)", re.MULTILINE)


def documents() -> list[Path]:
    """Every page of the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split() if (ROOT / name).is_file()]


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_commands_of_make_are_real(name: str) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    shown = set(COMMAND.findall((ROOT / name).read_text()))
    assert shown - targets == set()
    assert shown


def test_make_alone_explains_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    make = shutil.which("make") or "make"
    shown = subprocess.run([make], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = {line.split()[1] for line in shown.splitlines()}
    assert set(TARGET.findall(text)) - explained == {"install"}  # a step of others


def test_every_decision_is_listed_once() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


def test_every_room_of_both_houses_is_on_the_map() -> None:
    map_ = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [
        f"{house}/{path.name}"
        for house in ("pulumi_modal", "modal_local")
        for path in (ROOT / house).iterdir()
        if (path / "__init__.py").exists()
    ]
    absent = [room for room in rooms if f"`{room}`" not in map_]
    # the command line of the local Modal is part of `pulumi-modal local`
    assert absent == ["modal_local/commands"]


def test_files_named_on_the_map_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert text.count("\n") < 200
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text))
    houses = [ROOT, ROOT / "pulumi_modal", ROOT / "modal_local"]
    assert [path for path in paths if not any((house / path).is_file() for house in houses)] == []
    assert paths
