"""How many containers a function has."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from modal_proto import api_pb2

from modal_local.scheduling.bounds import Bounds, bounds_of, clocks_of
from modal_local.scheduling.scaling import (
    Load,
    Standing,
    input_concurrency,
    scale,
    wanted_containers,
)

NOW = 1000.0


@st.composite
def some_bounds(draw: st.DrawFn) -> Bounds:
    most = draw(st.integers(1, 20))
    max_inputs = draw(st.integers(1, 8))
    return Bounds(
        max_containers=most,
        min_containers=draw(st.integers(0, most)),
        buffer_containers=draw(st.integers(0, 5)),
        scaledown_window_s=draw(st.floats(2, 3600)),
        target_inputs=draw(st.integers(1, max_inputs)),
        max_inputs=max_inputs,
        batch_size=draw(st.integers(1, 16)),
    )


loads = st.builds(Load, st.integers(0, 500), st.integers(0, 500))


@st.composite
def some_containers(draw: st.DrawFn) -> list[Standing]:
    containers = []
    for number in range(draw(st.integers(0, 25))):
        running = draw(st.integers(0, 3))
        idle = None if running else draw(st.none() | st.floats(0, NOW))
        containers.append(Standing(f"ta-{number}", running, idle))
    return containers


@given(loads, some_bounds())
def test_what_is_wanted_keeps_within_bounds(load: Load, bounds: Bounds) -> None:
    assert bounds.min_containers <= wanted_containers(load, bounds) <= bounds.max_containers


@given(loads, some_bounds())
def test_what_is_wanted_can_hold_the_load_or_is_the_maximum(load: Load, bounds: Bounds) -> None:
    wanted = wanted_containers(load, bounds)
    room = wanted * bounds.capacity
    assert room >= load.queued + load.running or wanted == bounds.max_containers


@given(loads, some_bounds(), some_containers())
def test_a_change_never_leaves_the_bounds(
    load: Load, bounds: Bounds, containers: list[Standing]
) -> None:
    change = scale(load, bounds, containers, now=NOW)
    left = len(containers) + change.start - len(change.stop)
    assert len(set(change.stop)) == len(change.stop)
    assert bounds.min_containers <= left
    assert left <= max(bounds.max_containers, wanted_containers(load, bounds))
    assert not (change.start and change.stop)


@given(loads, some_bounds(), some_containers())
def test_only_the_maximum_stops_containers_that_work(
    load: Load, bounds: Bounds, containers: list[Standing]
) -> None:
    change = scale(load, bounds, containers, now=NOW)
    busy = {c.task_id for c in containers if c.running_inputs}
    idle_or_starting = len(containers) - len(busy)
    excess = max(len(containers) - bounds.max_containers, 0)
    assert len(busy & set(change.stop)) == max(excess - idle_or_starting, 0)


@given(loads, some_bounds(), some_containers())
def test_looking_again_is_never_in_the_past(
    load: Load, bounds: Bounds, containers: list[Standing]
) -> None:
    change = scale(load, bounds, containers, now=NOW)
    if change.look_again_at is not None:
        assert change.look_again_at > NOW


def test_small_loads_exhaustively() -> None:
    for queued, running, least, most, buffer, capacity in itertools.product(
        range(5), range(5), range(3), range(1, 4), range(3), range(1, 4)
    ):
        bounds = Bounds(
            max_containers=most,
            min_containers=min(least, most),
            buffer_containers=buffer,
            target_inputs=capacity,
            max_inputs=capacity,
        )
        demand = queued + running
        needed = (demand + capacity - 1) // capacity + (buffer if demand else 0)
        expected = min(max(needed, min(least, most)), most)
        assert wanted_containers(Load(queued, running), bounds) == expected


def test_nothing_is_started_without_load() -> None:
    assert scale(Load(0, 0), Bounds(max_containers=4), [], now=NOW).start == 0


def test_a_floor_starts_one_without_load() -> None:
    assert scale(Load(0, 0), Bounds(max_containers=4), [], now=NOW, floor=1).start == 1


def test_an_idle_container_stays_for_its_window() -> None:
    bounds = Bounds(max_containers=4, scaledown_window_s=60)
    change = scale(Load(0, 0), bounds, [Standing("ta-1", 0, NOW - 59)], now=NOW)
    assert change.stop == ()
    assert change.look_again_at == NOW + 1


def test_an_idle_container_goes_when_its_window_is_over() -> None:
    bounds = Bounds(max_containers=4, scaledown_window_s=60)
    change = scale(Load(0, 0), bounds, [Standing("ta-1", 0, NOW - 60)], now=NOW)
    assert change.stop == ("ta-1",)


def test_the_longest_idle_goes_first() -> None:
    bounds = Bounds(max_containers=4, min_containers=1)
    idle = [Standing("ta-1", 0, NOW - 100), Standing("ta-2", 0, NOW - 200)]
    assert scale(Load(0, 0), bounds, idle, now=NOW).stop == ("ta-2",)


def test_a_container_on_its_way_is_not_stopped_for_idleness() -> None:
    change = scale(Load(0, 0), Bounds(max_containers=4), [Standing("ta-1")], now=NOW)
    assert change.stop == ()


def test_a_lower_maximum_stops_the_emptiest() -> None:
    containers = [Standing("ta-1", 3), Standing("ta-2", 1), Standing("ta-3", 2)]
    change = scale(Load(0, 6), Bounds(max_containers=2), containers, now=NOW)
    assert change.stop == ("ta-2",)


def test_slots_open_to_the_maximum_while_inputs_wait() -> None:
    bounds = Bounds(max_containers=1, target_inputs=2, max_inputs=8)
    assert input_concurrency(Load(0, 2), bounds) == 2
    assert input_concurrency(Load(1, 2), bounds) == 8


def test_bounds_have_every_default_filled_in() -> None:
    bounds = bounds_of(api_pb2.Function(), api_pb2.AutoscalerSettings(), default_max_containers=7)
    assert bounds == Bounds(max_containers=7)


def test_declared_bounds_are_taken_over() -> None:
    definition = api_pb2.Function(
        max_concurrent_inputs=8, target_concurrent_inputs=4, batch_max_size=16
    )
    autoscaler = api_pb2.AutoscalerSettings(
        min_containers=2, max_containers=5, buffer_containers=1, scaledown_window=30
    )
    bounds = bounds_of(definition, autoscaler, default_max_containers=7)
    assert bounds == Bounds(5, 2, 1, 30, 4, 8, 16)
    assert bounds.capacity == 64


def test_a_minimum_above_the_default_maximum_raises_it() -> None:
    autoscaler = api_pb2.AutoscalerSettings(min_containers=9)
    bounds = bounds_of(api_pb2.Function(), autoscaler, default_max_containers=4)
    assert (bounds.min_containers, bounds.max_containers) == (9, 9)


def test_a_start_may_take_as_long_as_an_input_unless_said() -> None:
    assert clocks_of(api_pb2.Function(timeout_secs=20)).startup_timeout_s == 20
    clocks = clocks_of(api_pb2.Function(timeout_secs=20, startup_timeout_secs=90))
    assert (clocks.timeout_s, clocks.startup_timeout_s) == (20, 90)
