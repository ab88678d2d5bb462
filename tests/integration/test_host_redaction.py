"""What the host tells the engine holds no encrypted value of the configuration, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.fakes.host import FakeEngine, HostProcess, an_engine, pickled, provider_host, status_of

CANARY = "c4n4ry-9d1f"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
TELLING = '''
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, ResourceProvider
from pulumi_modal.errors import Refused
from pulumi_modal.provider.operation import PartialFailure, current


class Telling(ResourceProvider):
    """Tells its input `said` in every way there is."""

    serialize_as_secret_always = False

    def check(self, olds, news):
        return CheckResult(news, [CheckFailure("said", news["said"])])

    def create(self, props):
        current().tell(props["said"])
        current().warn(props["said"])
        if props["kept"]:
            raise PartialFailure("id", {}, [props["said"]])
        raise Refused(props["said"])

    def delete(self, id, props):
        raise ValueError(props["said"])
'''


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with an_engine() as running:
        yield running


@pytest.fixture
def host(tmp_path: Path, engine: FakeEngine) -> Iterator[HostProcess]:
    with provider_host(tmp_path, engine) as running:
        yield running


def test_an_encrypted_value_is_hidden_in_all_that_is_told(
    host: HostProcess, engine: FakeEngine
) -> None:
    props = {"said": f"it is {CANARY}, for all I know", "__provider": pickled(TELLING, "Telling")}
    host.configure(
        {
            "inference:secrets": {**SECRET, "value": f'{{"hf": {{"TOKEN": "{CANARY}"}}}}'},
            "inference:environment": "for all",
        }
    )
    told = [one.reason for one in host.check(props).failures]
    for kept in (True, False):
        with pytest.raises(grpc.RpcError) as failed:
            host.create({**props, "kept": kept})
        told.append(failed.value.details())
        if kept:
            told.append(str(status_of(failed.value)))
    with pytest.raises(grpc.RpcError) as failed:
        host.delete(props)
    told.append(failed.value.details())
    engine.wait_for("ValueError")  # for `pulumi --debug`
    told += [one.message for one in engine.logged]
    assert not [one for one in told if CANARY in one]
    assert sum("it is (secret), for all I know" in one for one in told) >= 8
