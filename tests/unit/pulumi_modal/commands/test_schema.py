"""`pulumi-modal schema`: what the resources take and tell, for people and as JSON."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from pulumi_modal.commands.main import app


def test_a_resource_is_told_with_what_a_change_does() -> None:
    result = CliRunner().invoke(app, ["schema", "Volume"])
    assert result.exit_code == 0
    assert result.stdout.startswith("# Volume\n")
    assert "replacement: Modal cannot convert a volume" in result.stdout


def test_the_whole_schema_is_json() -> None:
    result = CliRunner().invoke(app, ["schema", "--json"])
    assert set(json.loads(result.stdout)["resources"]) >= {"modal:index:App", "modal:index:Secret"}


def test_an_unknown_resource_is_wrong_usage_with_what_was_meant() -> None:
    result = CliRunner().invoke(app, ["schema", "Volumes"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: there is no resource Volumes; did you mean Volume?\n"
