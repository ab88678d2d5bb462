"""The virtual environment: what it should hold, what it holds, and its activation."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.environment import add_passphrase, installed, pins

SHOW = 'echo "${PULUMI_CONFIG_PASSPHRASE-unset} ${PULUMI_CONFIG_PASSPHRASE_FILE-unset}"'


def a_package(venv: Path, name: str) -> None:
    """What pip leaves behind of a package."""
    folder = venv / "lib" / "python3.11" / "site-packages" / f"{name}.dist-info"
    folder.mkdir(parents=True)
    (folder / "RECORD").touch()


def test_pins_are_read_with_extras_and_hashes() -> None:
    lock = (
        "ruamel.yaml==0.19.1 \\\n    --hash=sha256:aa\n    # via x==1\n"
        "uvicorn[standard]==0.54.0 \\\n    --hash=sha256:bb\n"
    )
    assert pins(lock) == {"ruamel_yaml_0_19_1", "uvicorn_0_54_0"}


def test_a_package_counts_however_its_name_is_spelt(tmp_path: Path) -> None:
    a_package(tmp_path, "ruamel_yaml-0.19.1")
    a_package(tmp_path, "SQLAlchemy-2.0.0")
    assert pins("ruamel.yaml==0.19.1\nsqlalchemy==2.0.0\n") <= installed(tmp_path)


def test_another_version_does_not_count(tmp_path: Path) -> None:
    a_package(tmp_path, "httpx-0.28.0")
    assert not pins("httpx==0.28.1\n") <= installed(tmp_path)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        pytest.param({}, " unset", id="nothing set: empty"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE": "own"}, "own unset", id="one's own"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE": ""}, " unset", id="one's own, empty"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE_FILE": "f"}, "unset f", id="one's own file"),
    ],
)
def test_a_passphrase_of_ones_own_wins(
    tmp_path: Path, variables: dict[str, str], shown: str
) -> None:
    activate = tmp_path / "activate"
    activate.write_text("# made by venv\n")
    add_passphrase(activate)
    done = subprocess.run(
        ["/bin/sh", "-euc", f". {activate}; {SHOW}"],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{shown}\n"


def test_the_activation_is_changed_once(tmp_path: Path) -> None:
    activate = tmp_path / "activate"
    activate.write_text("# made by venv\n")
    add_passphrase(activate)
    once = activate.read_text()
    add_passphrase(activate)
    assert activate.read_text() == once
    assert once.startswith("# made by venv\n")
