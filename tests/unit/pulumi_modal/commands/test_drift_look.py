"""What counts as a difference, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic import ReadResult

from pulumi_modal.commands.drift_look import Difference, Looked, compared, differences, look_at
from pulumi_modal.commands.drift_state import TYPES, Recorded
from pulumi_modal.commands.drift_words import as_json, line, print_words
from pulumi_modal.provider.happened import Gone, circumstances, happened

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)
TOLD = happened("rolled back to version 1", declared=2, found=3, by="ann", commit="4c6714e")


def recorded(
    noun: str = "App", name: str = "llm", secret: frozenset[str] = frozenset()
) -> Recorded:
    """A resource of a state."""
    urn = f"urn:pulumi:dev::project::{TYPES}{noun}::{name}"
    return Recorded(urn, f"{TYPES}{noun}", f"dev/{name}", {}, {}, secret)


def found(declared: dict[str, Any], now: dict[str, Any] | None, **about: Any) -> list[str]:
    """The lines for what a read finds."""
    result = ReadResult("dev/llm", {}, now)
    return [line(one).plain for one in differences(recorded(**about), declared, result)]


@given(JSON)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert list(compared(value, value)) == []


@given(st.dictionaries(st.text(max_size=3), JSON), st.dictionaries(st.text(max_size=3), JSON))
def test_values_differ_exactly_where_something_is_told(before: Any, after: Any) -> None:
    assert bool(list(compared(before, after))) == (before != after)


@pytest.mark.parametrize(
    ("declared", "now", "lines"),
    [
        pytest.param({"a": {"gpu": "L4"}}, {"a": {"gpu": "L4"}}, [], id="nothing"),
        pytest.param(
            {"a": {"gpu": "L4"}},
            {"a": {"gpu": "T4"}},
            ['App llm: a.gpu: declared "L4", found "T4"'],
            id="another value",
        ),
        pytest.param(
            {"a": {"x": 1}}, {"a": {}}, ["App llm: a.x: declared 1, found none"], id="less"
        ),
        pytest.param({}, {"a": 1}, ["App llm: a: not declared, found 1"], id="more"),
        pytest.param({"a": 1}, None, [], id="nothing is known"),
        pytest.param(
            {},
            {"drift": {"version": TOLD}},
            [f"App llm: version: declared 2, found 3 ({circumstances(TOLD)})"],
            id="what happened",
        ),
        pytest.param(
            {},
            {"drift": {"secret hf": {"what": "is gone"}}},
            ["App llm: secret hf: is gone"],
            id="what happened without values",
        ),
    ],
)
def test_every_difference_is_one_line(
    declared: dict[str, Any], now: dict[str, Any] | None, lines: list[str]
) -> None:
    assert found(declared, now) == lines


def test_what_is_gone_tells_how_where_that_is_known() -> None:
    told = happened("stopped", by="ann")
    gone = [*differences(recorded(), {}, Gone(told)), *differences(recorded(), {}, ReadResult())]
    assert [line(one).plain for one in gone] == [
        "App llm: is gone (stopped by ann)",
        "App llm: is gone",
    ]


def test_a_secret_that_differs_is_told_without_its_values() -> None:
    lines = found({"values": {"A": "old"}}, {"values": {"A": "new"}}, secret=frozenset({"values"}))
    assert lines == ['App llm: values.A: declared "(secret)", found "(another secret)"']


def test_a_type_that_is_not_known_is_a_failure_of_that_resource_only() -> None:
    (looked,) = look_at([recorded("Teapot")])
    assert "does not know such a resource" in looked.failure


def test_the_words_begin_with_how_much_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    app, other = recorded(), recorded(name="other")
    one = Difference(app, "a", 1, 2)
    print_words("dev", [Looked(app, (one,)), Looked(other)])
    print_words("dev", [Looked(app), Looked(other, failure="no answer")])
    print_words("dev", [Looked(app, failure="no answer")])
    print_words("dev", [])
    assert capsys.readouterr().out.splitlines() == [
        "dev: 1 difference in 1 of 2 resources",
        "App llm: a: declared 1, found 2",
        "dev: no drift in 1 resource",
        "dev: nothing could be looked at",
        "dev: there is nothing of Modal in its state",
    ]


def test_the_json_says_all_of_it() -> None:
    app = recorded()
    made = Looked(
        app, tuple(differences(app, {}, ReadResult("x", {}, {"drift": {"version": TOLD}})))
    )
    told = as_json("dev", [made, Looked(app, failure="no answer")])
    who = {"resource": "llm", "type": "modal:App", "urn": app.urn}
    assert told == {
        "stack": "dev",
        "resources": 2,
        "drift": [{**who, "path": "version", **TOLD, "gone": False}],
        "failures": [{**who, "reason": "no answer"}],
    }
