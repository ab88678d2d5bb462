"""A state file names a provider by its path: these paths and pickles are a storage format.

Moving or renaming a class below breaks refresh and destroy of every stack that was ever deployed.
If it must be, leave a module at the old path that re-exports it, and add a row; change none.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dill  # type: ignore[import-untyped]
import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

ROOT = Path(__file__).parents[2]
PINNED: Mapping[str, str] = {
    "pulumi_modal.provider.app.AppProvider": (
        "gASVMAAAAAAAAACMGXB1bHVtaV9tb2RhbC5wcm92aWRlci5hcHCUjAtBcHBQcm92aWRlcpSTlCmBlC4="
    ),
    "pulumi_modal.provider.environment.EnvironmentProvider": (
        "gASVQAAAAAAAAACMIXB1bHVtaV9tb2RhbC5wcm92aWRlci5lbnZpcm9ubWVudJSME0Vudmlyb25tZW50UHJvdmlk"
        "ZXKUk5QpgZQu"
    ),
    "pulumi_modal.provider.secret.SecretProvider": (
        "gASVNgAAAAAAAACMHHB1bHVtaV9tb2RhbC5wcm92aWRlci5zZWNyZXSUjA5TZWNyZXRQcm92aWRlcpSTlCmBlC4="
    ),
    "pulumi_modal.provider.volume.VolumeProvider": (
        "gASVNgAAAAAAAACMHHB1bHVtaV9tb2RhbC5wcm92aWRlci52b2x1bWWUjA5Wb2x1bWVQcm92aWRlcpSTlCmBlC4="
    ),
    "pulumi_modal.provider.dict.DictProvider": (
        "gASVMgAAAAAAAACMGnB1bHVtaV9tb2RhbC5wcm92aWRlci5kaWN0lIwMRGljdFByb3ZpZGVylJOUKYGULg=="
    ),
    "pulumi_modal.provider.queue.QueueProvider": (
        "gASVNAAAAAAAAACMG3B1bHVtaV9tb2RhbC5wcm92aWRlci5xdWV1ZZSMDVF1ZXVlUHJvdmlkZXKUk5QpgZQu"
    ),
    "pulumi_modal.provider.function_autoscaler.FunctionAutoscalerProvider": (
        "gASVTwAAAAAAAACMKXB1bHVtaV9tb2RhbC5wcm92aWRlci5mdW5jdGlvbl9hdXRvc2NhbGVylIwaRnVuY3Rpb25B"
        "dXRvc2NhbGVyUHJvdmlkZXKUk5QpgZQu"
    ),
    "pulumi_modal.provider.proxy_token.ProxyTokenProvider": (
        "gASVPwAAAAAAAACMIXB1bHVtaV9tb2RhbC5wcm92aWRlci5wcm94eV90b2tlbpSMElByb3h5VG9rZW5Qcm92aWRl"
        "cpSTlCmBlC4="
    ),
}
SERIALIZE = """
import sys
from importlib import import_module
from pulumi.dynamic.dynamic import serialize_provider
for path in sys.argv[1:]:
    module, _, name = path.rpartition(".")
    print(serialize_provider(getattr(import_module(module), name)()))
"""
LOADED = """
import base64, sys
import dill
provider = dill.loads(base64.b64decode(sys.argv[1]))
roots = {name.partition(".")[0] for name in sys.modules}
print(sorted(roots & {"modal", "modal_proto", "modal_local", "components"}))
print(sorted(name for name in sys.modules if name.startswith("pulumi_modal.resources")))
"""


def loaded(pickled: str) -> ResourceProvider:
    """What the engine's plugin makes of a state."""
    found = dill.loads(base64.b64decode(pickled))  # noqa: S301  # a literal of this file
    assert isinstance(found, ResourceProvider)
    return found


def printed(code: str, *arguments: str, home: Path = ROOT, hash_seed: str = "0") -> list[str]:
    """What a fresh interpreter prints, with the packages of this folder."""
    environ = {**os.environ, "PYTHONPATH": str(home), "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, env=environ, cwd=home, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(("path", "pickled"), PINNED.items())
def test_a_provider_is_stored_by_its_path(path: str, pickled: str) -> None:
    found = loaded(pickled)
    assert f"{type(found).__module__}.{type(found).__qualname__}" == path
    assert serialize_provider(found) == pickled


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_what_is_stored_is_the_same_in_every_process(hash_seed: str) -> None:
    assert printed(SERIALIZE, *PINNED, hash_seed=hash_seed) == list(PINNED.values())


def test_an_edit_of_a_provider_changes_nothing_in_the_state(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pulumi_modal", tmp_path / "pulumi_modal")
    for path in PINNED:
        file = tmp_path.joinpath(*path.split(".")[:-1]).with_suffix(".py")
        edited = re.sub(
            r"^(class \w+Provider\(.*\n)",
            r"\1    SPEED = 3\n",
            file.read_text(),
            flags=re.MULTILINE,
        )
        assert "SPEED" in edited
        file.write_text(edited)
    seen = printed(f"{SERIALIZE}\nprint(import_module(module).__file__)", *PINNED, home=tmp_path)
    assert seen[:-1] == list(PINNED.values())
    assert Path(seen[-1]).is_relative_to(tmp_path)


@pytest.mark.parametrize("pickled", PINNED.values())
def test_a_provider_holds_nothing(pickled: str) -> None:
    found = loaded(pickled)
    assert vars(found) == {}
    own = vars(type(found))
    assert {name for name, value in own.items() if not callable(value)} <= {
        "__module__",
        "__doc__",
        "serialize_as_secret_always",
        "__slotnames__",  # left by a pickle of it in another test
    }


@pytest.mark.parametrize("pickled", PINNED.values())
def test_a_provider_is_not_stored_as_a_secret(pickled: str) -> None:
    assert loaded(pickled).serialize_as_secret_always is False


@pytest.mark.parametrize("pickled", PINNED.values())
def test_a_plugin_that_loads_a_provider_loads_neither_the_sdk_nor_resources(pickled: str) -> None:
    assert printed(LOADED, pickled) == ["[]", "[]"]


def test_every_provider_is_pinned() -> None:
    defined = {
        f"pulumi_modal.provider.{path.stem}.{line.split('(')[0].removeprefix('class ')}"
        for path in (ROOT / "pulumi_modal" / "provider").glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith("class ") and ("(ResourceProvider)" in line or "(NounProvider)" in line)
    }
    frame = {"pulumi_modal.provider.noun.NounProvider"}
    assert defined - frame == set(PINNED)
