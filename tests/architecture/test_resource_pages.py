"""Models, resource classes, pages, the schema and what a change does say the same of a resource."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import pulumi_modal
from pulumi_modal.commands.schema_package import package_schema
from pulumi_modal.commands.schema_pages import updated
from pulumi_modal.provider.app_effect import _RULES
from pulumi_modal.provider.catalogue import SCHEMAS
from pulumi_modal.provider.registry import PROVIDERS
from pulumi_modal.spec.resources.secret import COMPUTED

PAGES = Path(__file__).parents[2] / "docs" / "resources"
OF_PULUMI = {"resource_name", "opts"}
NOT_INPUTS = {("App", "plan")}
SCHEMA = package_schema()
FIELDS = [
    pytest.param(name, key, info, id=f"{name}.{key}")
    for name, schema in SCHEMAS.items()
    for model in (schema.inputs, schema.outputs)
    for key, info in model.model_fields.items()
    if key not in COMPUTED or model is schema.outputs
]


def page_of(name: str) -> Path:
    return PAGES / f"{re.sub(r'(?<!^)(?=[A-Z])', '-', name).lower()}.md"


def inputs_of(name: str) -> set[str]:
    return {*SCHEMAS[name].inputs.model_fields} - {*COMPUTED}


def test_every_resource_is_in_the_catalogue() -> None:
    assert {token.rpartition(":")[2] for token in PROVIDERS} == {*SCHEMAS}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_resource_has_a_page_with_what_its_models_say_now(name: str) -> None:
    page = page_of(name).read_text("utf-8")
    assert f"<!-- inputs: {name} -->" in page
    assert f"<!-- outputs: {name} -->" in page
    command = "python -m pulumi_modal.commands.schema_pages docs/resources"
    assert updated(page) == page, f"run: {command}"
    assert f"({page_of(name).name})" in (PAGES / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_resource_takes_what_its_model_checks(name: str) -> None:
    arguments = {*inspect.signature(getattr(pulumi_modal, name).__init__).parameters}
    extra = {argument for owner, argument in NOT_INPUTS if owner == name}
    assert arguments - {"self"} - OF_PULUMI - extra == inputs_of(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_resource_tells_what_its_model_tells(name: str) -> None:
    told = {*getattr(pulumi_modal, name).__annotations__}
    assert {*SCHEMAS[name].outputs.model_fields} <= told


@pytest.mark.parametrize(("name", "key", "info"), FIELDS)
def test_every_field_says_what_it_is(name: str, key: str, info: Any) -> None:
    assert str(info.description).endswith("."), f"{name}.{key}"
    told = SCHEMA["resources"][f"modal:index:{name}"]
    assert key in {**told["inputProperties"], **told["properties"]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_change_does_is_said_of_every_input(name: str) -> None:
    effects = SCHEMAS[name].effects
    assert {*effects} - {"revisions"} == inputs_of(name)
    assert all(effect.reason for effect in effects.values())


def test_what_a_change_of_an_app_does_is_what_the_provider_decides() -> None:
    decided = {key: effect.value for key, (effect, _) in _RULES.items()}
    decided |= {"probe": "in place"}  # nothing changes in Modal: the app that runs is asked
    said = {key: effect.kind for key, effect in SCHEMAS["App"].effects.items()}
    assert {key: said[key] for key in said if key in decided} == {
        key: decided[key] for key in said if key in decided
    }


def test_the_schema_refers_to_nothing_that_is_not_there() -> None:
    text = json.dumps(SCHEMA)
    assert {*re.findall(r'"#/types/([\w:]+)"', text)} == {*SCHEMA["types"]}
    states = {one["language"]["python"]["stateType"] for one in SCHEMA["resources"].values()}
    assert states == set(PROVIDERS)


def test_the_schema_says_what_is_secret_and_what_replaces() -> None:
    resources = SCHEMA["resources"]
    assert resources["modal:index:Secret"]["inputProperties"]["values"]["secret"] is True
    assert "values" not in resources["modal:index:Secret"]["properties"]
    assert resources["modal:index:ProxyToken"]["properties"]["token_secret"]["secret"] is True
    replacing = {
        key
        for key, one in resources["modal:index:Volume"]["inputProperties"].items()
        if one.get("willReplaceOnChanges")
    }
    assert replacing == {"name", "environment", "workspace", "version"}
    assert resources["modal:index:Volume"]["requiredInputs"] == ["environment"]
