"""An environment is made once, kept as declared, never taken from anybody, and told from others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import NotFound
from pulumi_modal.provider import environment
from pulumi_modal.provider.environment import EnvironmentProvider
from pulumi_modal.spec.resources.environment import EFFECTS
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


def test_one_is_made_where_there_is_none(modal: FakeEnvironments, managed: Managed) -> None:
    outs = managed.up(**DEV)
    assert managed.id == "dev"
    assert outs == {
        **DEV,
        "on_delete": "refuse",
        "environment_id": modal.named("dev").environment_id,
        "suffix": "dev",
        "adopted": False,
        "created_at": "2026-11-24T12:00:00+00:00",
    }


def test_one_that_is_there_is_used_and_left_alone(
    modal: FakeEnvironments, managed: Managed
) -> None:
    outs = managed.up(name="main", workspace="local", on_delete="force")
    assert outs["adopted"] is True
    assert modal.calls == ["all"]
    managed.destroy()
    assert "main" in modal.names()
    assert managed.said == ["the environment main was there before this stack: left as it is"]


def test_what_is_declared_is_set_at_once(modal: FakeEnvironments, managed: Managed) -> None:
    roles = {"users": {"alice": "contributor"}, "service_users": {"ci": "viewer"}}
    outs = managed.up(**DEV, web_suffix="d", restricted=True, default_role="no-access", roles=roles)
    made = modal.named("dev")
    assert (made.web_suffix, made.is_restricted, made.default_role) == ("d", True, "no-access")
    assert modal.roles(made).as_map() == roles
    assert (outs["suffix"], outs["roles"]) == ("d", roles)
    assert modal.calls.count("restrict") == 0  # it was made so


def test_what_is_changed_is_changed_in_place(modal: FakeEnvironments, managed: Managed) -> None:
    first = managed.up(**DEV, restricted=True, roles={"users": {"alice": "viewer"}})
    news = {
        **DEV,
        "web_suffix": "d",
        "restricted": True,
        "default_role": "no-access",
        "roles": {"users": {"bob": "viewer"}},
    }
    assert managed.replaces(**news) == []
    outs = managed.up(**news)
    assert modal.roles(modal.named("dev")).as_map() == {"users": {"bob": "viewer"}}
    assert outs["environment_id"] == first["environment_id"]
    managed.up(**DEV)  # nothing is declared any more: all but roles stays as it is
    assert (modal.named("dev").web_suffix, modal.named("dev").is_restricted) == ("d", True)
    assert modal.roles(modal.named("dev")).as_map() == {}


def test_an_update_touches_only_what_differs(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV, web_suffix="dev")
    modal.calls.clear()
    managed.up(**DEV, web_suffix="dev", on_delete="retain")
    assert modal.calls == ["all"]


@pytest.mark.parametrize(
    ("news", "named"),
    [
        ({"web_suffix": "Not_Good"}, "web_suffix"),
        ({"default_role": "viewer"}, "default_role"),
        ({"roles": {"users": {"alice": "viewer"}}}, "roles.users"),
        ({"restricted": True, "default_role": "king"}, "default_role"),
        ({"restricted": True, "roles": {"users": {"a": "king"}}}, "roles.users.a"),
        ({"restricted": "maybe"}, "restricted"),
        ({"on_delete": "never"}, "on_delete"),
        ({"name": "en-x"}, "name"),
    ],
)
def test_what_cannot_be_is_refused_at_preview(
    managed: Managed, news: dict[str, Any], named: str
) -> None:
    assert named in managed.refusals(**{**DEV, **news})


def test_another_environment_of_the_credentials_is_refused_at_preview(
    managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODAL_ENVIRONMENT", "prod")
    assert "prod" in managed.refusals(**DEV)["name"]


@pytest.mark.usefixtures("modal")
def test_another_name_or_workspace_is_another_environment(managed: Managed) -> None:
    managed.up(**DEV)
    assert managed.replaces(name="prod", workspace="local") == ["name"]
    assert managed.replaces(name="dev", workspace="acme") == ["workspace"]


def test_a_refresh_of_what_is_as_declared_changes_nothing(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV, web_suffix="d", restricted=True, roles={"users": {"bob": "viewer"}})
    before = (managed.id, managed.inputs, managed.outs)
    for handed_on in (True, False):
        assert managed.refresh(handed_on=handed_on)
        assert (managed.id, managed.inputs, managed.outs) == before
    assert "dev" in modal.names()


def test_a_refresh_sees_what_others_have_set_and_up_sets_it_back(
    modal: FakeEnvironments, managed: Managed
) -> None:
    declared = {**DEV, "web_suffix": "d", "restricted": True, "roles": {"users": {"bob": "viewer"}}}
    managed.up(**declared)
    modal.set_web_suffix("dev", "x")
    modal.restrict(modal.named("dev"), is_restricted=False, default_role="")
    modal._given[modal.named("dev").environment_id]["users"] = {"alice": "contributor"}
    managed.refresh()
    assert managed.inputs["web_suffix"] == "x"
    assert managed.inputs["restricted"] is False
    assert "roles" not in managed.inputs
    managed.up(**declared)
    made = modal.named("dev")
    assert (made.web_suffix, made.is_restricted) == ("d", True)
    assert modal.roles(made).users == {"alice": "contributor", "bob": "viewer"}


def test_what_is_not_declared_is_no_drift(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV)
    inputs = managed.inputs
    modal.set_web_suffix("dev", "x")
    modal.restrict(modal.named("dev"), is_restricted=True, default_role="")
    managed.refresh()
    assert managed.inputs == inputs
    assert managed.outs["suffix"] == "x"


def test_one_that_was_renamed_is_found_by_its_id_and_renamed_back(
    modal: FakeEnvironments, managed: Managed
) -> None:
    made = managed.up(**DEV)
    modal.rename("dev", "theirs")
    assert managed.refresh()
    assert managed.said == ["the environment dev was renamed to theirs by somebody"]
    assert (managed.id, managed.inputs["name"]) == ("dev", "theirs")
    managed.refresh()
    assert managed.replaces(**DEV) == []
    outs = managed.up(**DEV)
    assert modal.named("dev").environment_id == made["environment_id"]
    assert outs == made


def test_a_rename_by_hand_that_the_stack_follows_replaces_nothing(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    modal.rename("dev", "development")
    managed.refresh()
    news = managed.checked(name="development", workspace="local")
    result = managed.provider.diff(managed.id, managed.outs, news)
    assert (result.replaces, result.changes) == ([], True)
    managed.outs = managed.provider.update(managed.id, managed.outs, news).outs or {}
    managed.inputs = news
    assert "renamed_from" not in managed.outs
    assert managed.replaces(**DEV) == ["name"]  # from now on its name is the new one
    managed.destroy()
    assert "development" not in modal.names()


def test_one_that_was_deleted_and_made_anew_is_theirs(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    modal.delete("dev")
    modal.create("dev", is_restricted=False, default_role="")
    managed.refresh()
    assert managed.outs["adopted"] is True
    assert "made anew by somebody" in managed.said[0]
    managed.destroy()
    assert "dev" in modal.names()


def test_one_that_is_gone_reads_as_gone(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV)
    modal.delete("dev")
    assert not managed.refresh()


def test_an_import_takes_all_settings_over(modal: FakeEnvironments, managed: Managed) -> None:
    modal.create("old", is_restricted=True, default_role="no-access")
    managed.take("local/old")
    assert managed.id == "old"
    assert managed.inputs == {
        "name": "old",
        "workspace": "local",
        "web_suffix": "old",
        "restricted": True,
        "default_role": "no-access",
        "on_delete": "refuse",
    }
    assert managed.outs["adopted"] is False
    managed.destroy()
    assert "old" not in modal.names()


def test_an_update_of_one_that_is_gone_says_what_to_do(
    modal: FakeEnvironments, managed: Managed
) -> None:
    managed.up(**DEV)
    modal.delete("dev")
    with pytest.raises(NotFound, match="`pulumi refresh`"):
        managed.up(**DEV, web_suffix="x")


def test_a_state_from_before_ids_were_kept_is_read_and_completed(
    modal: FakeEnvironments, managed: Managed
) -> None:
    modal.create("dev", is_restricted=False, default_role="")
    managed.id, managed.inputs = "dev", dict(DEV)
    managed.outs = {**DEV, "adopted": False}
    managed.refresh()
    assert managed.outs["environment_id"] == modal.named("dev").environment_id
    assert managed.outs["adopted"] is False
    managed.outs = {**DEV, "adopted": False}
    managed.destroy()
    assert "dev" not in modal.names()


@pytest.mark.usefixtures("modal")
def test_the_suffix_is_known_at_preview(managed: Managed) -> None:
    outs = managed.up(**DEV)
    provider = EnvironmentProvider()
    assert provider.predict(outs, {**DEV, "on_delete": "force"})["suffix"] == "dev"
    assert provider.predict(outs, {**DEV, "web_suffix": ""})["suffix"] == ""
    assert "suffix" not in provider.predict({}, DEV)


def test_a_preview_says_what_each_change_does(modal: FakeEnvironments, managed: Managed) -> None:
    managed.up(**DEV)
    news = {**DEV, "web_suffix": "d", "on_delete": "force"}
    with managed.operation():
        EnvironmentProvider().predict(managed.outs, managed.checked(**news))
    assert managed.said[0].splitlines() == [
        f"web_suffix: in place ({EFFECTS['web_suffix'].reason})",
        "on_delete: in place (only remembered for the delete; nothing changes in Modal)",
    ]
    managed.said.clear()
    modal.rename("dev", "theirs")
    managed.refresh()
    with managed.operation():
        EnvironmentProvider().predict(managed.outs, managed.checked(**DEV))
    assert managed.said[1:] == ["name: in place (somebody has renamed it; it is renamed back)"]
