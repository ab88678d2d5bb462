"""GPU strings: what Modal has, in every spelling, and what it has not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.spec.catalogue import catalogue
from pulumi_modal.spec.gpu import parse_gpu
from pulumi_modal.spec.refusal import Refusal

OFFICIAL = (
    *("T4", "L4", "A10", "L40S", "A100", "A100-40GB", "A100-80GB", "RTX-PRO-6000"),
    *("H100", "H100!", "H200", "B200", "B200+", "B300"),
)


def test_the_catalogue_has_every_official_name_and_no_other() -> None:
    assert sorted(catalogue().names) == sorted(OFFICIAL)


@pytest.mark.parametrize("name", OFFICIAL)
def test_every_official_name_is_canonical(name: str) -> None:
    assert parse_gpu(name) == (name,)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        pytest.param("h100", "H100", id="lower-case"),
        pytest.param(" H100 ", "H100", id="spaces"),
        pytest.param("h100! : 2", "H100!:2", id="pinned-with-count"),
        pytest.param("H100:8", "H100:8", id="a-whole-machine"),
        pytest.param("H100:1", "H100", id="one-is-no-count"),
        pytest.param("a10g:4", "A10:4", id="old-name"),
        pytest.param("rtx-pro-6000", "RTX-PRO-6000", id="dashes"),
        pytest.param("A100", "A100", id="a100-is-passed-on"),
    ],
)
def test_spellings_become_canonical(written: str, canonical: str) -> None:
    assert parse_gpu(written) == (canonical,)


def test_a_list_keeps_its_order() -> None:
    assert parse_gpu(["h100", "a100-80gb:2"]) == ("H100", "A100-80GB:2")


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        pytest.param("H10O", "H100", id="a-letter-for-a-digit"),
        pytest.param("H10O:2", "H100:2", id="keeps-the-count"),
        pytest.param("H100:9", "H100:8", id="above-the-machine"),
        pytest.param("A10:5", "A10:4", id="a10-has-four"),
        pytest.param("A10G:8", "A10:4", id="old-name-above-the-machine"),
        pytest.param("H100:0", "H100", id="no-card"),
        pytest.param("H100:-1", "H100", id="fewer-than-none"),
        pytest.param("H100:", "H100", id="count-missing"),
        pytest.param("H100:two", "H100", id="count-in-words"),
        pytest.param("H100:1.5", "H100", id="half-a-card"),
        pytest.param("A100 80GB", "A100-80GB", id="space-for-dash"),
        pytest.param("any", "L40S", id="any"),
        pytest.param("", "", id="empty"),
        pytest.param("none", "", id="none"),
        pytest.param(4, "", id="number"),
        pytest.param(None, "", id="null"),
        pytest.param([], "", id="empty-list"),
        pytest.param({"type": "H100"}, "", id="map"),
        pytest.param(["T4", ["L4"]], "", id="list-in-list"),
    ],
)
def test_what_modal_has_not_is_refused_with_the_nearest(written: object, nearest: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_gpu(written)
    assert refused.value.nearest == nearest
    assert refused.value.allowed


def test_a_refusal_in_a_list_says_which_item() -> None:
    with pytest.raises(Refusal) as refused:
        parse_gpu(["T4", "H10O"])
    assert refused.value.at == (1,)


@given(st.sampled_from(catalogue().gpus), st.integers(-2, 20))
def test_counts_up_to_the_cards_maximum_pass_and_no_others(card: object, count: int) -> None:
    name, most = card.id, card.max_per_container  # type: ignore[attr-defined]  # a Card
    if 1 <= count <= most:
        assert parse_gpu(f"{name}:{count}") == (name if count == 1 else f"{name}:{count}",)
    else:
        with pytest.raises(Refusal):
            parse_gpu(f"{name}:{count}")


@given(st.text(max_size=20))
def test_any_text_is_a_gpu_or_a_refusal(text: str) -> None:
    try:
        found = parse_gpu(text)
    except Refusal:
        return
    assert parse_gpu(found) == found
