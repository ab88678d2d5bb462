"""A local Modal of one's own for tests: a real server in a temporary folder.

    with local_modal(tmp_path) as server:
        server.modal("deploy", "app.py")
        os.environ.update(server.environ)

Stopped by its own pid at the end; a test may also `stop`, `start` and `kill` it in between.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
from modal.client import Client
from modal_proto import api_pb2

from modal_local.settings import Home, read_access

DEADLINE_S = 90
_SILENT = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}


@dataclass
class LocalModalServer:
    """A running server and how to reach it."""

    home: Path
    pid: int = 0

    @property
    def access(self) -> dict[str, str]:
        """Variables that point a stock client at it."""
        home = Home(self.home)
        access = read_access(home)
        if access is None:
            raise AssertionError(f"{self.home} has no access yet")
        return access.variables(home)

    @property
    def environ(self) -> dict[str, str]:
        """An environment for child processes: this server, and no other Modal settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MODAL_")}
        return {**kept, **_SILENT, **self.access, "MODAL_LOCAL_HOME": str(self.home)}

    def start(self) -> None:
        """Start it, or start it again."""
        self.command("start")
        self.pid = int(json.loads((self.home / "server.json").read_text())["pid"])

    def stop(self) -> None:
        """Stop it as a user would. Repeats safely."""
        self.command("stop")
        self.pid = 0

    def kill(self) -> None:
        """SIGKILL: what a crash would leave."""
        process = psutil.Process(self.pid)
        process.send_signal(signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)
        self.pid = 0

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `python -m modal_local`."""
        return _run(
            [sys.executable, "-m", "modal_local", *arguments],
            {**os.environ, **_SILENT, "MODAL_LOCAL_HOME": str(self.home)},
            check=check,
        )

    def modal(
        self, *arguments: str, check: bool = True, cwd: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the stock `modal` command line against it."""
        command = [sys.executable, "-m", "modal", *arguments]
        return _run(command, {**self.environ, **environ}, check=check, cwd=cwd)

    def python(
        self, code: str, *, check: bool = True, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python program as a client of it."""
        return _run([sys.executable, "-c", code], self.environ, check=check, cwd=cwd)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of it in this process."""
        access = self.access
        credentials = (access["MODAL_TOKEN_ID"], access["MODAL_TOKEN_SECRET"])
        kind = api_pb2.CLIENT_TYPE_CLIENT
        with Client(access["MODAL_SERVER_URL"], kind, credentials) as client:
            yield client

    def deploy(self, path: Path, *, environment: str = "main") -> None:
        """Deploy a Modal file by the SDK in this process: quicker than its command line."""
        module = _fresh_module(path)
        try:
            with self.client() as client:
                module.app.deploy(environment_name=environment, client=client)
        finally:
            del sys.modules[path.stem]

    def status(self) -> dict[str, Any]:
        """What `status --json` shows."""
        return dict(json.loads(self.command("status", "--json").stdout))

    def containers(self) -> list[psutil.Process]:
        """Processes that this server has started and that are still there."""
        if not self.pid or not psutil.pid_exists(self.pid):
            return []
        return psutil.Process(self.pid).children(recursive=True)


@contextmanager
def local_modal(folder: Path) -> Iterator[LocalModalServer]:
    """A server in this folder while the block runs; no process of it is left after that."""
    server = LocalModalServer(folder / "local-modal")
    server.start()
    try:
        yield server
    finally:
        children = server.containers()
        server.stop()
        _, alive = psutil.wait_procs(children, timeout=10)
        for process in alive:
            process.kill()
    assert not alive, f"left behind: {alive}"


def _fresh_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _run(
    command: list[str], environ: dict[str, str], *, check: bool, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        command,
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if check and result.returncode:
        raise AssertionError(
            f"{' '.join(command[1:4])} ended with {result.returncode}:\n{result.stdout}\n"
            f"{result.stderr}"
        )
    return result
