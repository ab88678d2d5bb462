"""How an environment is made and deleted: cut off, raced, refused, and never one of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import NotFound, Refused, Unavailable
from pulumi_modal.provider import environment
from pulumi_modal.provider.environment import EnvironmentProvider
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.environments import FakeEnvironments
from tests.fakes.operations import Managed

DEV = {"name": "dev", "workspace": "local"}


@pytest.fixture
def modal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEnvironments:
    """The Modal that the provider reaches."""
    made = FakeEnvironments()
    monkeypatch.setattr(environment, "_environments", lambda _: made)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    return made


@pytest.fixture
def managed() -> Managed:
    return Managed(EnvironmentProvider())


def test_a_lost_answer_is_asked_for_and_counts_as_this_stacks(
    modal: FakeEnvironments, managed: Managed
) -> None:
    modal.fail("create", Unavailable("no answer"), done=True)
    assert managed.up(**DEV)["adopted"] is False
    assert modal.calls.count("create") == 1


def test_a_create_that_does_not_arrive_is_tried_again_and_then_told(
    modal: FakeEnvironments, managed: Managed
) -> None:
    modal.fail("create", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        managed.up(**DEV)
    assert modal.calls.count("create") == 3
    modal.heal()
    assert managed.up(**DEV)["adopted"] is False


def test_a_create_that_was_killed_before_it_was_known_counts_as_this_stacks(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    assert Managed(EnvironmentProvider()).up(**DEV)["adopted"] is False
    managed.refresh()
    managed.up(**DEV, on_delete="retain")  # now the state is known to have it
    assert Managed(EnvironmentProvider()).up(**DEV)["adopted"] is True
    modal.delete("dev")


def test_one_of_the_name_that_somebody_made_since_is_theirs(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    modal.delete("dev")
    modal.create("dev", is_restricted=False, default_role="")
    assert Managed(EnvironmentProvider()).up(**DEV)["adopted"] is True


def test_two_stacks_that_make_it_at_once_both_have_it(
    modal: FakeEnvironments, managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = modal.create

    def raced(name: str, **more: Any) -> None:
        create(name, **more)
        create(name, **more)  # the other one came first

    monkeypatch.setattr(modal, "create", raced)
    assert managed.up(**DEV)["adopted"] is True


def test_one_that_modal_refuses_is_an_error_and_leaves_no_note(
    modal: FakeEnvironments, managed: Managed, tmp_path: Path
) -> None:
    modal.fail("create", Refused("creating the environment dev: too many"))
    with pytest.raises(Refused, match="too many"):
        managed.up(**DEV)
    assert list(tmp_path.glob("modal-begun/*")) == []


def test_what_fails_after_it_was_made_keeps_it_in_the_state(
    modal: FakeEnvironments, managed: Managed
) -> None:
    modal.fail("set_web_suffix", Refused("setting the web suffix of dev: another one has it"))
    with pytest.raises(PartialFailure, match="another one has it") as caught:
        managed.up(**DEV, web_suffix="main")
    assert caught.value.resource_id == "dev"
    assert caught.value.outs["adopted"] is False
    assert caught.value.outs["suffix"] == "dev"


def test_a_note_that_cannot_be_kept_is_told_and_stops_nothing(
    modal: FakeEnvironments, managed: Managed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "file"))
    managed.up(**DEV)
    assert "dev" in modal.names()
    assert "if this create is cut off" in managed.said[0]


def test_without_a_refresh_only_the_one_of_the_state_is_deleted(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV, on_delete="force")
    modal.rename("dev", "theirs")
    modal.create("dev", is_restricted=False, default_role="")
    managed.destroy()
    assert "theirs" not in modal.names()
    assert "dev" in modal.names()
    assert managed.said == ["the environment dev was renamed to theirs by somebody"]


def test_one_that_was_made_anew_is_left(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV, on_delete="force")
    modal.delete("dev")
    modal.create("dev", is_restricted=False, default_role="")
    managed.destroy()
    assert "dev" in modal.names()
    assert managed.said == ["the environment dev was made anew by somebody since: left as it is"]


@pytest.mark.parametrize("verb", ["all", "contents", "delete"])
def test_a_modal_that_does_not_answer_loses_nothing(
    modal: FakeEnvironments, managed: Managed, verb: str
) -> None:
    managed.up(**DEV)
    modal.fail(verb, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        managed.destroy()
    assert "dev" in modal.names()


def test_one_that_holds_something_is_deleted_only_on_demand(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    modal.held["dev"] = ["volume models", "app theirs"]
    with pytest.raises(Refused, match="holds app theirs, volume models, which would be lost"):
        managed.destroy()
    managed.up(**DEV, on_delete="retain")
    managed.destroy()
    assert "dev" in modal.names()
    assert managed.said[-1] == "the environment dev is left in Modal, as on_delete says"
    managed.take("dev")
    managed.up(**DEV, on_delete="force")
    managed.destroy()
    assert "dev" not in modal.names()


def test_the_default_environment_is_never_deleted(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.take("main")
    with pytest.raises(Refused, match="is the default of the workspace"):
        managed.destroy()
    assert "main" in modal.names()


def test_one_that_is_gone_meanwhile_is_told(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV)
    modal.fail("delete", NotFound("deleting the environment dev: not found"))
    managed.destroy()
    assert managed.said == ["was gone already"]
