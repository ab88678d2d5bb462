"""`Secret` over a real local Modal: every operation, what others do meanwhile, and what is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import modal
import pytest
from pulumi.output import UNKNOWN

from pulumi_modal.commands.drift_look import look_at
from pulumi_modal.commands.drift_state import TYPES, Recorded
from pulumi_modal.commands.drift_words import line
from pulumi_modal.errors import Refused
from pulumi_modal.provider.secret import SecretProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place

CANARY = "c4n4ry-9d1f"


@pytest.fixture
def place(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    with a_place(server, tmp_path, monkeypatch) as environment:
        yield {"name": "hf", "environment": environment, "workspace": "local"}


def by_hand(
    server: LocalModalServer, place: Mapping[str, str], values: dict[str, str], *, anew: bool = True
) -> None:
    """What somebody does with the stock SDK."""
    environment = place["environment"]
    with server.client() as client:
        if anew:
            modal.Secret.objects.delete(
                "hf", allow_missing=True, environment_name=environment, client=client
            )
            modal.Secret.objects.create("hf", values, environment_name=environment, client=client)
        else:
            secret = modal.Secret.from_name("hf", environment_name=environment, client=client)
            secret.update(values)


def values_of(server: LocalModalServer, place: Mapping[str, str]) -> dict[str, Any]:
    """What containers would be given: read from the local Modal's own store."""
    import json
    import sqlite3

    with sqlite3.connect(server.home / "state.sqlite") as database:
        (row,) = database.execute(
            "SELECT variables FROM secrets JOIN environments USING (environment_id)"
            " WHERE secrets.name = ? AND environments.name = ?",
            (place["name"], place["environment"]),
        ).fetchall()
    return dict(json.loads(row[0]))


