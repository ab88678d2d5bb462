"""The server as a process: started in the background, found again, stopped by its own pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Final

import psutil

from modal_local.errors import LocalModalError
from modal_local.settings import HOME_VARIABLE, Home

START_DEADLINE_S: Final = 60.0
STOP_DEADLINE_S: Final = 45.0
_LARGEST_LOG: Final = 10 * 1024**2
_LOOK_EVERY_S: Final = 0.02
_LAST_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready."""

    pid: int
    process_started_at: float
    server_url: str
    ready_at: float


def find_running(home: Home) -> Running | None:
    """The ready server of this folder; None when there is none, whatever a killed one left."""
    try:
        raw = json.loads(home.ready.read_text())
        running = Running(
            pid=int(raw["pid"]),
            process_started_at=float(raw["process_started_at"]),
            server_url=str(raw["server_url"]),
            ready_at=float(raw["ready_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if _process(running) is not None else None


def start(home: Home) -> Running:
    """Start a server in the background and wait until it answers. Raises LocalModalError."""
    home.make()
    if home.log.exists() and home.log.stat().st_size > _LARGEST_LOG:
        home.log.replace(home.log.with_suffix(".log.1"))
    descriptor = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "modal_local", "serve"],
            env={**os.environ, HOME_VARIABLE: str(home.path)},
            cwd=home.path,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        running = find_running(home)
        if running is not None:
            return running
        if process.poll() is not None:
            running = find_running(home)  # another start was quicker
            if running is not None:
                return running
            raise LocalModalError(f"the server ended at once: {_last_words(home)}")
        time.sleep(_LOOK_EVERY_S)
    process.terminate()
    raise LocalModalError(
        f"the server did not become ready within {START_DEADLINE_S:g} s: {_last_words(home)}"
    )


def stop(home: Home) -> bool:
    """Stop the server and wait until it is gone; whether there was one."""
    running = find_running(home)
    process = _process(running) if running is not None else None
    if process is None:
        return False
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=STOP_DEADLINE_S)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired as error:
        raise LocalModalError(
            f"the server (pid {process.pid}) did not end within {STOP_DEADLINE_S:g} s"
        ) from error
    return True


def _process(running: Running) -> psutil.Process | None:
    """The process, if it is still the one that wrote the file."""
    try:
        process = psutil.Process(running.pid)
        is_same = abs(process.create_time() - running.process_started_at) < 1
        is_alive = process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if is_same and is_alive else None


def _last_words(home: Home) -> str:
    try:
        lines = home.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    except OSError:
        lines = []
    return " / ".join(line.strip() for line in lines if line.strip()) or f"see {home.log}"
