"""Secrets, volumes and queues of a stack file: made, rolled over, repaired, protected, kept."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.fakes.leaks import files_with, watched_processes
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject
from tests.fakes.pulumi_run import Run

pytestmark = pytest.mark.timeout(600)
CALL = """
import modal
print(modal.Function.from_name("vault", "length", environment_name="storage").remote())
"""


def declare(project: PulumiProject, models: dict[str, Any] | None, **variables: str) -> None:
    """Write the stack file, and encrypt the variables of a secret into it, as a person does."""
    volumes = {} if models is None else {"models": models}
    kept = {"inference:volumes": volumes, "inference:queues": {"work": {}}}
    project.declare(config=kept, vault={"source": "services/vault.py"})
    said = [f"inference:secrets.vault.{key}={value}" for key, value in variables.items()]
    arguments = [part for one in said for part in ("--secret", one)]
    project.pulumi("config", "set-all", "--path", *arguments, "--stack", "dev")


def versions(server: LocalModalServer) -> int:
    """How often the app was deployed or rolled over."""
    told = server.modal("app", "history", "vault", "--env", "storage", "--json").stdout
    return len(json.loads(told))


def seen_in(value: str, project: PulumiProject, runs: Sequence[Run]) -> list[str]:
    """Where a value can be read: commands, files of the project with its state, the local Modal."""
    log = project.server.home / "server.log"
    found = [run.command for run in runs if value in run.text]
    found += [str(path) for path in files_with(project.folder, value)]
    return [*found, *([str(log)] if value in log.read_text("utf-8") else [])]


def test_what_a_stack_keeps_is_made_rolled_over_repaired_protected_and_kept(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("storage")
    project.source("vault.py")
    old, new = secrets.token_hex(20), secrets.token_hex(16)
    declare(project, {"version": 2}, CANARY=old, SPARE="spare")
    with watched_processes({"old": old, "new": new}) as seen:
        runs = [project.up()]
    assert not [one for one in seen if one.place == "arguments"]
    assert server.python(CALL).stdout.strip() == "40"

    declare(project, {"version": 2, "protect": True}, CANARY=new)
    changed = project.preview()
    secret = changed.step("vault", "Secret")
    assert secret.op == "update"
    assert {"revision", "revisions.CANARY", "revisions.SPARE"} <= set(secret.changes)
    assert "[secret]" in changed.text
    assert set(changed.step("vault").changes) == {'triggers["secret vault"]'}
    assert 'triggers["secret vault"]: rollover' in changed.text
    runs += [changed, project.up()]
    assert server.python(CALL).stdout.strip() == "32"
    assert versions(server) == 2

    server.modal("secret", "create", "--env", "storage", "--force", "vault", "CANARY=x", "MORE=y")
    repaired = project.up("--refresh")
    (mended,) = [one for one in repaired.steps if (one.name, one.kind) == ("vault", "Secret")]
    assert "revisions.MORE" in mended.changes
    assert server.python(CALL).stdout.strip() == "32"

    server.modal("volume", "put", "--env", "storage", "models", "Pulumi.yaml", cwd=project.folder)
    declare(project, None, CANARY=new)
    runs += [repaired, protected := project.preview(status=1)]
    assert "is protected" in protected.text
    declare(project, {"version": 2, "on_delete": "retain"}, CANARY=new)
    runs += [project.up(), left := project.destroy(status=1)]
    (error,) = [said for said in left.errors if "environment storage" in said]
    assert "volume models" in error  # it keeps its environment
    listed = server.modal("volume", "ls", "--env", "storage", "models", "--json").stdout
    assert "Pulumi.yaml" in listed

    for value in (old, new):
        assert not seen_in(value, project, runs)
