"""A change of anything that a plan relied on shows; a change beside it does not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_modal.planning.reliance import (
    Look,
    Reliance,
    entries_digest,
    entries_of,
    identity_of,
    is_settled,
    kind_of,
    link_of,
    named_like,
)

SECOND_NS = 1_000_000_000


def a_tree(root: Path) -> None:
    (root / "data").mkdir()
    (root / "data" / "one.txt").write_text("one")
    (root / "app.py").write_text("A = 1")
    (root / "link").symlink_to("app.py")


def reliance(root: Path) -> Reliance:
    """Everything is relied on: files, what is not there, kinds, links, and both sorts of folder."""
    names = ("app.py", "data/one.txt", "absent.toml")
    entries = entries_of(str(root / "data"))
    found = entries_of(str(root))
    return Reliance(
        files={str(root / name): identity_of(str(root / name)) for name in names},
        kinds={str(root / name): kind_of(str(root / name)) for name in (*names, "data")},
        links={str(root / "link"): link_of(str(root / "link"))},
        listed={str(root / "data"): [None, entries_digest(entries)]},
        searched={str(root): [None, ["app", "numpy"], named_like(found, ["app", "numpy"])]},
    )


def swap(path: Path, text: str) -> None:
    """As editors and git write: another file takes the name, with the dates of the old one."""
    old = path.stat()
    other = path.with_name(f".{path.name}.new")
    other.write_text(text)
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.replace(path)


def backdated(path: Path, text: str) -> None:
    """Written in place, with as many bytes, and the date set back."""
    old = path.stat()
    path.write_text(text)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("data")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "written in place": lambda root: (root / "app.py").write_text("A = 22"),
    "as many bytes, backdated": lambda root: backdated(root / "app.py", "A = 2"),
    "replaced, backdated": lambda root: swap(root / "app.py", "A = 2"),
    "touched": lambda root: (root / "app.py").touch(),
    "removed": lambda root: (root / "app.py").unlink(),
    "made a folder": lambda root: folder_instead(root / "app.py"),
    "other mode": lambda root: (root / "app.py").chmod(0o600),
    "appeared": lambda root: (root / "absent.toml").write_text(""),
    "one more in a listed folder": lambda root: (root / "data" / "two.txt").write_text(""),
    "one less in a listed folder": lambda root: (root / "data" / "one.txt").unlink(),
    "a module that would win": lambda root: (root / "numpy.py").write_text(""),
    "a package that would win": lambda root: (root / "numpy").mkdir(),
    "a link elsewhere": lambda root: relink(root / "link"),
}
BESIDE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _root: None,
    "another file": lambda root: (root / "other.py").write_text(""),
    "compiled code": lambda root: (root / "__pycache__").mkdir(),
    "another folder": lambda root: (root / "more").mkdir(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_shows(change: Callable[[Path], object], tmp_path: Path) -> None:
    a_tree(tmp_path)
    relied = reliance(tmp_path).as_json()
    settle(tmp_path)
    change(tmp_path)
    assert not Look().still_holds(relied)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(BESIDE)), unique=True))
def test_what_is_beside_does_not_count(names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        a_tree(Path(folder))
        relied = reliance(Path(folder)).as_json()
        for name in names:
            BESIDE[name](Path(folder))
        assert Look().still_holds(relied)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.lists(st.sampled_from(sorted(BESIDE)), unique=True))
def test_a_change_shows_among_others(name: str, beside: list[str]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        a_tree(root)
        relied = reliance(root).as_json()
        for one in beside:
            BESIDE[one](root)
        settle(root)
        CHANGES[name](root)
        assert not Look().still_holds(relied)


def test_a_hard_link_elsewhere_changes_nothing_of_an_installed_package(tmp_path: Path) -> None:
    installed = tmp_path / "modal.py"
    installed.write_text("A = 1")
    name = str(installed)
    relied = Reliance(files={name: identity_of(name)})
    relied.contents[name] = "2b5f1a"
    settle(tmp_path)
    (tmp_path / "elsewhere").hardlink_to(installed)
    assert not Look().still_holds(relied.as_json()), "the content is another one"
    relied.contents[name] = content_digest(installed)
    assert Look().still_holds(relied.as_json())
    relied.contents.clear()
    assert not Look().still_holds(relied.as_json()), "only installed files have a content"


@pytest.mark.parametrize(
    ("changed_ns", "settled"),
    [
        pytest.param(5 * SECOND_NS + 1, True, id="long ago"),
        pytest.param(10 * SECOND_NS - 1, False, id="just now"),
        pytest.param(11 * SECOND_NS, False, id="by a clock that is ahead"),
        pytest.param(9 * SECOND_NS, False, id="by a clock of whole seconds"),
        pytest.param(6 * SECOND_NS, True, id="long ago, by a clock of whole seconds"),
    ],
)
def test_what_is_younger_than_the_clock_can_tell_proves_nothing(
    changed_ns: int,
    settled: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert is_settled([1, 1, 1, 1, 1, changed_ns], 10 * SECOND_NS) is settled


def content_digest(file: Path) -> str:
    from hashlib import sha256

    return sha256(file.read_bytes()).hexdigest()


def settle(root: Path) -> None:
    """Until the clock of the file system has moved on: a tick is some milliseconds."""
    before = root.stat().st_ctime_ns
    probe = root / ".clock"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        probe.touch()
        now = probe.stat().st_ctime_ns
        probe.unlink()
        if now > before:
            return
    pytest.fail("the clock of the file system stands still")
