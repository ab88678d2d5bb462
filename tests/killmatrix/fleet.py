"""A fleet: one stack with an environment and an app for every case, driven by the real engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import modal
import psutil

from modal_local.errors import LocalModalError
from tests.fakes.faults import Faults
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import STACK, PulumiProject
from tests.fakes.pulumi_run import RunningCommand
from tests.killmatrix.verdict import World, left_over, wrong

PROGRAM: Final = Path(__file__).parent / "program" / "__main__.py"
DEADLINE_S: Final = 900.0
"""For one command about a whole fleet, on a machine that has other work."""
SILENCE_S: Final = 120.0
"""Within which the local Modal ends an app whose deploy has fallen silent."""
ENDING_S: Final = 30.0
_AT_ONCE: Final = "100"
_SOURCE: Final = '''"""One case: its calls carry its name, so that a fault can be ordered for it."""

import os

import modal

os.environ["MODAL_OVERRIDE_HEADERS"] = "x-case:{case}"
app = modal.App("{case}")


@app.function(scaledown_window=2)
def answer() -> str:
    return "{case} {version}"
'''


@dataclass
class Fleet:
    """Cases of one prefix, in a stack of their own."""

    folder: Path
    server: LocalModalServer
    size: int
    prefix: str = "case"
    version: int = 0
    """What is declared: 0 is nothing."""
    project: PulumiProject = field(init=False)

    def __post_init__(self) -> None:
        self.project = PulumiProject(self.folder, self.server)
        self.project.program(PROGRAM)

    @property
    def cases(self) -> list[str]:
        """Names of cases: of their environments and apps."""
        return [f"{self.prefix}-{number:02}" for number in range(1, self.size + 1)]

    @property
    def faults(self) -> Faults:
        """Orders of the server."""
        return Faults(self.server)

    def declare(self, version: int) -> None:
        """Write down what is to be: this version of every app, or nothing at all (0)."""
        self.version = version
        for case in self.cases:
            path = self.folder / "services" / f"{case}.py"
            path.write_text(_SOURCE.format(case=case, version=version), "utf-8")
        self.project.declare(config={"fleet:cases": self.cases if version else []})

    def start(self) -> RunningCommand:
        """`pulumi up`, in progress."""
        how = ("--yes", "--skip-preview", "--continue-on-error", "--parallel", _AT_ONCE)
        return self.project.start("up", *how, "--stack", STACK)

    def up(self) -> tuple[int, str]:
        """`pulumi up` to its end: its exit status, and what it said."""
        return self._finished(self.start())

    def cure(self) -> None:
        """What is documented for a lock and for operations whose end is not known."""
        self.project.pulumi("cancel", "--yes", "--stack", STACK)
        how = ("--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK)
        status, said = self._finished(self.project.start("refresh", *how))
        assert status == 0, f"the refresh failed:\n{said}"

    def shows_no_change(self) -> tuple[bool, str]:
        """Whether `pulumi preview` has nothing to do."""
        how = ("--expect-no-changes", "--diff", "--stack", STACK)
        status, said = self._finished(self.project.start("preview", *how))
        return status == 0, said

    def world(self) -> World:
        """What there is now."""
        status = self.server.status()
        listed = self.server.modal("environment", "list", "--json").stdout
        return World(
            apps=[app for app in status["apps"] if self._is_own(app["environment"])],
            containers=[one for one in status["containers"] if self._is_own(one["environment"])],
            environments=frozenset(case for case in self.cases if f'"{case}"' in listed),
            state=self.project.state(),
        )

    def settled(self) -> World:
        """What there is when unfinished apps of silent clients have been ended."""

        def is_settled(world: World) -> bool:
            return all(app["state"] == "deployed" for app in world.apps)

        return _until(self.world, is_settled, SILENCE_S)

    def problems(self, world: World) -> dict[str, list[str]]:
        """By case, what is not as declared; what belongs to none is under the empty name."""
        found = {case: list(wrong(world, case, self.version)) for case in self.cases}
        found[""] = list(left_over(world))
        return {case: words for case, words in found.items() if words}

    def answers(self, world: World) -> dict[str, str]:
        """What does not answer as the version that Modal has of it, by case."""
        with self.server.client() as client, ThreadPoolExecutor(8) as pool:

            def ask(case: str, version: int) -> str:
                function = modal.Function.from_name(
                    case, "answer", environment_name=case, client=client
                )
                said = function.remote()
                return "" if said == f"{case} {version}" else f"version {version} said {said!r}"

            asked = {
                app["name"]: pool.submit(ask, app["name"], app["version"])
                for app in world.apps
                if app["state"] == "deployed"
            }
            said = {case: _outcome(answer.result) for case, answer in asked.items()}
        return {case: words for case, words in said.items() if words}

    def _is_own(self, environment: str) -> bool:
        return environment in self.cases

    def _finished(self, running: RunningCommand) -> tuple[int, str]:
        try:
            said = running.wait(DEADLINE_S)
        finally:
            running.end()
        return running.process.returncode, said


def left_alive(processes: Sequence[psutil.Process]) -> list[str]:
    """Processes that do not end by themselves; they are ended then."""
    _, alive = psutil.wait_procs(processes, timeout=ENDING_S)
    words = []
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            words.append(" ".join(process.cmdline())[:80])
            process.kill()
    return words


def remove(folder: Path) -> None:
    """The folder of a fleet that is over."""
    shutil.rmtree(folder, ignore_errors=True)


def _outcome(result: Callable[[float], str]) -> str:
    try:
        return result(DEADLINE_S)
    except (modal.exception.Error, LocalModalError) as error:
        return f"{type(error).__name__}: {error}"


def _until(look: Callable[[], World], holds: Callable[[World], Any], limit_s: float) -> World:
    """Look until it holds, or time is up: such a state has no event of its own."""
    end = time.monotonic() + limit_s
    while True:
        seen = look()
        if holds(seen) or time.monotonic() > end:
            return seen
        time.sleep(1.0)
