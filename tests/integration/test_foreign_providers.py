"""Dynamic resources of other people in the same program: our host serves them as Pulumi's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2

from tests.fakes.host import (
    an_engine,
    pickled,
    provider_host,
    values,
)

FOREIGN = '''
import pulumi
from pulumi.dynamic import (
    CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult
)

SECRET = pulumi.Output.secret("captured")


class Foreign(ResourceProvider):
    """Of somebody else: defined in the program, so pickled by value, with what it captured."""

    def configure(self, request):
        self.region = request.config.get("region")

    def check(self, olds, news):
        failures = [CheckFailure("size", "too big")] if news.get("size") == 99 else []
        return CheckResult({**news, "checked": True, "was": sorted(olds)}, failures)

    def diff(self, id, olds, news):
        changed = olds.get("size") != news.get("size")
        return DiffResult(changed, ["size"] if news.get("size") == 7 else [], ["name"], changed)

    def create(self, props):
        if props.get("size") == 13:
            raise ZeroDivisionError("no\\n  luck")
        return CreateResult("id-1", {**props, "region": self.region, "secret": SECRET.get()})

    def read(self, id, props):
        if props.get("size") == 0:
            return ReadResult(None, {})
        return ReadResult(id, {**props, "seen": True}, {"size": props["size"]})

    def update(self, id, olds, news):
        return UpdateResult({**olds, **news})

    def delete(self, id, props):
        if props.get("size") == 13:
            raise RuntimeError("still used")
'''


@pytest.fixture(scope="module")
def foreign() -> str:
    return pickled(FOREIGN, "Foreign")


def test_a_bug_is_told_in_one_line(tmp_path: Path, foreign: str) -> None:
    with an_engine() as engine, provider_host(tmp_path, engine) as host:
        with pytest.raises(grpc.RpcError) as caught:
            host.create({"size": 13, "__provider": foreign})
        assert caught.value.details() == "ZeroDivisionError: no luck"
        trace = engine.wait_for("Traceback")
    assert trace.severity == engine_pb2.DEBUG
    assert "raise ZeroDivisionError" in trace.message or "in create" in trace.message


STEPS: dict[str, Any] = {
    "check": lambda host, props: host.check({**props, "size": 3}, {**props, "old": 1}),
    "check that fails": lambda host, props: host.check({**props, "size": 99}),
    "diff": lambda host, props: host.diff({**props, "size": 3}, {**props, "size": 4}),
    "diff of nothing": lambda host, props: host.diff({**props, "size": 3}, {**props, "size": 3}),
    "replace": lambda host, props: host.diff({**props, "size": 3}, {**props, "size": 7}),
    "create": lambda host, props: host.create({**props, "size": 3, "deep": [{"a": None}, 1.5]}),
    "update": lambda host, props: host.update({**props, "a": 1}, {**props, "b": [True]}),
    "read": lambda host, props: host.read({**props, "size": 3}),
    "read of what is gone": lambda host, props: host.read({**props, "size": 0}),
    "delete": lambda host, props: host.delete(props),
}


def served(folder: Path, module: str, provider: str) -> dict[str, Any]:
    """What a host answers to all steps with somebody else's provider."""
    with provider_host(folder, None, module) as running:
        running.configure({"project:region": "eu"})
        return {
            name: values(step(running, {"name": "x", "__provider": provider}))
            for name, step in STEPS.items()
        }


def test_a_foreign_provider_is_served_as_by_the_stock_host(tmp_path: Path, foreign: str) -> None:
    ours = served(tmp_path, "pulumi_modal.host", foreign)
    stock = served(tmp_path, "pulumi.dynamic", foreign)
    assert ours["create"]["properties"]["region"] == "eu"
    assert ours["create"]["properties"]["secret"] == "captured"
    gone_in_stock = stock.pop("read of what is gone")
    assert ours.pop("read of what is gone").get("id") is gone_in_stock.get("id") is None
    assert ours == stock
