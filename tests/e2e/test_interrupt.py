"""A command that is killed half-way leaves no process of ours, and the next ones make it good."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import STACK, PulumiProject
from tests.fakes.pulumi_run import RunningCommand

pytestmark = pytest.mark.timeout(300)

DEADLINE_S = 90
PLUGIN = "pulumi_modal.host"


PATIENT = {"source": "services/patient.py", "probe": {"deadline": "2m", "interval": "200ms"}}


def states(server: LocalModalServer, environment: str) -> list[str]:
    """Of all apps there: `initializing` until Modal has all of it, then `deployed`."""
    return [app["state"] for app in server.status()["apps"] if app["environment"] == environment]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what has no event that a test could wait on."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.2)


def of_plugin(running: RunningCommand) -> list[psutil.Process]:
    """The process that serves our resources, with the children that load and deploy files."""
    for process in running.family():
        with suppress(psutil.NoSuchProcess):  # some live for a moment only
            if PLUGIN in process.cmdline():
                return [process, *process.children(recursive=True)]
    raise AssertionError("there is no plugin")


@pytest.mark.parametrize(
    ("environment", "reached"),
    [
        pytest.param("killed-early", {"initializing", "deployed"}, id="while it is deployed"),
        pytest.param("killed-late", {"deployed"}, id="while it is waited for"),
    ],
)
def test_a_killed_create_leaves_no_process_and_converges_to_one_app(
    project_in: Callable[[str], PulumiProject],
    server: LocalModalServer,
    tmp_path: Path,
    environment: str,
    reached: set[str],
) -> None:
    project = project_in(environment)
    project.source("patient.py")
    project.declare(patient=PATIENT)
    running = project.start("up", "--yes", "--skip-preview", "--stack", STACK)
    try:
        wait_until(lambda: bool(reached & set(states(server, environment))))
        ours = of_plugin(running)
        running.kill()
        _, alive = psutil.wait_procs(ours, timeout=DEADLINE_S)
        assert alive == []
    finally:
        running.end()
    assert project.state()["pending_operations"][0]["type"] == "creating"

    (tmp_path / "ready").touch()
    server.modal("volume", "create", "--env", environment, "flags", check=False)
    server.modal("volume", "put", "--env", environment, "flags", str(tmp_path / "ready"))
    project.pulumi("cancel", "--yes", "--stack", STACK)
    project.refresh("--clear-pending-creates")
    project.up()
    assert "pending_operations" not in project.state()
    assert states(server, environment).count("deployed") == 1
    project.preview("--expect-no-changes")


def test_an_interrupted_wait_ends_at_once_and_keeps_the_app(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("cancelled")
    project.source("patient.py")
    project.declare(patient=PATIENT)
    running = project.start("up", "--yes", "--skip-preview", "--stack", STACK)
    try:
        wait_until(lambda: "deployed" in states(server, "cancelled"))
        running.process.send_signal(signal.SIGINT)  # one Ctrl-C
        said = project.finish(running, "up", status=1).text
    finally:
        running.end()
    assert "cancelled while waiting for GET http://127.0.0.1:" in said
    assert "the next `pulumi up` waits again" in said
    assert "pending_operations" not in project.state()
    assert project.apps()["patient"]["id"] == "cancelled/patient"
