"""A plan that a preview takes from the cache is the plan that would be made again."""

from __future__ import annotations

import os
import py_compile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_modal.errors import ModalStackError
from pulumi_modal.planning.plan import plan_all
from pulumi_modal.planning.plan_cache import PlanCache
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan
from tests.fakes.planning import a_request

HEAD: Final = "import modal\napp = modal.App('a')\n"
FUNCTION: Final = "\n@app.function(gpu=GPU)\ndef f(): ...\n"
FOLLOWED: Final[Mapping[str, str]] = {
    "plain": "GPU = 'T4'",
    "reads_a_file": "GPU = open('data/gpu.txt').read().strip()",
    "finds_a_file": "import os\nGPU = 'L4' if os.path.exists('data/flag') else 'T4'",
    "finds_a_path": "from pathlib import Path\nGPU = 'L4' if Path('data/mark').is_file() else 'T4'",
    "lists_a_folder": "import os\nGPU = f'T4:{len(os.listdir(\"data\"))}'",
    "globs": 'from pathlib import Path\nGPU = f\'T4:{len(list(Path("data").glob("*.txt")))}\'',
    "measures_a_file": "import os\nGPU = f'T4:{os.stat(\"data/gpu.txt\").st_size}'",
    "imports_a_helper": "from helper import GPU",
    "tries_an_import": "try:\n    from absent import GPU\nexcept ImportError:\n    GPU = 'T4'",
    "looks_for_a_module": (
        "import importlib.util\nGPU = 'L4' if importlib.util.find_spec('missing') else 'T4'"
    ),
    "reads_a_variable": "import os\nGPU = os.environ.get('A_GPU', 'T4')",
    "uploads_a_folder": (
        "GPU = 'T4'\n"
        "app = modal.App('a', image=modal.Image.debian_slim().add_local_dir('data', '/data'))"
    ),
}
"""What a file may do while it is imported, and a plan of it is still kept."""
NOT_FOLLOWED: Final[Mapping[str, str]] = {
    "the time": "import time\nGPU = f'T4:{1 + int(time.time()) % 2}'",
    "the date": "import datetime\nGPU = f'T4:{1 + datetime.datetime.now().day % 2}'",
    "today": "from datetime import date\nGPU = f'T4:{1 + date.today().day % 2}'",
    "a random number": "import random\nGPU = f'T4:{random.randint(1, 2)}'",
    "a unique name": "import uuid\nTAG = uuid.uuid4().hex\nGPU = 'T4'",
    "a secret": "import secrets\nTAG = secrets.token_hex()\nGPU = 'T4'",
    "the process": "import os\nGPU = f'T4:{1 + os.getpid() % 2}'",
    "a date of a folder": "import os\nGPU = f'T4:{1 + int(os.path.getmtime(\"data\")) % 2}'",
    "another program": "import subprocess\nsubprocess.run(['true'])\nGPU = 'T4'",
    "a shell": "import os\nos.system('true')\nGPU = 'T4'",
    "the network": (
        "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 1))\n"
        "except OSError:\n    GPU = 'T4'"
    ),
    "the name of the machine": "import socket\nTAG = socket.gethostname()\nGPU = 'T4'",
    "a file that it writes": "open('data/written', 'w').write('x')\nGPU = 'T4'",
    "a file of the system": "GPU = f'T4:{1 + len(open(\"/proc/uptime\").read()) % 2}'",
    "a database": "import sqlite3\nsqlite3.connect('data/base')\nGPU = 'T4'",
    "a thread": "import threading\nthreading.Thread(target=lambda: None).start()\nGPU = 'T4'",
    "another folder": "import os\nos.chdir('data')\nGPU = 'T4'",
    "what it prints": "print('hello')\nGPU = 'T4'",
}
CHANGES: Final[Mapping[str, Callable[[Path], object]]] = {
    "reads_a_file": lambda root: (root / "data/gpu.txt").write_text("L4"),
    "finds_a_file": lambda root: (root / "data/flag").touch(),
    "finds_a_path": lambda root: (root / "data/mark").touch(),
    "lists_a_folder": lambda root: (root / "data/more.md").touch(),
    "globs": lambda root: (root / "data/more.txt").touch(),
    "measures_a_file": lambda root: (root / "data/gpu.txt").write_text("L4 "),
    "imports_a_helper": lambda root: (root / "helper.py").write_text("GPU = 'L4'"),
    "tries_an_import": lambda root: (root / "absent.py").write_text("GPU = 'L4'"),
    "looks_for_a_module": lambda root: (root / "missing").mkdir(exist_ok=True),
    "uploads_a_folder": lambda root: (root / "data/gpu.txt").write_text("L4"),
    "plain": lambda root: (root / "plain.py").write_text(f"{HEAD}GPU = 'L4'{FUNCTION}"),
}
"""By the file whose plan it changes."""
UNDO: Final = ("data/mark", "data/more.md", "absent.py")


@pytest.fixture
def project() -> Iterator[Path]:
    with TemporaryDirectory(prefix="plans-") as name:
        root = Path(name).resolve() / "project"
        (root / "data").mkdir(parents=True)
        (root / "data/gpu.txt").write_text("T4")
        (root / "helper.py").write_text("GPU = 'T4'")
        for file, text in FOLLOWED.items():
            (root / f"{file}.py").write_text(f"{HEAD}{text}{FUNCTION}")
        yield root


