"""`python -m modal_local` as its users meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.fakes.local_modal import LocalModalServer, local_modal


def test_start_says_when_it_runs_already_and_stop_leaves_no_process(tmp_path: Path) -> None:
    with local_modal(tmp_path) as server:
        pid = server.pid
        again = json.loads(server.command("start", "--json").stdout)
        assert (again["pid"], again["was_running"]) == (pid, True)
        assert server.status()["workspace"] == "local"
        (tmp_path / "warm.py").write_text(
            "import modal\napp = modal.App('warm')\n"
            "@app.function(min_containers=1, gpu='A10:2')\ndef f():\n    print('hello')\n"
        )
        server.modal("deploy", "warm.py", cwd=tmp_path)
        server.python("import modal\nmodal.Function.from_name('warm', 'f').remote()")
        shown = server.status()
        assert [each["gpu"] for each in shown["containers"]] == ["A10:2"]
        assert "A10:2" in server.command("status").stdout
        assert "hello" in server.command("logs", "warm").stdout
        printed = server.command("logs", "warm", "--json").stdout.splitlines()
        lines = [json.loads(line) for line in printed]
        assert ("stdout", "hello") in [(line["source"], line["text"]) for line in lines]
        everything = [psutil.Process(pid), *server.containers()]
        server.command("stop")
        assert not [process for process in everything if process.is_running()]
        assert "hello" not in server.command("logs").stdout


def test_what_env_prints_points_a_shell_at_the_server(tmp_path: Path) -> None:
    with local_modal(tmp_path) as server:
        script = f"""
        eval "$({sys.executable} -m modal_local env)"
        {sys.executable} -m modal token info
        """
        variables = {**os.environ, "MODAL_LOCAL_HOME": str(server.home), "MODAL_TOKEN_ID": "other"}
        shell = ["sh", "-euc", script]
        result = subprocess.run(
            shell, env=variables, capture_output=True, text=True, timeout=90, check=True
        )
    assert "Workspace: local" in result.stdout


def test_every_listener_is_on_the_loopback_interface(tmp_path: Path) -> None:
    with local_modal(tmp_path) as server:
        (tmp_path / "web.py").write_text(
            "import modal\napp = modal.App('web')\n"
            "@app.function()\n@modal.asgi_app()\ndef f():\n    return None\n"
        )
        server.modal("deploy", "web.py", cwd=tmp_path)
        connections = psutil.Process(server.pid).net_connections()
        listening = [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]
        assert len(listening) == 3  # RPCs, blobs, one web URL
        assert {address[0] for address in listening} == {"127.0.0.1"}


def test_commands_about_a_server_that_does_not_run_are_refused_in_a_sentence(
    tmp_path: Path,
) -> None:
    server = LocalModalServer(tmp_path / "none")
    for arguments in (["status"], ["logs", "app"], ["env"]):
        result = server.command(*arguments, check=False)
        assert result.returncode == 1
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert "Traceback" not in result.stderr
    assert server.command("stop").returncode == 0
    assert server.command("fly", check=False).returncode == 2


def test_reset_asks_and_refuses_while_running(tmp_path: Path) -> None:
    with local_modal(tmp_path) as server:
        running = server.command("reset", "--yes", check=False)
        assert (running.returncode, "stop it first" in running.stderr) == (1, True)
        server.stop()
        assert server.command("reset", check=False).returncode == 1  # nobody said yes
        assert server.home.exists()
        server.command("reset", "--yes")
        assert not server.home.exists()


def test_reset_does_not_remove_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    result = LocalModalServer(tmp_path).command("reset", "--yes", check=False)
    assert result.returncode == 1
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("broken", ["nonsense [", "[local]\nserver_url = 1\n"])
def test_a_broken_config_is_told_in_a_sentence(tmp_path: Path, broken: str) -> None:
    server = LocalModalServer(tmp_path)
    (tmp_path / "modal.toml").write_text(broken)
    for command in ("start", "env"):
        result = server.command(command, check=False)
        assert result.returncode == 1
        assert "modal.toml" in result.stderr
        assert "Traceback" not in result.stderr
