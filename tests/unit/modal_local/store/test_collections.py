"""What goes by itself: idle entries, silent clients, partitions whose time is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modal_local.errors import NoRoom, NotFound
from modal_local.settings import Home
from modal_local.store import dict_entries, queue_items
from modal_local.store.collections import SILENCE_S
from modal_local.store.dict_entries import IDLE_S
from modal_local.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(Home(tmp_path)) as opened:
        yield opened


def a_dict(store: Store, name: str = "") -> str:
    return store.dicts.create(store.environments.find(""), name, "local")


def test_an_entry_goes_a_week_after_its_last_use(store: Store) -> None:
    dict_id = a_dict(store, "d")
    store.dict_entries.update(dict_id, {b"idle": b"1", b"read": b"2"})
    store.database.run("UPDATE dict_entries SET used_at = used_at - ?", IDLE_S - 60)
    assert store.dict_entries.get(dict_id, b"read") == b"2"
    store.database.run("UPDATE dict_entries SET used_at = used_at - 120")
    assert store.dict_entries.get(dict_id, b"idle") is None
    assert store.dict_entries.keys(dict_id) == [b"read"]
    assert store.dict_entries.update(dict_id, {b"idle": b"3"}, only_new=True)


def test_a_dict_that_would_be_too_large_keeps_what_it_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dict_entries, "LARGEST_DICT", 100)
    dict_id = a_dict(store, "d")
    store.dict_entries.update(dict_id, {b"a": b"x" * 60})
    with pytest.raises(NoRoom):
        store.dict_entries.update(dict_id, {b"b": b"x" * 60})
    assert store.dict_entries.keys(dict_id) == [b"a"]


def test_a_nameless_one_goes_with_its_client(store: Store) -> None:
    silent, heard, named = a_dict(store), a_dict(store), a_dict(store, "named")
    store.database.run("UPDATE collections SET heard_at = heard_at - ?", SILENCE_S + 1)
    store.dicts.beat(heard)
    a_dict(store)
    with pytest.raises(NotFound):
        store.dicts.find(silent)
    for kept in (heard, named):
        store.dicts.find(kept)


def test_a_queue_takes_so_many_partitions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_items, "MOST_PARTITIONS", 2)
    queue_id = store.queues.create(store.environments.find(""), "q", "local")
    for partition in (b"", b"a", b"a"):
        store.queue_items.put(queue_id, partition, [b"1"])
    with pytest.raises(NoRoom, match="partitions"):
        store.queue_items.put(queue_id, b"b", [b"1"])
    assert store.queue_items.partitions(queue_id) == 2


def test_a_page_is_no_larger_than_an_answer_and_never_empty(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_items, "_LARGEST_PAGE", 10)
    queue_id = store.queues.create(store.environments.find(""), "q", "local")
    store.queue_items.put(queue_id, b"", [b"x" * 20, b"1", b"2", b"y" * 20])
    assert store.queue_items.take(queue_id, b"", 9) == [b"x" * 20]
    assert store.queue_items.take(queue_id, b"", 9) == [b"1", b"2"]
    assert store.queue_items.take(queue_id, b"", 9) == [b"y" * 20]
