"""Which Pulumi is used: the user's own where it will do, else one that was built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts import engine, engine_build
from scripts.progress import SetupError


def a_pulumi(folder: Path, version: str, *, with_host: bool = True) -> Path:
    """Programs that answer as an installed Pulumi does."""
    folder.mkdir(parents=True)
    program(folder / "pulumi", f"echo {version}")
    if with_host:
        program(folder / "pulumi-language-python", "exit 1")
    return folder


def program(path: Path, code: str) -> None:
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for built engines, and neither Go nor Pulumi on PATH."""
    monkeypatch.setenv(engine.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path / "cache"


def build_without_go(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Builds take no minutes here; the answer lists them."""
    built: list[Path] = []

    def build(target: Path) -> None:
        built.append(target)
        target.mkdir(parents=True)
        for file in engine_build.FILES:
            program(target / file, f"echo {file}")

    monkeypatch.setattr(engine_build, "build", build)
    return built


@pytest.mark.parametrize("version", ["v3.216.0", "v3.300.1", "v4.0.0"])
def test_an_installed_pulumi_is_taken(tmp_path: Path, version: str) -> None:
    folder = a_pulumi(tmp_path / "theirs", version)
    assert engine.installed(str(folder), ours=tmp_path) == folder / "pulumi"


@pytest.mark.parametrize(
    ("version", "with_host", "why"),
    [
        pytest.param("v3.215.9", True, "is v3.215.9", id="older"),
        pytest.param("v2.999.0", True, "is v2.999.0", id="much older"),
        pytest.param("", True, "is of no known version", id="without a version"),
        pytest.param("v3.259.0", False, "has no Python host", id="without its Python host"),
    ],
)
def test_an_installed_pulumi_that_will_not_do_is_named_with_the_reason(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    *,
    with_host: bool,
    why: str,
) -> None:
    folder = a_pulumi(tmp_path / "theirs", version, with_host=with_host)
    assert engine.installed(str(folder), ours=tmp_path) is None
    assert f"{folder / 'pulumi'} {why}: not used" in capsys.readouterr().err


def test_what_was_built_here_does_not_count_as_installed(tmp_path: Path) -> None:
    ours = a_pulumi(tmp_path / "ours", "v3.259.0")
    assert engine.installed(str(ours), ours=ours) is None
    theirs = a_pulumi(tmp_path / "theirs", "v3.300.0")
    found = engine.installed(f"{ours}{os.pathsep}{theirs}", ours=ours)
    assert found == theirs / "pulumi"


def test_an_engine_is_built_once_and_a_lost_environment_takes_it_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build_without_go(monkeypatch)
    for name in ("first", "second"):
        engine.install(tmp_path / name)
        engine.install(tmp_path / name)
        assert sorted(path.name for path in (tmp_path / name).glob("[!.]*")) == sorted(
            (*engine_build.FILES, engine_build.SCRIPT.name)
        )
    assert [path.parent for path in built] == [cache]


@pytest.mark.parametrize("name", ["pulumi-language-python-exec", "pulumi-language-python"])
def test_a_lost_program_is_put_back(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    built = build_without_go(monkeypatch)
    engine.install(tmp_path / "bin")
    (tmp_path / "bin" / name).unlink()
    engine.install(tmp_path / "bin")
    assert (tmp_path / "bin" / name).exists()
    assert (len(built), cache.exists()) == (1, True)


@pytest.mark.usefixtures("cache")
def test_an_engine_that_was_built_gives_way_to_an_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_without_go(monkeypatch)
    engine.install(tmp_path / "bin")
    (tmp_path / "bin" / "python").touch()
    theirs = a_pulumi(tmp_path / "theirs", "v3.300.0")
    monkeypatch.setenv("PATH", f"{theirs}{os.pathsep}{os.defpath}")
    engine.install(tmp_path / "bin")
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["python"]


@pytest.mark.usefixtures("cache")
def test_without_pulumi_and_without_go_both_are_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="neither Pulumi nor Go"):
        engine.install(tmp_path / "bin")
    assert not (tmp_path / "bin").exists()


def test_the_pinned_engine_is_new_enough() -> None:
    version = tuple(map(int, engine_build.version().split(".")))
    assert version >= engine.OLDEST


def test_the_runner_of_programs_is_changed_here_and_not_in_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = build_into(cache, tmp_path, monkeypatch)
    installed = (tmp_path / "bin" / engine_build.RUNNER).read_text()
    assert installed == engine_build.PRELUDE.read_text() + (kept / engine_build.RUNNER).read_text()


def build_into(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Install twice, as set-up does after a loss; the folders of the cache."""
    build_without_go(monkeypatch)
    engine.install(tmp_path / "bin")
    (tmp_path / "bin" / "pulumi").unlink()
    engine.install(tmp_path / "bin")
    return list(cache.iterdir())
