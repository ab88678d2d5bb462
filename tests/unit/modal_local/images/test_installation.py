"""Which commands install packages, and what uv is then asked."""

from __future__ import annotations

import shlex

import pytest

from modal_local.images.installation import (
    Installation,
    InstallationError,
    Sync,
    is_only_tools,
    read_installation,
)


def read(line: str) -> Installation:
    found = read_installation(shlex.split(line))
    assert isinstance(found, Installation)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "python -m pip install six",
        "python3 -m pip install six",
        "/usr/local/bin/python3.11 -m pip install six",
        "pip install --no-cache-dir six",
        "pip3 install -q six",
        "uv pip install --system --no-cache six",
        "/.uv/uv pip install --python python --compile-bytecode six",
        "python -m uv pip install six",
    ],
)
def test_every_way_to_install_is_understood(line: str) -> None:
    assert read(line).requirements == ("six",)


@pytest.mark.parametrize(
    "line",
    [
        "apt-get install -y git",
        "pip download six",
        "python setup.py install",
        "sh -c 'pip install x'",
    ],
)
def test_other_commands_are_not_installations(line: str) -> None:
    assert read_installation(shlex.split(line)) is None


def test_indexes_are_kept_apart_from_argv() -> None:
    found = read("pip install torch --index-url https://u:p@host/simple -f https://links")
    assert found.indexes == (
        ("--index-url", "https://u:p@host/simple"),
        ("--find-links", "https://links"),
    )
    assert not any("u:p" in option for option in found.options)


def test_pip_looks_at_all_indexes_and_uv_at_the_first() -> None:
    assert "--index-strategy=unsafe-best-match" in read("pip install six").options
    assert read("uv pip install six").options == ()


def test_requirement_and_constraint_files() -> None:
    found = read("pip install -r /.requirements.txt -c=/c.txt --pre -U")
    assert found.requirement_files == ("/.requirements.txt",)
    assert found.constraint_files == ("/c.txt",)
    assert found.options[:2] == ("--pre", "--upgrade")


@pytest.mark.parametrize(
    ("line", "option"),
    [
        pytest.param("pip install --target /etc six", "--target", id="elsewhere"),
        pytest.param("pip install -e /app", "-e", id="editable"),
        pytest.param("pip install --prefix=/usr six", "--prefix", id="prefix"),
        pytest.param("pip install --config-file /etc/x six", "--config-file", id="own settings"),
        pytest.param("pip install --nonsense six", "--nonsense", id="unknown"),
    ],
)
def test_options_that_reach_out_of_the_environment_are_refused(line: str, option: str) -> None:
    with pytest.raises(InstallationError, match=option):
        read(line)


def test_an_option_without_its_value_is_refused() -> None:
    with pytest.raises(InstallationError, match="needs a value"):
        read("pip install six --index-url")


def test_uv_sync() -> None:
    words = shlex.split("/.uv/uv sync --project=/.uv --no-install-workspace --frozen --extra=gpu")
    assert read_installation(words) == Sync("/.uv", ("--frozen", "--extra=gpu"))


@pytest.mark.parametrize(
    ("line", "only"),
    [
        ("pip install --upgrade pip wheel uv", True),
        ("uv pip install --system -r /modal_requirements.txt", True),
        ("pip install uv six", False),
        ("pip install -r /.requirements.txt", False),
    ],
)
def test_tools_of_a_base_image_need_no_installation(line: str, *, only: bool) -> None:
    assert is_only_tools(read(line)) is only