def requests(root: Path, names: Sequence[str]) -> list[PlanRequest]:
    return [a_request(f"{name}.py", root, app_name=name.replace("_", "-")) for name in names]


def previewed(root: Path, names: Sequence[str] = tuple(FOLLOWED)) -> list[Plan | ModalStackError]:
    cache = PlanCache(root.parent / "plans")
    return list(plan_all(requests(root, names), cache, is_preview=True))


def known(root: Path, names: Sequence[str] = tuple(FOLLOWED)) -> set[str]:
    """Those whose plan the next preview takes from the cache."""
    cache = PlanCache(root.parent / "plans")
    asked = requests(root, names)
    return {name for name, one in zip(names, asked, strict=True) if cache.find(one)}


def settle(root: Path) -> None:
    """Until files just written are old enough to be known again by their dates."""
    newest = max(one.stat().st_ctime_ns for one in (root, *root.rglob("*")))
    deadline = time.monotonic() + 10
    while time.time_ns() < newest + 300_000_000 and time.monotonic() < deadline:
        os.sched_yield()


def test_what_was_planned_is_known_until_something_changes(project: Path) -> None:
    settle(project)
    first = previewed(project)
    assert known(project) == set(FOLLOWED), "all can be followed"
    assert previewed(project) == first == list(plan_all(requests(project, tuple(FOLLOWED))))
    for name, change in CHANGES.items():
        settle(project)
        previewed(project)
        assert name in known(project)
        settle(project)
        change(project)
        assert name not in known(project), name
        if name != "plain":
            assert "plain" in known(project), "what does not rely on it is still known"
        fresh = list(plan_all(requests(project, tuple(FOLLOWED))))
        assert previewed(project) == fresh
    (project / "unrelated.py").touch()
    settle(project)
    previewed(project)
    assert known(project) == set(FOLLOWED)


def test_a_variable_of_the_environment_is_part_of_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(project)
    (first,) = previewed(project, ["reads_a_variable"])
    monkeypatch.setenv("A_GPU", "L4")
    assert known(project, ["reads_a_variable"]) == set()
    assert previewed(project, ["reads_a_variable"]) != [first]


def test_what_cannot_be_followed_is_planned_each_time(project: Path) -> None:
    names = []
    for at, text in enumerate(NOT_FOLLOWED.values()):
        names.append(f"not_followed_{at}")
        (project / f"{names[-1]}.py").write_text(f"{HEAD}{text}{FUNCTION}")
    settle(project)
    for one in previewed(project, [*names, "plain"]):
        assert isinstance(one, Plan)
    (project / "data/written").unlink()
    found = known(project, [*names, "plain"])
    assert [list(NOT_FOLLOWED)[names.index(name)] for name in found - {"plain"}] == []
    assert "plain" in found


def test_an_apply_plans_anew_and_keeps_what_it_found(project: Path) -> None:
    settle(project)
    cache = PlanCache(project.parent / "plans")
    plan_all(requests(project, ["plain"]), cache)
    assert known(project, ["plain"]) == {"plain"}
    (file,) = (project.parent / "plans").glob("[!l]*.json")
    before = file.stat().st_mtime_ns
    plan_all(requests(project, ["plain"]), cache)
    assert file.stat().st_mtime_ns > before


def test_a_stale_compiled_file_is_not_taken_for_its_source(project: Path) -> None:
    """Python takes it, when the source has its size and second: then nothing is kept."""
    helper = project / "helper.py"
    py_compile.compile(str(helper))
    (compiled,) = (project / "__pycache__").glob("helper.*")
    second = helper.stat().st_mtime_ns // 10**9 * 10**9
    helper.write_text("GPU = 'L4'")
    os.utime(helper, ns=(second, second + 2_000))
    os.utime(compiled, ns=(second, second + 1_000))
    settle(project)
    (taken,) = previewed(project, ["imports_a_helper"])
    assert isinstance(taken, Plan)
    assert taken.functions["f"].effective["gpu"] == "T4", "that of the compiled file"
    assert known(project, ["imports_a_helper"]) == set()


def test_a_module_whose_import_fails_is_relied_on_also_when_it_is_compiled(project: Path) -> None:
    helper = project / "helper.py"
    helper.write_text("raise ImportError('no GPU')")
    text = "try:\n    from helper import GPU\nexcept ImportError:\n    GPU = 'T4'"
    (project / "falls_back.py").write_text(f"{HEAD}{text}{FUNCTION}")
    py_compile.compile(str(helper))
    settle(project)
    previewed(project, ["falls_back"])
    assert known(project, ["falls_back"]) == {"falls_back"}
    helper.write_text("GPU = 'L4'")
    assert known(project, ["falls_back"]) == set()


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(st.sampled_from([*CHANGES, "undo"]), min_size=1, max_size=4))
def test_previews_are_what_would_be_planned_whatever_is_edited(
    edits: list[str], project: Path
) -> None:
    names = ["plain", "lists_a_folder", "tries_an_import", "imports_a_helper", "finds_a_path"]
    for edit in edits:
        if edit == "undo":
            for name in UNDO:
                (project / name).unlink(missing_ok=True)
            (project / "helper.py").write_text("GPU = 'T4'")
        else:
            CHANGES[edit](project)
        assert previewed(project, names) == list(plan_all(requests(project, names)))
