"""A throw-away copy of this project for tests: real `pulumi` commands, a stack of one's own.

    project = PulumiProject(tmp_path, server, environment="create")
    project.source("greeter.py")
    project.declare(greeter={"source": "services/greeter.py"})
    project.up()

Nothing of it is outside of its folder: no login, no selected stack, no state, no Modal profile.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_run import BIN, DEADLINE_S, Run, RunningCommand, find_pulumi, read_events

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = ROOT / "tests" / "e2e" / "programs"
STACK: Final = "dev"
_FOREIGN: Final = ("PULUMI_", "MODAL_")


@dataclass
class PulumiProject:
    """One project folder with one stack, bound to one environment of a local Modal."""

    folder: Path
    server: LocalModalServer
    environment: str = "dev"
    variables: dict[str, str] = field(default_factory=dict)
    """Set for every command, over what `environ` says."""
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".venv").symlink_to(sys.prefix)
        for name in (".state", "stacks", "services"):
            (self.folder / name).mkdir()
        described = (ROOT / "Pulumi.yaml").read_text("utf-8")
        described = described.replace("path: engine/host", f"path: {ROOT / 'engine/host'}")
        (self.folder / "Pulumi.yaml").write_text(described, "utf-8")
        self.program(ROOT / "__main__.py")
        self.declare()
        self.pulumi("stack", "init", STACK)

    @property
    def environ(self) -> dict[str, str]:
        """As after `. .venv/bin/activate`, with every setting of Pulumi's and Modal's our own."""
        kept = {name: one for name, one in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "VIRTUAL_ENV": str(self.folder / ".venv"),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            "PULUMI_HOME": str(self.folder / ".pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
            "MODAL_LOCAL_HOME": str(self.server.home),
            "MODAL_CONFIG_PATH": str(self.folder / "no-modal.toml"),
            **self.variables,
        }

    def program(self, source: Path) -> None:
        """What `__main__.py` is."""
        shutil.copyfile(source, self.folder / "__main__.py")

    def source(self, *names: str) -> None:
        """Copy files of tests/e2e/programs/services."""
        for name in names:
            shutil.copyfile(PROGRAMS / "services" / name, self.folder / "services" / name)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the project; it must be there."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text, f"{name} does not contain {old!r}"
        path.write_text(text.replace(old, new), "utf-8")

    def declare(self, *, config: Mapping[str, Any] | None = None, **services: Any) -> None:
        """Write the stack file: its services, and other keys of the configuration."""
        values = {
            "inference:workspace": "local",
            "inference:environment": self.environment,
            "inference:services": services,
            **(config or {}),
        }
        lines = [f"  {key}: {json.dumps(value)}" for key, value in values.items()]
        text = "\n".join(["config:", *lines, _salt(), ""])
        (self.folder / "stacks" / f"Pulumi.{STACK}.yaml").write_text(text, "utf-8")

    def up(self, *arguments: str, status: int = 0) -> Run:
        """`pulumi up`."""
        return self._operate("up", "--yes", "--skip-preview", *arguments, status=status)

    def preview(self, *arguments: str, status: int = 0) -> Run:
        """`pulumi preview --diff`."""
        return self._operate("preview", "--diff", *arguments, status=status)

    def refresh(self, *arguments: str, status: int = 0) -> Run:
        """`pulumi refresh`."""
        return self._operate("refresh", "--yes", "--skip-preview", *arguments, status=status)

    def destroy(self, *arguments: str, status: int = 0) -> Run:
        """`pulumi destroy`."""
        return self._operate("destroy", "--yes", "--skip-preview", *arguments, status=status)

    def drift(self, *arguments: str, status: int = 0) -> Run:
        """`pulumi-modal drift`."""
        command = [str(BIN / "pulumi-modal"), "drift", "--stack", STACK, *arguments]
        running = RunningCommand(command, self.environ, self.folder)
        return self.finish(running, " ".join(command[1:]), status=status)

    def outputs(self) -> dict[str, Any]:
        """What the stack exports."""
        return dict(json.loads(self.pulumi("stack", "output", "--json").text))

    def service(self, name: str) -> dict[str, Any]:
        """What the stack exports of one service."""
        return dict(self.outputs()["services"][name])

    def state(self) -> dict[str, Any]:
        """The deployment in the state, as `pulumi stack export` gives it."""
        return dict(json.loads(self.pulumi("stack", "export").text)["deployment"])

    def apps(self) -> dict[str, dict[str, Any]]:
        """The state of every App, by its name in Pulumi."""
        return {
            one["urn"].rpartition("::")[2]: one
            for one in self.state().get("resources", ())
            if one["type"] == "pulumi-python:dynamic/modal:App"
        }

    def pulumi(self, *arguments: str, status: int = 0) -> Run:
        """Any command of Pulumi; fails when its exit status is another one."""
        return self.finish(self.start(*arguments), " ".join(arguments), status=status)

    def start(self, *arguments: str) -> RunningCommand:
        """The same without waiting for its end."""
        command = [find_pulumi(), *arguments, "--non-interactive", "--color", "never"]
        return RunningCommand(command, self.environ, self.folder)

    def finish(
        self, running: RunningCommand, command: str, *, status: int, log: Path | None = None
    ) -> Run:
        """Wait for a command, and expect its exit status."""
        said = running.wait(DEADLINE_S)
        run = Run(command, running.process.returncode, said, read_events(log) if log else ())
        assert run.status == status, f"{command} ended with {run.status}:\n{run.text}"
        return run

    def _operate(self, *arguments: str, status: int) -> Run:
        log = self.folder / f"events-{next(self._numbers)}.jsonl"
        running = self.start(*arguments, "--stack", STACK, "--event-log", str(log))
        run = self.finish(running, " ".join(arguments), status=status, log=log)
        sys.stdout.write(f"$ pulumi {run.command}\n{run.text}\n")  # pytest shows it on a failure
        return run


def _salt() -> str:
    """Of the empty passphrase; without one Pulumi would rewrite the file."""
    text = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text("utf-8")
    found = re.search(r"^encryptionsalt: .*$", text, re.MULTILINE)
    assert found, "stacks/Pulumi.dev.yaml has no encryptionsalt"
    return found[0]
