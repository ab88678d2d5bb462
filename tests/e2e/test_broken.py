"""What breaks in the middle is told with what to do; nothing is lost, and the next `up` goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modal_local.faults.order import Effect
from tests.fakes.faults import Faults, ordered_faults
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PROGRAMS, STACK, PulumiProject
from tests.fakes.small_disk import small_disk

pytestmark = pytest.mark.timeout(400)
LOCK_BYTES = 8192
"""Room for the lock of an update, not for the state."""
STATES = Path(__file__).parent / "states"


@pytest.fixture
def faults(server: LocalModalServer) -> Iterator[Faults]:
    with ordered_faults(server) as ordered:
        yield ordered


def two_apps(make: Callable[[str], PulumiProject], environment: str) -> PulumiProject:
    """`first`, and then `second`, which waits for its outputs."""
    project = make(environment)
    project.program(PROGRAMS / "app_alone.py")
    project.source("plain.py")
    project.declare(config={"alone:environment": environment})
    return project


def versions(server: LocalModalServer, environment: str) -> dict[str, int]:
    apps = server.status()["apps"]
    return {app["name"]: app["version"] for app in apps if app["environment"] == environment}


def test_a_token_that_expires_half_way_keeps_what_is_done_and_says_what_to_do(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer, faults: Faults
) -> None:
    project = two_apps(project_in, "expired")
    faults.order("AppCreate", Effect.REFUSE, status="UNAUTHENTICATED", about="second", times=1000)
    failed = project.up(status=1)
    (error,) = [said for said in failed.errors if "second" in said]
    assert error.startswith("deploying expired/second: ")
    assert "\n" not in error
    assert "`modal token new`" in error
    assert "what is done stays done" in error
    assert set(project.apps()) == {"first"}
    assert versions(server, "expired") == {"first": 1}

    faults.clear()  # a new token
    project.up()
    assert versions(server, "expired") == {"first": 1, "second": 1}
    project.preview("--expect-no-changes")


def test_of_two_people_at_once_the_second_is_told_who_is_at_work(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer, faults: Faults
) -> None:
    project = two_apps(project_in, "together")
    held = faults.hold("AppPublish", about="first")
    running = project.start("up", "--yes", "--skip-preview", "--stack", STACK)
    try:
        faults.wait(held)
        second = project.start("up", "--yes", "--skip-preview", "--stack", STACK)
        said = second.wait(120)
        assert second.process.returncode
        assert "the stack is currently locked by 1 lock(s)" in said
        assert f"(pid {running.process.pid})" in said
        faults.clear()
        project.finish(running, "up", status=0)
    finally:
        running.end()
    assert versions(server, "together") == {"first": 1, "second": 1}
    project.preview("--expect-no-changes")


def test_a_state_folder_on_a_full_disk_is_brought_back_from_the_copy_beside_it(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer, tmp_path: Path
) -> None:
    project = two_apps(project_in, "full")
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        project.variables["PULUMI_BACKEND_URL"] = f"file://{disk.path}"
        project.pulumi("stack", "init", STACK)
        project.up()
        project.edit("services/plain.py", "2 * value", "3 * value")
        disk.fill(leave=LOCK_BYTES)
        failed = project.up(status=1)
        assert "no space left on device" in failed.text
        assert "Traceback" not in failed.text

        disk.make_room()
        state = disk.path / ".pulumi" / "stacks" / "modal-inference" / f"{STACK}.json"
        assert state.read_text() == ""  # Pulumi's own doing; the copy beside it is whole
        shutil.copyfile(f"{state}.bak", state)
        project.pulumi("cancel", "--yes", "--stack", STACK)
        project.refresh("--clear-pending-creates")
        project.up()
        assert versions(server, "full") == {"first": 2, "second": 2}
        assert "pending_operations" not in project.state()
        project.preview("--expect-no-changes")


def test_a_state_that_is_older_than_the_code_is_refreshed_updated_and_destroyed(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    """As release 0.1.0 wrote it."""
    project = project_in("old")
    project.source("plain.py")
    project.declare(plain={"source": "services/plain.py", "max_containers": 3})
    project.up()
    app_id = project.service("plain")["app_id"]
    project.pulumi("stack", "import", "--file", str(_old_state(project.folder, app_id)))

    project.refresh()
    project.up()
    assert project.service("plain")["app_id"] == app_id
    project.preview("--expect-no-changes")
    project.destroy()
    assert versions(server, "old") == {}
    assert '"old"' not in server.modal("environment", "list", "--json").stdout


def _old_state(folder: Path, app_id: str) -> Path:
    path = folder / "old-state.json"
    text = (STATES / "0.1.0.json").read_text("utf-8")
    path.write_text(text.replace("{{app_id}}", app_id), "utf-8")
    return path
