"""What a publish changes, and what it leaves alone when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from modal_proto import api_pb2

from modal_local.errors import AlreadyExists, Conflict, Invalid, NotFound
from modal_local.settings import Home
from modal_local.store.apps import AppRecord
from modal_local.store.deployments import Release
from modal_local.store.logs import LogFilter
from modal_local.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(Home(tmp_path)) as opened:
        yield opened


def an_app(store: Store, name: str = "shop") -> AppRecord:
    environment = store.environments.find("")
    state = api_pb2.APP_STATE_INITIALIZING
    return store.apps.create(environment.environment_id, name, state, {})


def a_layout(store: Store, app: AppRecord, memory_mib: int = 128) -> api_pb2.AppLayout:
    """One function `f`, defined anew unless its memory is as before."""
    known = store.deployments.current(store.apps.find(app.app_id))
    function_id = known.layout.function_ids["f"] if known is not None else ""
    handle = api_pb2.FunctionHandleMetadata(function_name="f", app_id=app.app_id)
    function_id = store.functions.save(function_id, app.app_id, handle).function_id
    data = api_pb2.FunctionData(function_name="f")
    data.ranked_functions.add().function.resources.memory_mb = memory_mib
    definition = store.functions.define(function_id, data, handle)
    layout = api_pb2.AppLayout(function_ids={"f": function_id})
    layout.objects.add(object_id=function_id, function_handle_metadata=definition.metadata)
    return layout


def test_versions_count_on_and_the_last_one_serves(store: Store) -> None:
    app = an_app(store)
    for memory_mib in (128, 256):
        release = Release(a_layout(store, app, memory_mib), name="shop")
        store.deployments.publish(app.app_id, release)
    found = store.apps.deployed(app.environment_id, "shop")
    assert found is not None
    assert found.version == 2
    assert [deployment.version for deployment in store.deployments.history(app.app_id)] == [2, 1]


def test_equal_definitions_are_no_change_and_any_other_is(store: Store) -> None:
    app = an_app(store)
    store.deployments.publish(app.app_id, Release(a_layout(store, app), name="shop"))
    deployed = store.apps.find(app.app_id)
    same, other = a_layout(store, app), a_layout(store, app, memory_mib=256)
    assert not store.deployments.changes(deployed, Release(same, name="shop"))
    assert store.deployments.changes(deployed, Release(other, name="shop"))
    assert store.deployments.changes(deployed, Release(same, name="shop", tag="named"))


def test_bounds_set_by_a_caller_are_a_change_and_go_with_the_next_version(store: Store) -> None:
    app = an_app(store)
    layout = a_layout(store, app)
    store.deployments.publish(app.app_id, Release(layout, name="shop"))
    function_id = layout.function_ids["f"]
    settings = api_pb2.AutoscalerSettings(max_containers=3)
    store.functions.set_override(function_id, app.app_id, settings)
    again = Release(layout, name="shop")
    assert store.deployments.changes(store.apps.find(app.app_id), again)
    store.deployments.publish(app.app_id, again)
    assert store.functions.override(function_id) == api_pb2.AutoscalerSettings()


def test_a_publish_that_fails_leaves_what_served(store: Store) -> None:
    first, second = an_app(store), an_app(store)
    store.deployments.publish(first.app_id, Release(a_layout(store, first), name="shop"))
    release = Release(a_layout(store, second), name="shop")
    with pytest.raises(AlreadyExists):
        store.deployments.publish(second.app_id, release)
    with pytest.raises(Invalid):
        store.deployments.publish(second.app_id, Release(release.layout, name="bad name!"))
    assert store.deployments.history(second.app_id) == []
    assert store.apps.find(second.app_id).name == ""
    store.apps.begin_stop(second.app_id, "")
    with pytest.raises(Conflict):
        store.deployments.publish(second.app_id, Release(release.layout, name="other"))


def test_everything_is_there_after_the_state_was_closed(store: Store, tmp_path: Path) -> None:
    app = an_app(store)
    store.deployments.publish(app.app_id, Release(a_layout(store, app), name="shop"))
    store.apps.begin_stop(app.app_id, "local")
    store.database.__exit__()
    with Store(Home(tmp_path)) as again:
        # a killed server was stopping it: that is over
        assert again.apps.find(app.app_id).state == api_pb2.APP_STATE_STOPPED
        assert len(again.deployments.history(app.app_id)) == 1


def test_an_environment_takes_what_is_in_it_along(store: Store) -> None:
    environment = store.environments.create("staging", "2025.06")
    state = api_pb2.APP_STATE_INITIALIZING
    app = store.apps.create(environment.environment_id, "shop", state, {})
    secret = store.secrets.create(environment, "key", {"A": "1"})
    store.environments.delete("staging")
    with pytest.raises(NotFound):
        store.apps.find(app.app_id)
    with pytest.raises(NotFound):
        store.secrets.find(secret.secret_id)


def test_a_label_keeps_its_port_and_no_two_share_one(store: Store) -> None:
    environment = store.environments.find("")

    def reserve(label: str) -> int:
        usable = lambda port: port % 2 == 0  # noqa: E731 - every other port is another program's
        found = store.web_urls.reserve(environment.environment_id, "main", label, usable)
        return found.port

    ports = [reserve(f"label-{number}") for number in range(50)]
    assert len(set(ports)) == 50
    assert all(port % 2 == 0 for port in ports)
    assert [reserve(f"label-{number}") for number in range(50)] == ports


async def test_lines_of_a_function_are_found_with_those_of_its_variants(store: Store) -> None:
    app = an_app(store)
    function_id = a_layout(store, app).function_ids["f"]
    request = api_pb2.FunctionBindParamsRequest(function_id=function_id, serialized_params=b"x")
    variant = store.functions.bind(request).bound_id
    for callee in (function_id, variant, "fu-other"):
        store.logs.append(
            app.app_id, function_id=callee, task_id="ta-1", descriptor=1, text=f"{callee}\n"
        )
    every = store.logs.last(LogFilter(app.app_id, function_id=function_id), 10)
    assert [line.text.strip() for line in every] == [function_id, variant]
    one = store.logs.last(LogFilter(app.app_id, function_id=variant), 10)
    assert [line.text.strip() for line in one] == [variant]


async def test_what_is_printed_before_a_follower_waits_is_news_to_it(store: Store) -> None:
    seen = store.logs.changes
    store.logs.append("ap-1", function_id="", task_id="ta-1", descriptor=1, text="a\n")
    store.logs.flush()
    await asyncio.wait_for(store.logs.changed(since=seen), timeout=10)
