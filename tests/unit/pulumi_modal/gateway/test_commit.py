"""The commit that a deploy records: that of the project, asked of git once."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import modal.runner
import pytest
from modal_proto import api_pb2

from pulumi_modal.gateway.commit import Commit, deploy_as

GIT = shutil.which("git") or "git"
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one commit, as the working directory."""
    monkeypatch.chdir(tmp_path)
    for command in (("init", "-q", "-b", "trunk"), ("commit", "-q", "--allow-empty", "-m", "one")):
        subprocess.run([GIT, *IDENTITY, *command], cwd=tmp_path, check=True)
    return tmp_path


def test_the_commit_is_the_projects(repository: Path) -> None:
    head = subprocess.run(
        [GIT, "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    found = api_pb2.CommitInfo.FromString(Commit().of(repository) or b"")
    assert (found.commit_hash, found.branch) == (head.stdout.strip(), "trunk")
    assert (found.author_name, found.dirty) == ("Ada", False)


def test_git_is_asked_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Commit()
    first = commit.of(repository)
    monkeypatch.setenv("PATH", "")  # no git any more
    assert first
    assert commit.of(repository) == first


def test_a_folder_without_a_repository_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Commit().of(tmp_path) == b""


def test_of_another_folder_the_sdk_asks_itself(repository: Path) -> None:
    assert Commit().of(repository / "elsewhere") is None


@pytest.mark.parametrize("commit", [b"", api_pb2.CommitInfo(commit_hash="a" * 40)])
def test_the_sdk_takes_what_it_is_told(
    commit: bytes | api_pb2.CommitInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "get_git_commit_info"
    monkeypatch.setattr(modal.runner, asked, getattr(modal.runner, asked))  # put back at the end
    expected = commit or None
    deploy_as(commit if isinstance(commit, bytes) else commit.SerializeToString())
    assert asyncio.run(getattr(modal.runner, asked)()) == expected
