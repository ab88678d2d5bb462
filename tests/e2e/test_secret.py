"""Secrets of every kind are seen by nobody but the containers they are for."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.leaks import SPAWNS, Seen, files_with, told_spawns, watched_processes
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PROGRAMS, ROOT, STACK, PulumiProject
from tests.fakes.pulumi_run import BIN, Run

pytestmark = pytest.mark.timeout(600)

LEAKY = {
    "source": "services/leaky.py",
    "probe": {"path": "/health", "deadline": "25s", "interval": "500ms"},
}
CALL = """
import modal
print(modal.Function.from_name("vault", "length", environment_name="secret").remote())
"""
HIDDEN = "the container was given CANARY: (secret), LINES: (secret) (secret), INLINE: (secret)"


def test_a_secret_is_checked_for_by_name(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("secret")
    project.source("vault.py")
    project.declare(vault={"source": "services/vault.py"})

    refused = project.up(status=1)
    (error,) = [said for said in refused.errors if "secret vault" in said]
    assert "\n" not in error
    listed = json.loads(server.modal("app", "list", "--env", "secret", "--json").stdout)
    assert listed == []

    canary = secrets.token_hex(20)
    server.modal("secret", "create", "--env", "secret", "vault", f"CANARY={canary}")
    project.up()
    assert server.python(CALL).stdout.strip() == "40"


def canary() -> str:
    """A value that is nowhere else, also in its beginning: a text that is cut may hold that."""
    return secrets.token_hex(20)


def begun(values: dict[str, str]) -> dict[str, str]:
    """What to look for."""
    return {name: value[:12] for name, value in values.items()}


def configure(project: PulumiProject, *key: str) -> None:
    """`pulumi config set --secret KEY`, as one does it: the value, given last, on stdin."""
    *arguments, value = key
    command: list[str | Path] = [
        BIN / "pulumi",
        "config",
        "set",
        "--secret",
        "--stack",
        STACK,
        *arguments,
    ]
    subprocess.run(
        [*command, "--non-interactive"],
        cwd=project.folder,
        env=project.environ,
        input=value,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture
def project(project_in: Callable[[str], PulumiProject], tmp_path: Path) -> PulumiProject:
    made = project_in("secrecy")
    made.program(PROGRAMS / "canaries.py")
    made.source("leaky.py", "mood.py")
    made.variables = {
        "PYTHONPATH": f"{SPAWNS}:{ROOT}",
        "SPAWN_LOG": str(tmp_path / "spawns.jsonl"),
        "INLINE_FILE": str(tmp_path / "inline.txt"),
    }
    return made


def everything(project: PulumiProject) -> list[Run]:
    """Every command that tells something, with a deploy that fails and one that heals it."""
    project.edit("services/mood.py", "200", "503")
    failed = project.up(status=1)
    (error,) = [said for said in failed.errors if "/health" in said]
    assert HIDDEN in " ".join(error.replace("|", " ").split())
    assert "last answer: 503 the container was given CANARY: (secret)" in error
    project.edit("services/mood.py", "503", "200")
    return [
        failed,
        project.preview("--save-plan", "plan.json"),
        project.pulumi("preview", "--json", "--stack", STACK),
        project.up(),
        project.preview("--refresh", "--expect-no-changes"),
        project.drift("--json"),
        project.pulumi("stack", "export", "--stack", STACK),
    ]


def test_no_secret_is_told_kept_or_handed_on_but_to_its_containers(
    project: PulumiProject, server: LocalModalServer, tmp_path: Path
) -> None:
    line = canary()
    values = {"secret": canary(), "line": line, "inline": canary(), "output": canary()}
    given = {**values, "token": server.access["MODAL_TOKEN_SECRET"]}
    Path(project.variables["INLINE_FILE"]).write_text(values["inline"], "utf-8")
    project.declare(leaky=LEAKY)
    configure(project, "canary:output", values["output"])
    for name, value in (("CANARY", values["secret"]), ("LINES", f'{line} is "so"\nand more of it')):
        configure(project, "--path", f"inference:secrets.vault.{name}", value)

    with watched_processes(begun(given)) as seen:
        runs = everything(project)
    spawned, handed_on = told_spawns(tmp_path / "spawns.jsonl", begun(given))
    shown = project.pulumi("stack", "output", "--json", "--show-secrets", "--stack", STACK).text
    token = json.loads(shown)["token"]

    astray = outside_containers(seen | handed_on)
    assert not astray, "\n".join(map(str, astray))
    assert spawned > 0
    inside = {(one.value, one.place) for one in seen if one.in_container}
    assert inside == {(name, "environment") for name in ("secret", "line", "inline")}
    for name, value in begun({**given, "proxy token": token}).items():
        assert not [run.command for run in runs if value in run.text], name
        assert not [run.command for run in runs if value in json.dumps(run.events)], name
        kept = files_with(project.folder, value)
        if name == "proxy token":  # Pulumi's SDK writes outputs into its own debug messages
            kept = [one for one in kept if not one.name.startswith("events-")]
        assert kept == [], name
        assert value not in (server.home / "server.log").read_text("utf-8"), name
    assert (project.folder / "plan.json").is_file()
    assert files_with(project.folder / ".state", "services/leaky.py") != []


def outside_containers(seen: set[Seen]) -> set[Seen]:
    """A container is given its secrets as variables, and a program the configuration by Pulumi."""
    by_pulumi = ("pulumi-language-python", "-c from multiprocessing.")  # and its fork server
    return {
        one
        for one in seen
        if one.place == "arguments"
        or not (one.in_container or any(name in one.program for name in by_pulumi))
        or (one.value == "token")
    }
