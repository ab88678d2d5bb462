"""What a local Modal keeps: over restarts, kill -9, and to itself."""

from __future__ import annotations

import json
import stat
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import modal
import psutil
import pytest

from tests.fakes.local_modal import LocalModalServer, local_modal

APP = """
import modal

app = modal.App("kept")
secret = modal.Secret.from_name("kept-secret", required_keys=["KEY"])
volume = modal.Volume.from_name("kept-volume", create_if_missing=True)


@app.function(secrets=[secret], volumes={"/data": volume}, min_containers=1)
def write(text: str):
    import os
    with open("/data/file", "a") as file:
        file.write(text)
    with open("/data/file") as file:
        return os.environ["KEY"], file.read()


@app.function()
@modal.asgi_app(label="kept")
def web():
    async def asgi(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"web"})

    return asgi
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path) as running:
        yield running


def write(server: LocalModalServer, text: str) -> tuple[str, str]:
    """What the container was given, and what it has written so far."""
    with server.client() as client:
        given, content = modal.Function.from_name("kept", "write", client=client).remote(text)
    return given, content


def web_url(server: LocalModalServer) -> str:
    with server.client() as client:
        return str(modal.Function.from_name("kept", "web", client=client).get_web_url())


def test_everything_survives_a_restart_and_a_kill(server: LocalModalServer, tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text(APP)
    refused = server.modal("deploy", "kept.py", cwd=tmp_path, check=False)
    assert "Secret 'kept-secret' not found in environment 'main'" in refused.stderr
    server.modal("secret", "create", "kept-secret", "OTHER=1")
    refused = server.modal("deploy", "kept.py", cwd=tmp_path, check=False)
    assert "lacks the required keys: KEY" in " ".join(refused.stderr.split())
    server.modal("secret", "create", "--force", "kept-secret", "KEY=value")
    server.deploy(tmp_path / "kept.py")
    access = server.access
    url = web_url(server)
    assert write(server, "a") == ("value", "a")

    server.stop()
    server.start()
    assert server.access == access
    assert write(server, "b") == ("value", "ab")

    containers = server.containers()
    assert containers
    server.kill()
    server.start()
    assert write(server, "c") == ("value", "abc")
    assert web_url(server) == url
    assert httpx.get(url, timeout=60).text == "web"
    _, alive = psutil.wait_procs(containers, timeout=10)
    assert not alive, "containers of the killed server"


def test_nobody_else_can_read_the_state(server: LocalModalServer) -> None:
    modes = {
        name: stat.S_IMODE((server.home / name).stat().st_mode)
        for name in (".", "modal.toml", "state.sqlite", "server.json", "server.log")
    }
    assert modes.pop(".") == 0o700
    assert set(modes.values()) == {0o600}, modes


def test_secret_values_are_shown_to_containers_alone(
    server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "kept.py").write_text(APP)
    server.modal("secret", "create", "kept-secret", "KEY=the-value-itself")
    server.deploy(tmp_path / "kept.py")
    assert write(server, "a") == ("the-value-itself", "a")
    shown = [
        server.modal("secret", "list", "--json").stdout,
        json.dumps(server.status()),
        server.command("logs").stdout,
        server.command("logs", "kept").stdout,
        *(" ".join(process.cmdline()) for process in server.containers()),
    ]
    assert not [text for text in shown if "the-value-itself" in text]


CONTENT = bytes(range(256)) * 40_000  # more than a block


def test_files_go_to_a_volume_of_the_first_version_and_come_back(
    server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "big file.bin").write_bytes(CONTENT)
    with server.client() as client:
        volume = modal.Volume.from_name("first", create_if_missing=True, version=1, client=client)
        with volume.batch_upload() as batch:
            batch.put_file(tmp_path / "big file.bin", "/in/big file.bin")
        volume.copy_files(["in/big file.bin"], "copy.bin")
        volume.remove_file("in", recursive=True)
        assert [entry.path for entry in volume.listdir("/", recursive=True)] == ["copy.bin"]
        assert b"".join(volume.read_file("copy.bin")) == CONTENT
        with pytest.raises(modal.exception.InvalidError, match="leads out of the volume"):
            volume.listdir("../..")


def test_files_go_to_a_volume_and_come_back(server: LocalModalServer, tmp_path: Path) -> None:
    (tmp_path / "big file.bin").write_bytes(CONTENT)
    server.modal("volume", "create", "files", "--version", "2")
    server.modal("volume", "put", "files", "big file.bin", "/in/big file.bin", cwd=tmp_path)
    assert server.modal("volume", "ls", "files", "/in").stdout.split("\n")[0] == "in/big file.bin"
    server.modal("volume", "cp", "files", "in/big file.bin", "copy.bin")
    server.modal("volume", "rm", "files", "in", "-r")
    assert server.modal("volume", "ls", "files").stdout.split() == ["copy.bin"]
    server.modal("volume", "get", "files", "copy.bin", "back.bin", cwd=tmp_path)
    assert (tmp_path / "back.bin").read_bytes() == CONTENT
    missing = server.modal("volume", "get", "files", "none.bin", check=False)
    assert missing.returncode != 0
    outside = server.modal("volume", "ls", "files", "../..", check=False)
    assert "leads out of the volume" in " ".join(outside.stderr.split())


RUN = """
import modal

app = modal.App("runner")


@app.function()
def work(size: int):
    print("working on", size)
    return b"x" * size


@app.local_entrypoint()
def main(size: int = 5_000_000):
    print("got", len(work.remote(size)))
"""


def test_an_app_of_modal_run_ends_with_its_client_and_shows_its_last_lines(
    server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "runner.py").write_text(RUN)
    result = server.modal("run", "runner.py", cwd=tmp_path)
    assert "got 5000000" in result.stdout
    assert "working on 5000000" in result.stdout
    apps = json.loads(server.modal("app", "list", "--json").stdout)
    assert [app["state"] for app in apps] == ["stopped"]
    assert server.status()["containers"] == []


def test_a_local_modal_has_a_token_page_and_proxy_tokens(server: LocalModalServer) -> None:
    code = textwrap.dedent(
        """
        import modal
        tokens = modal.Workspace.from_context().proxy_tokens
        made = tokens.create()
        print(len(tokens.list()))
        """
    )
    assert server.python(code).stdout.strip() == "1"
    assert "Workspace: local" in server.modal("token", "info").stdout
