"""Dicts and queues by the stock SDK, from outside and from inside containers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import modal
import pytest
from modal.exception import AlreadyExistsError, InvalidError, NotFoundError

from tests.fakes.local_modal import LocalModalServer, local_modal

APP = """
import modal

app = modal.App("relay")


@app.function()
def relay(queue_id: str):
    notes = modal.Dict.from_name("notes", create_if_missing=True)
    jobs = modal.Queue.from_name("jobs")
    job = jobs.get(timeout=30)
    notes["seen"] = job
    modal.Queue.from_id(queue_id).put(job * 2)
    return notes.len()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("collections")) as running:
        yield running


@pytest.fixture
def client(server: LocalModalServer) -> Iterator[modal.Client]:
    with server.client() as connected:
        yield connected


def a_dict(client: modal.Client, name: str) -> modal.Dict:
    return modal.Dict.from_name(name, create_if_missing=True, client=client)


def a_queue(client: modal.Client, name: str) -> modal.Queue:
    return modal.Queue.from_name(name, create_if_missing=True, client=client)


def test_a_dict_is_a_mapping(client: modal.Client) -> None:
    prices = a_dict(client, "prices")
    prices["pear"] = 1
    prices.update({"plum": [2, 3]}, fig=None)
    assert prices["pear"] == 1
    assert prices.get("none", "default") == "default"
    assert prices.contains("fig")
    assert prices.len() == 3
    assert dict(prices.items()) == {"pear": 1, "plum": [2, 3], "fig": None}
    assert sorted(prices.keys()) == ["fig", "pear", "plum"]
    assert None in list(prices.values())
    assert prices.pop("plum") == [2, 3]
    with pytest.raises(KeyError):
        prices.pop("plum")
    with pytest.raises(KeyError):
        prices["plum"]
    prices.clear()
    assert prices.len() == 0


def test_a_key_that_is_there_is_kept_on_demand(client: modal.Client) -> None:
    locks = a_dict(client, "locks")
    assert locks.put("lock", "first", skip_if_exists=True) is True
    assert locks.put("lock", "second", skip_if_exists=True) is False
    assert locks["lock"] == "first"
    assert locks.put("lock", "third") is True
    assert locks["lock"] == "third"


def test_a_dict_refuses_too_many_entries_at_once(client: modal.Client) -> None:
    with pytest.raises(InvalidError, match="10000 entries"):
        a_dict(client, "many").update({str(number): 0 for number in range(10_001)})


def test_dicts_and_queues_are_made_listed_and_deleted(client: modal.Client) -> None:
    for kind in (modal.Dict, modal.Queue):
        with pytest.raises(NotFoundError, match=r"'temporary' not found in environment 'main'"):
            kind.from_name("temporary", client=client).hydrate()
        kind.objects.create("temporary", client=client)
        with pytest.raises(AlreadyExistsError, match="already exists"):
            kind.objects.create("temporary", client=client)
        kind.objects.create("temporary", allow_existing=True, client=client)
        found = kind.objects.list(max_objects=1, client=client)
        assert [one.name for one in found] == ["temporary"]
        shown = found[0].info()
        assert (shown.name, shown.created_by) == ("temporary", "local")
        kind.objects.delete("temporary", client=client)
        kind.objects.delete("temporary", allow_missing=True, client=client)
        with pytest.raises(NotFoundError):
            kind.objects.delete("temporary", client=client)


def test_names_are_apart_in_environments(client: modal.Client) -> None:
    modal.Environment.objects.create("apart", client=client)
    here = a_dict(client, "shared")
    there = modal.Dict.from_name(
        "shared", environment_name="apart", create_if_missing=True, client=client
    )
    here["at"] = "main"
    assert there.len() == 0
    modal.Environment.objects.delete("apart", client=client)
    with pytest.raises(NotFoundError):
        there.len()


