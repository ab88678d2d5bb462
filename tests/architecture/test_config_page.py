"""docs/config.md and the models that read a stack say the same, key by key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pulumi_modal.spec.canary import OF_A_REQUEST
from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import OF_A_CALL
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.reference import MODELS, keys, rows, table_text, updated
from pulumi_modal.spec.service_reader import SERVICE_WORDS
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import a_project, a_service, a_stack

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "config.md").read_text("utf-8")
TABLES = re.findall(r"<!-- table: ([a-z-]+) -->", PAGE)
WORDS = ("old-words", "old-words-of-methods", "in-code")
KEYS = [(table, key) for table in MODELS for key in keys(table)]
CELLS = {(table, row[0].strip("`")): row for table in MODELS for row in rows(table)}


def test_the_page_is_what_the_models_say_now() -> None:
    assert updated(PAGE) == PAGE, "run: python -m pulumi_modal.spec.reference docs/config.md"


def test_every_table_stands_on_the_page_once() -> None:
    assert sorted(TABLES) == sorted([*MODELS, *WORDS])


def test_every_model_of_a_stack_has_its_table() -> None:
    """A model that the reader of stacks uses and this page leaves out would be undocumented."""
    inner = {"VariantSpec"}  # a service's settings again, explained in prose
    inner |= {"EnvironmentRoles"}  # two maps, written in the row of `roles`
    inner |= {"ResourceInputs", "ResourceOutputs"}  # of resources, which have pages of their own
    used = {one.__name__ for one in Frozen.__subclasses__()}
    assert used - inner == {model.__name__ for model in MODELS.values()}


def test_a_service_takes_the_keys_of_its_table_and_no_other() -> None:
    assert set(SERVICE_WORDS) == set(keys("service"))
    assert not set(SERVICE_WORDS) & set(FunctionOverrides.model_fields)


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_key_says_what_it_is_what_it_takes_and_how_it_is_written(
    table: str, key: str
) -> None:
    name, meaning, _default, allowed, example = CELLS[table, key]
    assert name.strip("`") == key
    assert meaning.endswith(".")
    assert allowed
    assert example


@pytest.mark.parametrize("table", WORDS)
def test_every_old_word_says_why(table: str) -> None:
    assert all(all(cell for cell in row) for row in rows(table))
    assert table_text(table) in PAGE


def example_of(table: str, key: str) -> Any:
    return YAML(typ="safe").load(CELLS[table, key][4].strip("`"))


def raw_with(table: str, key: str) -> dict[str, Any]:
    """A stack in which the key has the value of its example."""
    value = example_of(table, key)
    beside_services = {
        "stack": {key: value},
        "environment": {"environment": {"name": "dev", "restricted": True, key: value}},
        "volume": {"volumes": {"a": {key: value}}},
        "stored": {"dicts": {"a": {key: value}}},
    }
    if table in beside_services:
        return {**a_stack(), **beside_services[table]}
    if table == "settings":
        return a_stack(a=a_service(**{key: value}))
    if table == "retries":
        return a_stack(a=a_service(retries={"max_retries": 1, key: value}))
    if table in ("probe", "canary"):
        beside = {"call": "f"} if key in OF_A_CALL else {}
        beside |= {"path": "/"} if table == "canary" and key in OF_A_REQUEST else {}
        return a_stack(a=a_service(**{"probe": True, table: {**beside, key: value}}))
    inner = {key: value} if table == "service" else {table: {key: value}}
    return a_stack(a=a_service(**{"probe": True, **inner}))


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_example_is_read_without_a_word(tmp_path: Path, table: str, key: str) -> None:
    root = a_project(tmp_path)
    (root / "services" / "embeddings.py").write_text("", "utf-8")
    assert problems_of(raw_with(table, key), root) == []


def test_the_stacks_on_the_page_are_read_without_a_word(tmp_path: Path) -> None:
    root = a_project(tmp_path)
    for name in ("embeddings", "generation"):
        (root / "services" / f"{name}.py").write_text("", "utf-8")
    whole, kept, service = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert set(YAML(typ="safe").load(kept)) <= {f"inference:{key}" for key in keys("stack")}
    config = YAML(typ="safe").load(whole)["config"]
    stack = {key.removeprefix("inference:"): value for key, value in config.items()}
    assert problems_of(stack, root) == []
    assert problems_of(a_stack(**YAML(typ="safe").load(service)), root) == []


def problems_of(raw: dict[str, Any], root: Path) -> list[Problem]:
    return list(parse_stack(raw, root).problems)
