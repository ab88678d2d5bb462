"""From a clone to an answer: what the README promises, as a newcomer would do it.

Set-up makes an environment of its own here. Built engines are taken from this checkout's cache.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 900
NEAR = 5e-3
OWN = ("PULUMI_", "MODAL_", "VIRTUAL_ENV", "PYTHONPATH")

pytestmark = [pytest.mark.newcomer, pytest.mark.timeout(4 * DEADLINE_S)]


@dataclass(frozen=True)
class Clone:
    """A clone that nobody has touched, and a newcomer's shell."""

    folder: Path
    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """Nothing is activated, and nothing was chosen before."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(OWN)}
        path = kept.get("PATH", os.defpath).split(os.pathsep)
        return {
            **kept,
            "PATH": os.pathsep.join(each for each in path if not each.startswith(sys.prefix)),
            "PULUMI_HOME": str(self.home),
            "PULUMI_MODAL_ENGINE_CACHE": str(ROOT / ".cache" / "engine"),
        }

    def run(self, *command: str) -> str:
        """What a command says; it must succeed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done.stdout

    def activated(self, line: str) -> str:
        """A line in a shell where the environment is activated."""
        return self.run("/bin/bash", "-euc", f". .venv/bin/activate; {line}")

    def processes(self) -> list[psutil.Process]:
        """Everything that was started from this folder and still runs."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in part for part in process.info["cmdline"] or [])
        ]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """All files as they are here, committed or not; at the end nothing of it runs."""
    made = Clone(tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("pulumi-home"))
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.folder / name)
    try:
        yield made
    finally:
        subprocess.run(
            [sys.executable, "-m", "modal_local", "stop"],
            env={**os.environ, "MODAL_LOCAL_HOME": str(made.folder / ".local-modal")},
            cwd=ROOT,
            check=False,
            timeout=DEADLINE_S,
        )


@pytest.fixture(scope="module")
def first_up(clone: Clone) -> str:
    """`make up`, and nothing before it."""
    return clone.run("make", "up")


def url_in(said: str) -> str:
    found = re.search(r"^ *URL=(http\S+)$", said, re.MULTILINE)
    assert found is not None, said
    return found[1]


def test_make_up_ends_with_a_command_that_answers(clone: Clone, first_up: str) -> None:
    lines = first_up.partition("Try it:")[2].strip()
    answer = json.loads(clone.run("/bin/bash", "-euc", lines))
    assert answer["model"] == "sentence-transformers/all-MiniLM-L6-v2"
    (_, near, far), *_ = answer["similarity"]
    assert near == pytest.approx(0.6601, abs=NEAR)  # a cat, a kitten
    assert far == pytest.approx(0.0731, abs=NEAR)  # a cat, the stock market


def test_the_model_is_loaded_once(first_up: str) -> None:
    url = url_in(first_up)
    before = httpx.get(f"{url}/health", timeout=DEADLINE_S).json()
    httpx.post(f"{url}/embed", json={"sentences": ["hello"]}, timeout=60).raise_for_status()
    assert httpx.get(f"{url}/health", timeout=60).json() == before


@pytest.mark.usefixtures("first_up")
def test_a_second_make_up_finds_nothing_to_do(clone: Clone) -> None:
    said = clone.run("make", "up")
    assert re.search(r"^ +6 unchanged$", said, re.MULTILINE)
    assert "Installing" not in said


@pytest.fixture(scope="module")
def promotion(clone: Clone, first_up: str) -> str:
    """The preview of staging, before it is there."""
    assert first_up
    return clone.activated("pulumi preview -s staging --diff")


def test_the_activated_shell_previews_a_promotion(promotion: str) -> None:
    assert re.search(r'gpu +: "H100"', promotion)
    assert re.search(r"max_in_flight +: 16$", promotion, re.MULTILINE)


def services_of(clone: Clone, stack: str) -> dict[str, Any]:
    """Apply a stack; its services by name."""
    clone.activated(f"pulumi up -s {stack} --yes --skip-preview")
    outputs = json.loads(clone.activated(f"pulumi stack output -s {stack} --json"))
    return dict(outputs["services"])


@pytest.fixture(scope="module")
def staging(clone: Clone, promotion: str) -> Iterator[dict[str, Any]]:
    """The services of staging, beside those of dev."""
    assert promotion
    yield services_of(clone, "staging")
    clone.run("make", "down", "STACK=staging")


def test_staging_is_applied_and_then_finds_nothing_to_do(
    clone: Clone, staging: dict[str, Any]
) -> None:
    service = staging["embeddings"]
    assert (service["environment"], service["gpu"], service["max_in_flight"]) == (
        "staging",
        "H100",
        16,
    )
    assert httpx.get(f"{service['url']}/health", timeout=DEADLINE_S).json()["status"] == "ok"
    clone.activated("pulumi preview -s staging --expect-no-changes")


def test_a_variant_generates_text_with_a_checkpoint_that_it_loads(staging: dict[str, Any]) -> None:
    asked = {"prompt": "hello there", "max_new_tokens": 8}
    url = f"{staging['infer-t4']['url']}/generate"
    answer = httpx.post(url, json=asked, timeout=DEADLINE_S).raise_for_status().json()
    assert (answer["model"], answer["generated_tokens"], len(answer["text"])) == ("tiny", 8, 8)


def test_the_batched_service_embeds_as_the_stateful_one_does(staging: dict[str, Any]) -> None:
    asked = {"sentences": ["a cat sits on the mat", "a kitten rests on a rug"]}
    batched, stateful = (
        httpx.post(f"{staging[name]['url']}/embed", json=asked, timeout=DEADLINE_S)
        .raise_for_status()
        .json()
        for name in ("batched-embeddings", "embeddings")
    )
    vectors = [embedding["vector"] for embedding in batched["embeddings"]]
    for ours, theirs in zip(vectors, stateful["embeddings"], strict=True):
        assert ours == pytest.approx(theirs, abs=NEAR)
    cosine = sum(one * other for one, other in zip(*vectors, strict=True))
    assert cosine == pytest.approx(0.6601, abs=NEAR)


@pytest.mark.usefixtures("first_up")
def test_prod_is_applied_and_then_finds_nothing_to_do(clone: Clone) -> None:
    services = services_of(clone, "prod")
    assert services["embeddings"]["gpu"] == "H100 or L40S"
    health = httpx.get(f"{services['embeddings']['url']}/health", timeout=DEADLINE_S)
    assert health.status_code == 200
    clone.activated("pulumi preview -s prod --expect-no-changes")
    clone.run("make", "down", "STACK=prod")


@pytest.mark.usefixtures("first_up")
def test_a_changed_gpu_shows_as_a_diff_of_that_gpu(clone: Clone) -> None:
    path = "inference:services.embeddings.functions.Embedder.gpu"
    clone.activated(f"pulumi config set -s dev --path {path} H100")
    said = clone.activated("pulumi preview -s dev --diff --suppress-outputs")
    clone.activated(f"pulumi config set -s dev --path {path} T4")
    assert re.findall(r"^ *~ (\w+) *: (.*=>.*)$", said, re.MULTILINE) == [("gpu", '"T4" => "H100"')]


@pytest.mark.usefixtures("first_up")
def test_the_stock_client_finds_the_apps(clone: Clone) -> None:
    said = clone.activated('eval "$(pulumi-modal local env)"; modal app list --env dev --json')
    assert {app["description"] for app in json.loads(said)} >= {"embeddings", "passages"}


def test_the_local_modal_stops_whole_and_comes_back_with_its_apps(
    clone: Clone, first_up: str
) -> None:
    clone.run("make", "local-stop")
    assert clone.processes() == []
    clone.run("make", "local")
    answer = httpx.get(f"{url_in(first_up)}/health", timeout=DEADLINE_S)
    assert answer.status_code == 200


@pytest.mark.usefixtures("first_up")
def test_make_down_leaves_no_app_and_make_up_brings_it_back(clone: Clone) -> None:
    assert re.search(r"^ +- 6 deleted$", clone.run("make", "down"), re.MULTILINE)
    status = json.loads(clone.activated("pulumi-modal local status --json 2>/dev/null"))
    left = [*status["apps"], *status["containers"]]
    assert [each for each in left if each["environment"] == "dev"] == []
    assert re.search(r"^ +\+ 6 created$", clone.run("make", "up"), re.MULTILINE)
