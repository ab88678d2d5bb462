"""Planning works from any program: threads, no main guard, a program that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psutil
import pytest

from pulumi_modal.errors import SourceError
from pulumi_modal.planning.plan import plan_one
from tests.fakes.planning import SOURCES, a_request

UNGUARDED = f"""
from pathlib import Path
from typing import Final
from pulumi_modal.planning.plan import plan_one
from pulumi_modal.source.request import PlanRequest
print("program runs", flush=True)
plan = plan_one(PlanRequest("batched.py", Path({str(SOURCES)!r}), "x"))
print(sorted(plan.functions), flush=True)
"""


def start(folder: Path, text: str) -> subprocess.Popen[str]:
    program = folder / "__main__.py"
    program.write_text(text)
    return subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def blocked_signals(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:"))


def wait_until_gone(process: psutil.Process, deadline_s: float) -> bool:
    try:
        process.wait(deadline_s)
    except psutil.TimeoutExpired:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    return True


def test_a_fork_server_that_still_loads_is_interrupted_without_a_word(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text(
        "import sys\n"
        "from pulumi_modal.source.forkserver import warm_up\n"
        "warm_up()\n"
        "print('warm', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "warm\n"
        servers = psutil.Process(running.pid).children()
        blocked = [blocked_signals(server.pid) for server in servers]
        for server in servers:
            server.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
        _, alive = psutil.wait_procs(servers, timeout=60)
    assert len(servers) == 2  # with the resource tracker of the library
    assert all(mask & 1 << (signal.SIGINT - 1) for mask in blocked)
    assert not alive
    assert said == ""


def test_a_program_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    with start(tmp_path, UNGUARDED) as program:
        output, _ = program.communicate(timeout=60)
    assert output.splitlines() == ["program runs", "['double']"]
    assert program.returncode == 0


def test_many_threads_plan_at_once() -> None:
    with ThreadPoolExecutor(16) as pool:
        plans = list(pool.map(plan_one, [a_request("batched.py")] * 32))
    assert all(plan == plans[0] for plan in plans)


def test_a_plan_leaves_no_process_of_the_file_behind() -> None:
    plan_one(a_request("noisy.py"))
    mine = psutil.Process().children(recursive=True)
    assert not [one for one in mine if "/bin/sleep" in one.cmdline()]


SLEEP: Final = ["/bin/sleep", "4321"]
STARTS: Final = {
    "in a session of its own": "subprocess.Popen(SLEEP, start_new_session=True)",
    "as a daemon": "subprocess.run(['/bin/sh', '-c', 'setsid /bin/sleep 4321 & exit'])",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
@pytest.mark.parametrize("hangs", [False, True], ids=["planned", "ended at the deadline"])
def test_what_a_file_starts_ends_with_it(
    tmp_path: Path,
    start: str,
    hangs: bool,  # noqa: FBT001  # a column of the table
) -> None:
    text = f"import subprocess, time\nSLEEP = ['/bin/sleep', '4321']\n{start}\n"
    text += "while not subprocess.run(['pgrep', '-f', '^/bin/sleep 4321']).returncode == 0: pass\n"
    text += "time.sleep(3600)\n" if hangs else ""
    text += "import modal\napp = modal.App('x')\n@app.function()\ndef f(x): return x\n"
    (tmp_path / "service.py").write_text(text, "utf-8")
    if hangs:
        with pytest.raises(SourceError, match=r"did not end within 2 s, it hung at service.py:5"):
            plan_one(a_request("service.py", tmp_path, deadline_s=2.0))
    else:
        plan_one(a_request("service.py", tmp_path))
    left = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == SLEEP]
    _, alive = psutil.wait_procs(left, timeout=10)
    for one in alive:
        one.kill()
    assert not alive


def test_a_killed_program_takes_its_children_along(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\n"
        "os.rename('pid', 'pid.done')\ntime.sleep(3600)\n"
    )
    text = UNGUARDED.replace("batched.py", "slow.py").replace(str(SOURCES), str(tmp_path))
    with start(tmp_path, text) as program:
        child = _wait_for_pid(tmp_path / "pid.done", deadline_s=30)
        program.send_signal(signal.SIGKILL)
    assert wait_until_gone(child, deadline_s=10)


def _wait_for_pid(file: Path, deadline_s: float) -> psutil.Process:
    end = time.monotonic() + deadline_s
    while not file.exists():
        assert time.monotonic() < end, "the file was not imported"
        os.sched_yield()
    return psutil.Process(int(file.read_text()))