def test_a_queue_gives_first_what_came_first(client: modal.Client) -> None:
    line = a_queue(client, "line")
    line.put(1)
    line.put_many([2, 3, 4])
    assert list(line.iterate()) == [1, 2, 3, 4]
    assert line.get() == 1
    assert line.get_many(2) == [2, 3]
    assert line.len() == 1
    assert line.get_many(5, block=False) == [4]
    assert line.get(block=False) is None
    with pytest.raises(queue.Empty):
        line.get(timeout=0.1)


def test_partitions_of_a_queue_are_apart(client: modal.Client) -> None:
    line = a_queue(client, "parts")
    line.put("default")
    line.put("left", partition="left")
    line.put_many(["right", "more"], partition="right")
    assert line.get(partition="left") == "left"
    assert line.len(total=True) == 3
    line.clear(partition="right")
    assert line.len(total=True) == 1
    line.clear(all=True)
    assert line.len(total=True) == 0


def test_a_partition_goes_when_its_time_is_over(client: modal.Client) -> None:
    line = a_queue(client, "brief")
    line.put("gone soon", partition="brief", partition_ttl=1)
    line.put("stays")
    with pytest.raises(queue.Empty):  # which also waits until the time is over
        line.get(timeout=1.5, partition="none")
    assert line.len(partition="brief") == 0
    assert line.get() == "stays"


def test_a_full_queue_refuses_all_of_what_does_not_fit(client: modal.Client) -> None:
    line = a_queue(client, "full")
    line.put_many(list(range(4_999)))
    with pytest.raises(queue.Full, match="full"):
        line.put_many([0, 1], block=False)
    assert line.len() == 4_999
    line.put("last", block=False)
    with pytest.raises(queue.Full):
        line.put("more", timeout=0.2)
    with pytest.raises(InvalidError, match="1 MiB"):
        line.put(b"x" * (1024**2 + 1))


def test_who_waits_gets_each_item_once(client: modal.Client) -> None:
    line = a_queue(client, "awaited")
    got: list[object] = []
    waiting = [threading.Thread(target=lambda: got.append(line.get(timeout=30))) for _ in range(4)]
    for thread in waiting:
        thread.start()
    line.put_many([1, 2])
    line.put_many([3, 4])
    for thread in waiting:
        thread.join(30)
    assert set(got) == {1, 2, 3, 4}
    assert line.len() == 0


def test_who_waits_at_a_queue_that_is_deleted_is_told(client: modal.Client) -> None:
    line = a_queue(client, "doomed")
    line.hydrate()
    told: list[BaseException] = []

    def wait() -> None:
        try:
            line.get(timeout=30)
        except NotFoundError as error:
            told.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    modal.Queue.objects.delete("doomed", client=client)
    thread.join(30)
    assert "does not exist" in str(told[0])


def test_what_is_ephemeral_has_no_name_and_is_used_by_id(client: modal.Client) -> None:
    with modal.Dict.ephemeral(client=client) as notes, modal.Queue.ephemeral(client=client) as line:
        notes["a"] = 1
        line.put(2)
        assert modal.Dict.from_id(notes.object_id, client=client)["a"] == 1
        assert modal.Queue.from_id(line.object_id, client=client).get() == 2
        assert notes.object_id not in {
            one.object_id for one in modal.Dict.objects.list(client=client)
        }


def test_containers_use_them_and_a_restart_loses_nothing(
    server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "relay.py").write_text(APP)
    server.deploy(tmp_path / "relay.py")
    with server.client() as client, modal.Queue.ephemeral(client=client) as answers:
        a_queue(client, "jobs").put(21)
        relay = modal.Function.from_name("relay", "relay", client=client)
        assert relay.remote(answers.object_id) == 1
        assert answers.get(timeout=30) == 42
        a_queue(client, "jobs").put("kept")
    server.kill()
    server.start()
    with server.client() as client:
        assert a_dict(client, "notes")["seen"] == 21
        assert a_queue(client, "jobs").get(timeout=1) == "kept"