def test_a_secret_is_made_with_its_values_and_tells_only_names(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    secret = Managed(SecretProvider())
    outs = secret.up(**place, values={"TOKEN": CANARY})
    assert secret.id == f"{place['environment']}/hf"
    assert values_of(server, place) == {"TOKEN": CANARY}
    assert outs["keys"] == ["TOKEN"]
    assert outs["secret_id"].startswith("st-")
    assert CANARY not in f"{outs}{secret.said}"


def test_what_is_left_out_is_removed_and_what_changes_counts(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    secret = Managed(SecretProvider())
    first = secret.up(**place, values={"A": "1", "B": "2", "C": "3"})
    outs = secret.up(**place, values={"A": "1", "B": "changed"})
    assert values_of(server, place) == {"A": "1", "B": "changed"}
    assert outs["revisions"] == {"A": 1, "B": 2}
    assert outs["secret_id"] == first["secret_id"]
    assert outs["digest"] != first["digest"]
    assert secret.up(**place, values={"A": "1", "B": "changed"}) == outs


def test_a_create_that_was_cut_off_is_taken_over(place: dict[str, str]) -> None:
    lost = Managed(SecretProvider()).up(**place, values={"A": "1"})
    again = Managed(SecretProvider()).up(**place, values={"A": "1"})
    assert again == lost


def test_a_foreign_secret_is_refused_unless_it_is_adopted(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    by_hand(server, place, {"OTHER": "theirs"})
    secret = Managed(SecretProvider())
    with pytest.raises(Refused, match=r"is there already, with OTHER, .* `adopt`") as caught:
        secret.up(**place, values={"A": CANARY})
    assert CANARY not in str(caught.value)
    assert values_of(server, place) == {"OTHER": "theirs"}
    secret.up(**place, values={"A": "mine"}, adopt=True)
    assert values_of(server, place) == {"A": "mine"}


def test_a_refresh_of_what_nobody_touched_changes_nothing(place: dict[str, str]) -> None:
    secret = Managed(SecretProvider())
    outs = secret.up(**place, values={"A": "1"})
    inputs = secret.inputs
    for handed_on in (True, False):
        assert secret.refresh(handed_on=handed_on)
        assert (secret.inputs, secret.outs) == (inputs, outs)


def test_what_others_did_shows_as_drift_and_is_repaired(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    said = {**place, "values": {"A": "1", "B": "2"}}
    secret = Managed(SecretProvider())
    before = secret.up(**said)
    by_hand(server, place, {"MORE": "3"}, anew=False)
    assert secret.refresh()
    drifted = secret.inputs
    assert secret.checked(**said)["revisions"] != drifted["revisions"]
    repaired = secret.up(**said)
    assert values_of(server, place) == {"A": "1", "B": "2"}
    assert repaired["digest"] != before["digest"]
    inputs = secret.inputs
    assert secret.refresh()
    assert secret.inputs == inputs


@pytest.mark.parametrize("handed_on", [True, False], ids=["our host", "pulumis host"])
def test_one_that_was_made_anew_is_somebody_elses_until_it_is_adopted(
    server: LocalModalServer, place: dict[str, str], *, handed_on: bool
) -> None:
    secret = Managed(SecretProvider())
    first = secret.up(**place, values={"A": "1", "B": "2"})
    by_hand(server, place, {"A": "theirs"})
    with pytest.raises(Refused, match=r"was deleted, and made anew by .* `adopt` it"):
        secret.up(**place, values={"A": "1", "B": "3"})
    urn = "urn:pulumi:dev::acme::modal:Secret::hf"
    state = Recorded(urn, f"{TYPES}Secret", secret.id, secret.inputs, secret.outs, frozenset())
    (drifted,) = [line(one).plain for one in look_at([state])[0].differences]
    assert drifted.startswith("Secret hf: is gone (deleted, and made anew by ")
    assert not secret.refresh(handed_on=handed_on)
    assert "deleted, and made anew by" in secret.said[-1]
    assert "that one is not this stack's" in secret.said[-1]
    with pytest.raises(Refused, match="is there already, with A"):
        secret.up(**place, values={"A": "1", "B": "3"})
    assert values_of(server, place) == {"A": "theirs"}
    taken = secret.up(**place, values={"A": "1", "B": "3"}, adopt=True)
    assert values_of(server, place) == {"A": "1", "B": "3"}
    assert taken["secret_id"] != first["secret_id"]
    by_hand(server, place, {"A": "theirs again"})
    outs = secret.up(**place, values={"A": "1"}, adopt=True)
    assert outs["secret_id"] != taken["secret_id"]
    assert values_of(server, place) == {"A": "1"}


def test_a_preview_without_variables_tells_an_empty_secret(place: dict[str, str]) -> None:
    secret = Managed(SecretProvider())
    outs = secret.up(**place, values={"A": "1"})
    assert SecretProvider().predict(outs, secret.checked(**place))["keys"] == []
    assert secret.up(**place)["keys"] == []


def test_a_secret_that_is_gone_is_to_be_made_again(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    secret = Managed(SecretProvider())
    secret.up(**place, values={"A": "1"})
    with server.client() as client:
        modal.Secret.objects.delete("hf", environment_name=place["environment"], client=client)
    assert not secret.refresh()
    secret.up(**place, values={"A": "1"})
    assert values_of(server, place) == {"A": "1"}


def test_an_import_knows_names_and_the_next_up_writes_the_values(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    by_hand(server, place, {"A": "theirs"})
    secret = Managed(SecretProvider())
    secret.take(f"{place['environment']}/hf")
    assert secret.inputs == {**place, "adopt": False, "revisions": {"A": 0}}
    secret.up(**place, values={"A": "mine"})
    assert values_of(server, place) == {"A": "mine"}
    secret.take(f"local/{place['environment']}/hf")
    assert secret.id == f"{place['environment']}/hf"


def test_a_destroy_removes_it_once_and_never_somebody_elses(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    secret = Managed(SecretProvider())
    secret.up(**place, values={"A": "1"})
    outs = secret.outs
    by_hand(server, place, {"A": "theirs"})
    secret.destroy()
    assert values_of(server, place) == {"A": "theirs"}
    assert "left as it is" in secret.said[-1]
    with server.client() as client:
        modal.Secret.objects.delete("hf", environment_name=place["environment"], client=client)
    SecretProvider().delete("x", outs)  # gone already


def test_a_value_that_is_not_known_yet_has_no_known_revision(place: dict[str, str]) -> None:
    secret = Managed(SecretProvider())
    secret.up(**place, values={"A": "1", "B": "2"})
    inputs = secret.checked(**place, values={"A": "1", "B": UNKNOWN})
    assert inputs["revisions"] == {"A": 1, "B": UNKNOWN}
    assert inputs["values"] == {"A": "1", "B": UNKNOWN}


@pytest.mark.parametrize(
    ("said", "property_", "reason"),
    [
        pytest.param({"values": {"A-B": "x"}}, "values.A-B", "did you mean A_B?", id="a name"),
        pytest.param({"values": {"A": 771}}, "values.A", "is not a string", id="a number"),
        pytest.param({"name": "a b"}, "name", "did you mean a-b?", id="the name"),
        pytest.param({"adopt": "perhaps"}, "adopt", "true or false", id="a flag"),
        pytest.param({"environment": "en-1"}, "environment", "not with en-", id="environment"),
        pytest.param({"colour": "red"}, "colour", "is not a known key", id="an unknown key"),
    ],
)
def test_what_is_wrong_is_told_and_no_value_with_it(
    said: dict[str, Any], property_: str, reason: str
) -> None:
    sound = {"name": "hf", "environment": "dev", "workspace": "local", "values": {"A": CANARY}}
    refusals = Managed(SecretProvider()).refusals(**{**sound, **said})
    assert reason in next(iter(refusals.values()))
    assert [one.replace('["A-B"]', ".A-B") for one in refusals] == [property_]
    assert CANARY not in str(refusals)
    assert "771" not in str(refusals)


def test_another_place_is_another_secret(place: dict[str, str]) -> None:
    secret = Managed(SecretProvider())
    secret.up(**place, values={"A": "1"})
    assert secret.replaces(**{**place, "name": "other"}, values={"A": "1"}) == ["name"]
    assert secret.replaces(**place, values={"A": "2"}) == []
    assert any(said.startswith("revisions: in place (written as a whole") for said in secret.said)
