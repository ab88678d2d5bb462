"""An environment is made once, used where it is, and never taken from anybody."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.errors import NotFound, Refused, Unavailable
from pulumi_modal.gateway.port import AppRef
from pulumi_modal.provider import environment
from pulumi_modal.provider.environment import EnvironmentProvider, ensure, remove
from pulumi_modal.provider.operation import Operation, as_current
from tests.fakes.apps import Stack
from tests.fakes.gateway import FakeGateway

OUTS = {"name": "dev", "workspace": "local", "adopted": False}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """The Modal that the provider reaches."""
    made = FakeGateway()
    monkeypatch.setattr(environment, "connect", lambda *_: made)
    return made


def removed(gateway: FakeGateway, *, adopted: bool = False) -> list[str]:
    """What is told of a removal of `dev`."""
    told: list[str] = []
    operation = Operation(tell=told.append, warn=lambda sentence: told.append(f"warn: {sentence}"))
    remove(gateway, "dev", operation, adopted=adopted)
    return told


def test_an_environment_is_made_where_there_is_none() -> None:
    gateway = FakeGateway()
    assert ensure(gateway, "dev") is False
    assert "dev" in gateway.environments()


def test_an_environment_that_is_there_is_used() -> None:
    gateway = FakeGateway(environments=("dev",))
    assert ensure(gateway, "dev") is True
    assert gateway.verbs() == ["environments"]


def test_two_stacks_that_make_one_environment_at_once_both_have_it() -> None:
    class Racing(FakeGateway):
        def create_environment(self, name: str) -> None:
            super().create_environment(name)
            super().create_environment(name)  # the other one came first

    assert ensure(Racing(), "dev") is True


def test_an_environment_that_modal_refuses_is_an_error() -> None:
    gateway = FakeGateway()
    gateway.fail("create_environment", Refused("creating the environment dev: too many"))
    with pytest.raises(Refused, match="too many"):
        ensure(gateway, "dev")


def test_an_empty_environment_of_this_stack_is_removed() -> None:
    gateway = FakeGateway(environments=("dev",))
    assert removed(gateway) == []
    assert "dev" not in gateway.environments()


def test_a_removal_repeats_safely() -> None:
    gateway = FakeGateway()
    assert removed(gateway) == []
    assert gateway.verbs() == ["environments"]


def test_an_environment_that_goes_meanwhile_is_gone() -> None:
    gateway = FakeGateway(environments=("dev",))
    gateway.fail("delete_environment", NotFound("deleting the environment dev: not found"))
    assert removed(gateway) == ["was gone already"]


def test_an_adopted_environment_is_left_alone() -> None:
    gateway = FakeGateway(environments=("dev",))
    assert removed(gateway, adopted=True) == [
        "warn: the environment dev was there before this stack: left as it is"
    ]
    assert "dev" in gateway.environments()


def test_an_environment_with_foreign_apps_is_refused() -> None:
    stack = Stack()
    stack.create()
    with pytest.raises(Refused) as caught:
        removed(stack.gateway)
    assert str(caught.value).startswith("environment dev: llm still run there and are not this")
    assert AppRef("dev", "llm") in stack.gateway.running


def test_what_is_kept_in_an_environment_keeps_it() -> None:
    gateway = FakeGateway(environments=("dev",))
    gateway.volumes.add(("dev", "models"))
    gateway.secrets["dev", "hf"] = frozenset()
    (sentence,) = removed(gateway)
    assert "left in place: it holds volume models, secret hf;" in sentence
    assert "`modal environment delete dev`" in sentence
    assert "dev" in gateway.environments()


@pytest.mark.parametrize("verb", ["environments", "apps", "kept_objects", "delete_environment"])
def test_an_environment_that_could_not_be_removed_is_not_forgotten(verb: str) -> None:
    gateway = FakeGateway(environments=("dev",))
    gateway.fail(verb, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        removed(gateway)


def test_a_create_keeps_whether_it_was_there(gateway: FakeGateway) -> None:
    provider = EnvironmentProvider()
    made = provider.create({"name": "dev", "workspace": "local", "__provider": "x"})
    assert (made.id, made.outs) == ("dev", OUTS)
    again = provider.create({"name": "dev", "workspace": "local"})
    assert again.outs == {**OUTS, "adopted": True}
    assert gateway.verbs().count("create_environment") == 1


def test_a_read_gives_back_what_is_known(gateway: FakeGateway) -> None:
    provider = EnvironmentProvider()
    gateway.create_environment("dev")
    found = provider.read("dev", {**OUTS, "__provider": "x"})
    assert (found.id, found.outs) == ("dev", OUTS)
    assert found.inputs == {"name": "dev", "workspace": "local"}


@pytest.mark.usefixtures("gateway")
def test_an_environment_that_is_gone_reads_as_gone() -> None:
    found = EnvironmentProvider().read("dev", OUTS)
    assert (found.id, found.outs) == (None, {})


def test_a_modal_that_does_not_answer_is_no_gone_environment(gateway: FakeGateway) -> None:
    gateway.fail("environments", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        EnvironmentProvider().read("dev", OUTS)


def test_a_delete_tells_the_operation_in_progress(gateway: FakeGateway) -> None:
    gateway.create_environment("dev")
    warned: list[str] = []
    with as_current(Operation(warn=warned.append)):
        EnvironmentProvider().delete("dev", {**OUTS, "adopted": True})
    assert len(warned) == 1


@pytest.mark.usefixtures("gateway")
def test_an_update_loses_nothing() -> None:
    olds = {**OUTS, "__provider": "x"}
    assert EnvironmentProvider().update("dev", olds, {"name": "dev"}).outs == OUTS


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"name": "prod"}, ["name"], id="another name"),
        pytest.param({"workspace": "acme"}, ["workspace"], id="another workspace"),
    ],
)
def test_another_name_or_workspace_is_another_environment(
    change: dict[str, Any], replaces: list[str]
) -> None:
    olds = {**OUTS, "__provider": "x"}
    result = EnvironmentProvider().diff("dev", olds, {"name": "dev", "workspace": "local"} | change)
    assert result.changes is None
    assert result.replaces == replaces
