"""From Pulumi's configuration to the typed stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.config import parsed_stack
from tests.fakes.stacks import a_project, a_service


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_project(tmp_path)


def values(**services: Any) -> dict[str, Any]:
    """What the engine gives to a program: maps as JSON."""
    return {
        "inference:environment": "dev",
        "inference:services": json.dumps(services),
        "modal-inference:unrelated": "x",
    }


def test_maps_are_read_from_json_and_other_namespaces_left_alone(root: Path) -> None:
    parsed, problems = parsed_stack(values(a=a_service(gpu="t4")), [], root)
    assert problems == []
    assert parsed.stack is not None
    assert parsed.stack.services["a"].settings.settings() == {"gpu": "T4"}


@pytest.mark.parametrize("text", ["not json", "[]", "3"])
def test_services_that_are_no_map_are_refused(root: Path, text: str) -> None:
    given = {**values(), "inference:services": text}
    (problem,) = parsed_stack(given, [], root)[0].errors
    assert problem.path == "services"
    assert "is not a map" in problem.line()


def test_an_unknown_key_of_the_namespace_is_refused(root: Path) -> None:
    parsed, _ = parsed_stack({**values(), "inference:servces": "{}"}, [], root)
    (problem,) = parsed.errors
    assert problem.line() == "servces: is not a known key; did you mean services?"


def test_an_encrypted_value_is_refused_and_not_shown(root: Path) -> None:
    given = {**values(), "inference:workspace": "sword fish"}
    parsed, problems = parsed_stack(given, ["inference:workspace", "other:key"], root)
    assert [problem.path for problem in problems] == ["workspace"]
    assert parsed.errors == ()
    assert not any("sword" in f"{problem.line()}{problem!r}" for problem in problems)


SECRETS = "inference:secrets"


def test_values_of_secrets_are_read_where_they_are_encrypted(root: Path) -> None:
    given = {**values(), SECRETS: json.dumps({"hf": {"TOKEN": "sword fish"}})}
    parsed, problems = parsed_stack(given, [SECRETS], root)
    assert (problems, parsed.errors) == ([], ())
    assert parsed.stack is not None
    assert parsed.stack.secrets["hf"]["TOKEN"].get_secret_value() == "sword fish"
    assert "sword" not in repr(parsed)


def test_a_secret_in_plain_text_is_refused_and_not_shown(root: Path) -> None:
    given = {**values(), SECRETS: json.dumps({"hf": {"TOKEN": "sword fish"}})}
    _, (problem,) = parsed_stack(given, [], root)
    assert "is in plain text in the stack file" in problem.line()
    assert "sword" not in f"{problem.line()}{problem!r}"


def test_the_environment_may_be_a_map(tmp_path: Path) -> None:
    written = '{"name": "prod", "web_suffix": ""}'
    parsed, problems = parsed_stack({"inference:environment": written}, [], tmp_path)
    assert (parsed.problems, problems) == ((), [])
    assert parsed.stack is not None
    assert parsed.stack.environment_settings is not None
    assert parsed.stack.environment_settings.web_suffix == ""
