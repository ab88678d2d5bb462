"""The source digest: equal where nothing a deploy sends has changed, different where it has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_modal.planning.plan import plan_one
from pulumi_modal.spec.plan import SourceDigest
from tests.fakes.planning import SOURCES, a_request

ALL = [
    "functions.py",
    "classes.py",
    "server.py",
    "looped.py",
    "nested.py",
    "package/main.py",
    "web.py",
    "needs.py",
    "built.py",
    "helper_sender.py",
]
PROGRAM = """
import sys
from tests.fakes.planning import a_request
from pulumi_modal.planning.plan import plan_one
from pathlib import Path
for source in sys.argv[2:]:
    print(plan_one(a_request(source, Path(sys.argv[1]))).digest.model_dump_json())
"""


def digest(source: str, root: Path) -> SourceDigest:
    return plan_one(a_request(source, root)).digest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The example files in another folder, with a longer path and other dates."""
    root = tmp_path / "another checkout" / "with a much longer path than the first one has"
    shutil.copytree(SOURCES, root, copy_function=shutil.copyfile)
    return root


@pytest.mark.parametrize("source", ALL)
def test_a_digest_is_equal_in_another_checkout(source: str, checkout: Path) -> None:
    assert digest(source, checkout) == digest(source, SOURCES)


@pytest.mark.parametrize("seed", ["1", "77"])
def test_digests_are_equal_in_another_process_with_another_hash_seed(seed: str) -> None:
    here = [digest(source, SOURCES).model_dump_json() for source in ALL]
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SOURCES), *ALL],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.splitlines() == here


@pytest.mark.parametrize(
    ("source", "file", "old", "new", "part"),
    [
        pytest.param(
            "package/main.py", "package/tools.py", "2 * x", "3 * x", "files", id="helper module"
        ),
        pytest.param(
            "helper_sender.py", "lonely_helper.py", "2 * x", "3 * x", "files", id="added module"
        ),
        pytest.param("needs.py", "data.txt", "some", "other", "files", id="data file"),
        pytest.param("functions.py", "functions.py", "2.0.0", "2.0.1", "image", id="requirement"),
        pytest.param("built.py", "built.py", '"tiny"', '"huge"', "image", id="value in a build"),
        pytest.param("nested.py", "nested.py", "FACTOR = 3", "FACTOR = 4", "code", id="closure"),
        pytest.param(
            "needs.py", "needs.py", "not-for-the-state", "another", "secrets", id="inline secret"
        ),
    ],
)
def test_a_change_shows_in_its_own_part(  # noqa: PLR0913, PLR0917  # columns of the table
    checkout: Path, source: str, file: str, old: str, new: str, part: str
) -> None:
    before = digest(source, checkout)
    changed = checkout / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    after = digest(source, checkout)
    moved = {name for name in SourceDigest.model_fields if _differs(name, before, after)}
    # A service's own text is one of its files: that part moves with every edit of it.
    assert moved - {"files"} == ({part} - {"files"})
    assert part in moved


def _differs(name: str, before: SourceDigest, after: SourceDigest) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def test_a_changed_helper_is_named_by_its_remote_path(checkout: Path) -> None:
    before = digest("package/main.py", checkout).files
    (checkout / "package" / "tools.py").write_text("def double(x: int) -> int:\n    return x + x\n")
    after = digest("package/main.py", checkout).files
    assert [path for path in after if after[path] != before[path]] == ["/root/package/tools.py"]


def test_a_setting_of_the_stack_is_no_change_of_source() -> None:
    settings = {"fetch": {"gpu": "H100", "timeout": 5, "max_inputs": 3, "env": {"MODE": "x"}}}
    plain = plan_one(a_request("needs.py"))
    tuned = plan_one(a_request("needs.py", overrides=settings))
    assert tuned.digest == plain.digest
    assert tuned.functions["fetch"].image_id == plain.functions["fetch"].image_id


def test_the_digest_of_a_secret_depends_on_the_stack_that_holds_it() -> None:
    dev = plan_one(a_request("needs.py")).digest.secrets
    prod = plan_one(a_request("needs.py", environment="prod")).digest.secrets
    keyed = plan_one(a_request("needs.py", digest_key="of this stack")).digest.secrets
    assert len({dev, prod, keyed}) == 3


def test_fifty_plans_at_once_agree() -> None:
    from pulumi_modal.planning.plan import plan_all

    plans = plan_all([a_request("classes.py")] * 50)
    assert all(plan == plans[0] for plan in plans)
