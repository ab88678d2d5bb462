"""The plan of what a container sees where."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from modal_local.model import MountedFile
from modal_local.supervisor.filesystem import (
    SMALL_FILE,
    Entry,
    Operation,
    Place,
    lay_out,
    mounted_places,
    plan_view,
)


class FakeHost:
    """A machine with these files, folders (ending in /) and links."""

    def __init__(self, *paths: str, links: Mapping[str, str] | None = None) -> None:
        self._links = dict(links or {})
        self._folders = {"/"}
        self._files = {path for path in paths if not path.endswith("/")}
        for path in (*paths, *self._links):
            folder = path.rstrip("/") if path.endswith("/") else posixpath.dirname(path)
            while folder != "/":
                self._folders.add(folder)
                folder = posixpath.dirname(folder)

    def entry(self, path: str) -> Entry:
        if path in self._links:
            return Entry.LINK
        if path in self._folders:
            return Entry.FOLDER
        return Entry.FILE if path in self._files else Entry.NOTHING

    def names(self, folder: str) -> Sequence[str]:
        everything = {*self._folders, *self._files, *self._links} - {"/"}
        return sorted(posixpath.basename(p) for p in everything if posixpath.dirname(p) == folder)

    def link(self, path: str) -> str:
        return self._links[path]

    def resolve(self, path: str) -> str:
        for link, target in self._links.items():
            if path == link or path.startswith(f"{link}/"):
                return posixpath.join("/", target) + path[len(link) :]
        return path


def seen(operations: Sequence[Operation]) -> dict[str, str]:
    """What is finally at each target."""
    return {one.target: one.source or one.kind for one in operations}


def test_the_host_is_seen_as_it_is() -> None:
    host = FakeHost("/etc/hosts", "/usr/bin/", links={"/bin": "usr/bin"})
    assert seen(plan_view([], host)) == {"/etc": "/etc", "/usr": "/usr", "/bin": "usr/bin"}


def test_a_path_the_host_lacks_shadows_only_the_folders_above_it() -> None:
    host = FakeHost("/opt/tool/", "/opt/x/", "/etc/hosts")
    view = plan_view([Place("/opt/models/m", "/task/m")], host)
    assert seen(view) == {
        "/etc": "/etc",
        "/opt": "folder",
        "/opt/tool": "/opt/tool",
        "/opt/x": "/opt/x",
        "/opt/models": "folder",
        "/opt/models/m": "/task/m",
    }


def test_a_folder_covered_by_a_private_one_can_be_kept() -> None:
    host = FakeHost("/root/.pyenv/bin/python", "/root/secret")
    view = plan_view([Place("/root", "/task/root"), Place("/root/.pyenv", "/root/.pyenv")], host)
    assert seen(view) == {
        "/root": "/task/root",
        "/root/.pyenv": "/root/.pyenv",
    }
    assert [one.target for one in view] == ["/root", "/root/.pyenv"]  # outer first


def test_a_place_behind_a_link_of_the_host_goes_where_the_link_points() -> None:
    host = FakeHost("/usr/lib/x", links={"/lib": "usr/lib"})
    assert seen(plan_view([Place("/lib/y", "/task/y")], host))["/usr/lib/y"] == "/task/y"


def test_a_place_without_source_is_empty() -> None:
    view = plan_view([Place("/srv/home")], FakeHost("/srv/home/modal.toml"))
    assert seen(view) == {"/srv": "folder", "/srv/home": "tmpfs"}


def a_file(folder: Path, remote: str, size: int) -> MountedFile:
    content = folder / remote.replace("/", "_")
    content.write_bytes(b"x" * size)
    return MountedFile(remote_path=remote, content=content, mode=0o755)


def test_small_files_are_copied_and_large_ones_mounted_read_only(tmp_path: Path) -> None:
    files = {
        remote: a_file(tmp_path, remote, size)
        for remote, size in {"/models/s": 1, "/models/l": SMALL_FILE + 1, "/root/a.py": 1}.items()
    }
    tree = tmp_path / "tree"
    lay_out(files, tree, link_large=False)
    places = {place.target: place for place in mounted_places(files, tree, FakeHost("/etc/x"))}
    assert set(places) == {"/root", "/tmp", "/models", "/models/l"}  # noqa: S108 - as containers see it
    assert places["/models/l"].read_only
    assert places["/models/l"].source == str(files["/models/l"].content)
    assert (tree / "models/s").stat().st_mode & 0o777 == 0o755
    assert (tree / "models/s").stat().st_ino != files["/models/s"].content.stat().st_ino
