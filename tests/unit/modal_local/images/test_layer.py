"""A layer: variables, directory, files, steps and notes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modal_local.images.copying import copied_files
from modal_local.images.installation import Installation, InstallationError
from modal_local.images.layer import Layer, plan_layer
from modal_local.model import MountedFile


def a_file(path: str) -> MountedFile:
    return MountedFile(remote_path=path, content=Path("/blobs/x"), mode=0o644)


CONTEXT = {path: a_file(path) for path in ("/a.txt", "/data/x.bin", "/data/deep/y.bin")}


def plan(*commands: str, **variables: str) -> Layer:
    start = Layer(env={"PATH": "/bin"}, workdir="", files={}, variables=variables)
    return plan_layer(["FROM base", *commands], start, CONTEXT)


def test_the_base_layer_of_the_sdk_needs_nothing() -> None:
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    layer = plan_layer(
        [
            f"FROM python:{minor}.1-slim-bookworm",
            "RUN apt-get update",
            "RUN apt-get install -y gcc gfortran build-essential",
            "RUN pip install --upgrade pip wheel uv",
            "RUN echo 'debconf debconf/frontend select Noninteractive' | debconf-set-selections",
            'CMD ["sleep", "172800"]',
        ],
        Layer(env={}, workdir="", files={}),
        {},
    )
    assert (layer.steps, layer.notes) == ([], [])


def test_variables_and_directory_carry_on() -> None:
    layer = plan("ENV A=1", "ENV B=$A$A", "WORKDIR /app", "WORKDIR sub")
    assert (layer.env["B"], layer.workdir) == ("11", "/app/sub")


def test_secrets_are_seen_by_commands_and_not_kept() -> None:
    layer = plan('RUN python3 -m pip install "git+https://$TOKEN@host/x"', TOKEN="t0k")
    (step,) = layer.steps
    assert isinstance(step.work, Installation)
    assert step.work.requirements == ("git+https://t0k@host/x",)
    assert "t0k" not in step.line
    assert "TOKEN" not in layer.env


@pytest.mark.parametrize(
    ("command", "word"),
    [
        pytest.param("RUN apt-get install -y git", "operating system", id="apt"),
        pytest.param("RUN curl https://x | sh", "no shell", id="pipe"),
        pytest.param("RUN make all", "no shell", id="any command"),
        pytest.param("RUN poetry install", "pip and uv", id="poetry"),
        pytest.param('ENTRYPOINT ["/start"]', "recorded only", id="entrypoint"),
        pytest.param("COPY --from=node:20 /a /b", "no other image", id="other image"),
        pytest.param("COPY nothing.txt /b", "no file", id="no match"),
        pytest.param("FROM nvidia/cuda:12", "recorded only", id="cuda"),
        pytest.param("FROM python:3.99-slim", "3.99 asked", id="other python"),
    ],
)
def test_what_a_process_cannot_have_is_said(command: str, word: str) -> None:
    (note,) = plan(command).notes
    assert word in note


def test_an_installation_among_other_commands_is_done() -> None:
    layer = plan("RUN apt-get install -y git && pip install six")
    assert [step.line for step in layer.steps] == ["RUN apt-get install -y git && pip install six"]
    assert len(layer.notes) == 1


def test_a_copied_requirements_file_is_there_for_its_step() -> None:
    layer = plan(
        "COPY /a.txt /.requirements.txt", "RUN python -m pip install -r /.requirements.txt"
    )
    assert list(layer.steps[0].files) == ["/.requirements.txt"]


def test_a_copy_without_target_is_refused() -> None:
    with pytest.raises(InstallationError, match="source and a target"):
        plan("COPY x")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param([".", "/"], ["/a.txt", "/data/deep/y.bin", "/data/x.bin"], id="whole mount"),
        pytest.param(["/a.txt", "/b.txt"], ["/b.txt"], id="file to name"),
        pytest.param(["a.txt", "/d/"], ["/d/a.txt"], id="file into folder"),
        pytest.param(["data", "/d"], ["/d/deep/y.bin", "/d/x.bin"], id="content of folder"),
        pytest.param(["*.txt", "."], ["/wd/a.txt"], id="pattern into directory"),
        pytest.param(["a.txt", "data/x.bin", "/d"], ["/d/a.txt", "/d/x.bin"], id="several"),
        pytest.param(["../../etc", "/d"], [], id="outside the context"),
    ],
)
def test_copy(words: list[str], expected: list[str]) -> None:
    found = copied_files(words, CONTEXT, "/wd")
    assert sorted(file.remote_path for file in found) == expected
