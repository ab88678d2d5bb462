"""Look-ups of what is in Modal, whoever made it: at once, and when their arguments are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_modal
from pulumi_modal.provider.secret import SecretProvider
from pulumi_modal.provider.volume import VolumeProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place
from tests.fakes.pulumi_mocks import declared_by

SOURCE = """
import modal
app = modal.App("llm")

@app.function(max_containers=4, image=modal.Image.debian_slim().pip_install("fastapi==0.165.0"))
@modal.fastapi_endpoint()
def answer():
    return 1

@app.cls(timeout=120)
class Model:
    @modal.method()
    def predict(self):
        return 1
"""


@pytest.fixture
def environment(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    with a_place(server, tmp_path, monkeypatch) as made:
        yield made


def test_an_environment_an_app_and_its_functions_are_looked_up(
    server: LocalModalServer, environment: str, tmp_path: Path
) -> None:
    (tmp_path / "llm.py").write_text(SOURCE)
    server.deploy(tmp_path / "llm.py", environment=environment)
    stage = pulumi_modal.get_environment(environment)
    assert (stage.name, stage.is_default) == (environment, False)
    app = pulumi_modal.get_app("llm", environment=environment)
    assert app.app_id.startswith("ap-")
    assert (app.version, app.deployed_by) == (1, "local")
    assert app.deployed_at.endswith("+00:00")
    answer = pulumi_modal.get_function("llm", "answer", environment=environment)
    assert answer.url.startswith("http://")
    assert answer.settings["max_containers"] == 4
    model = pulumi_modal.get_function("llm", "Model", environment=environment)
    assert (model.url, model.settings["timeout"]) == ("", 120)


def test_a_secret_and_a_volume_are_looked_up_without_what_they_hold(environment: str) -> None:
    place = {"name": "it", "environment": environment, "workspace": "local"}
    Managed(SecretProvider()).up(**place, values={"TOKEN": "c4n4ry"})
    made = Managed(VolumeProvider()).up(**place, version=2)
    secret = pulumi_modal.get_secret("it", environment=environment)
    assert secret.keys == ("TOKEN",)
    assert "c4n4ry" not in repr(secret)
    volume = pulumi_modal.get_volume("it", environment=environment)
    assert (volume.volume_id, volume.version) == (made["volume_id"], 2)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        pytest.param(
            lambda _: pulumi_modal.get_environment("no"), "environment no: there is none", id="e"
        ),
        pytest.param(
            lambda at: pulumi_modal.get_app("no", environment=at), "/no: is not deployed", id="a"
        ),
        pytest.param(
            lambda at: pulumi_modal.get_function("no", "f", environment=at), "f of .*/no", id="f"
        ),
        pytest.param(
            lambda at: pulumi_modal.get_secret("no", environment=at), "secret .*/no: there", id="s"
        ),
        pytest.param(
            lambda at: pulumi_modal.get_volume("no", environment=at), "volume .*/no: there", id="v"
        ),
    ],
)
def test_what_is_not_there_is_told_in_one_line(
    environment: str, ask: Callable[[str], Any], words: str
) -> None:
    with pytest.raises(pulumi.RunError, match=words) as caught:
        ask(environment)
    assert "\n" not in str(caught.value)


def test_an_answer_waits_for_its_arguments(environment: str) -> None:
    place = {"name": "it", "environment": environment, "workspace": "local"}
    Managed(SecretProvider()).up(**place, values={"TOKEN": "x"})
    Managed(VolumeProvider()).up(**place)

    def program() -> pulumi.Output[list[Any]]:
        name = pulumi.Output.from_input("it")
        keys = pulumi_modal.get_secret_output(name, environment=environment).apply(
            lambda found: list(found.keys)
        )
        other = pulumi_modal.Dict("other", environment=environment)
        opts = pulumi.InvokeOutputOptions(depends_on=[other])
        volume = pulumi_modal.get_volume_output(name, environment=environment, opts=opts)
        stage = pulumi_modal.get_environment_output(environment).name
        return pulumi.Output.all(keys, volume.version, stage)

    assert declared_by(program).answer == [["TOKEN"], 1, environment]
