"""`Dict` and `Queue` over a real local Modal: every operation, and that nothing in one is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import modal
import pytest

from pulumi_modal.errors import Refused
from pulumi_modal.provider.dict import DictProvider
from pulumi_modal.provider.noun import NounProvider
from pulumi_modal.provider.queue import QueueProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place


@dataclass
class Collection:
    """A kind of collection in a place."""

    noun: str
    provider: NounProvider
    server: LocalModalServer
    place: dict[str, str]

    def hold(self, *values: str) -> int | None:
        """How many values it holds, with these; None when it is gone."""
        environment = self.place["environment"]
        with self.server.client() as client:
            try:
                if self.noun == "dict":
                    found = modal.Dict.from_name("it", environment_name=environment, client=client)
                    found.update({value: value for value in values})
                    return found.len()
                queue = modal.Queue.from_name("it", environment_name=environment, client=client)
                queue.put_many(list(values), partition="a-partition")
                return queue.len(total=True)
            except modal.exception.NotFoundError:
                return None


@pytest.fixture(params=["dict", "queue"])
def collection(
    request: pytest.FixtureRequest,
    server: LocalModalServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Collection]:
    with a_place(server, tmp_path, monkeypatch) as environment:
        place = {"name": "it", "environment": environment, "workspace": "local"}
        provider = DictProvider() if request.param == "dict" else QueueProvider()
        yield Collection(request.param, provider, server, place)


def test_an_empty_one_is_made_and_removed(collection: Collection) -> None:
    managed = Managed(collection.provider)
    outs = managed.up(**collection.place)
    assert outs[f"{collection.noun}_id"].startswith(collection.noun[:2])
    assert collection.hold() == 0
    managed.destroy()
    assert collection.hold() is None
    collection.provider.delete("x", outs)  # gone already


def test_what_it_holds_is_lost_only_when_the_stack_says_so(collection: Collection) -> None:
    managed = Managed(collection.provider)
    managed.up(**collection.place)
    collection.hold("a", "b")
    with pytest.raises(Refused, match=f"{collection.noun} .*/it: is not empty"):
        managed.destroy()
    managed.up(**collection.place, on_delete="force")
    assert collection.hold() == 2
    managed.destroy()
    assert collection.hold() is None


def test_one_that_is_there_is_used_and_one_that_is_retained_stays(collection: Collection) -> None:
    first = Managed(collection.provider).up(**collection.place, on_delete="retain")
    collection.hold("a")
    managed = Managed(collection.provider)
    assert managed.up(**collection.place, on_delete="retain") == first
    managed.destroy()
    assert collection.hold() == 1


def test_one_that_was_made_anew_is_left_with_what_it_holds(collection: Collection) -> None:
    managed = Managed(collection.provider)
    outs = managed.up(**collection.place, on_delete="force")
    id_, environment = managed.id, collection.place["environment"]
    objects = modal.Dict.objects if collection.noun == "dict" else modal.Queue.objects
    with collection.server.client() as client:
        objects.delete("it", environment_name=environment, client=client)
        objects.create("it", environment_name=environment, client=client)
    collection.hold("theirs")
    managed.destroy()
    assert collection.hold() == 1
    assert "left as it is, for it was deleted, and made anew by" in managed.said[-1]
    managed.id, managed.outs = id_, outs
    assert not managed.refresh()
    assert "that one is not this stack's" in managed.said[-1]


def test_a_refresh_and_an_import_say_what_is_there(collection: Collection) -> None:
    managed = Managed(collection.provider)
    managed.up(**collection.place)
    inputs, outs = managed.inputs, managed.outs
    assert managed.refresh()
    assert (managed.inputs, managed.outs) == (inputs, outs)
    taken = Managed(collection.provider)
    taken.take(managed.id)
    assert (taken.inputs, taken.outs) == (inputs, outs)
    managed.destroy()
    assert not taken.refresh()


def test_another_place_is_another_one(collection: Collection) -> None:
    managed = Managed(collection.provider)
    managed.up(**collection.place)
    assert managed.replaces(**{**collection.place, "name": "other"}) == ["name"]
    assert managed.replaces(**collection.place, on_delete="force") == []
