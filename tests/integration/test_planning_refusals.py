"""Each way a Modal file can fail to load gets its own line: the file, the place, what to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pulumi_modal.errors import ModalStackError, PlanError, SourceError
from pulumi_modal.planning.plan import plan_all, plan_one
from tests.fakes.planning import a_file, a_request

APP = "import modal\napp = modal.App('x')\n"
FUNCTION = "@app.function()\ndef f(x): return x\n"
TALKS = (
    "this file talks to Modal while it is imported (call {}), which a preview must not do;"
    " move the call into a function or under `if __name__ == '__main__':`"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "import sys\nsys.exit(3)\n",
            "service.py:2: the file called sys.exit(3) while it was imported; move that under"
            " `if __name__ == '__main__':`",
            id="sys.exit",
        ),
        pytest.param(
            "import os\nprint('last words')\nos._exit(7)\n",
            "service.py: the import ended the process with status 7; remove the os._exit or what"
            " crashes from the file; it printed last: last words",
            id="os._exit",
        ),
        pytest.param(
            APP + "print(modal.Volume.objects.list())\n",
            "service.py:3: " + TALKS.format("VolumeList"),
            id="lists volumes",
        ),
        pytest.param(
            APP + "modal.Volume.from_name('v', create_if_missing=True).hydrate()\n",
            "service.py:3: " + TALKS.format("VolumeGetOrCreate"),
            id="makes a volume",
        ),
        pytest.param(
            APP + "try:\n    modal.App.lookup('y')\nexcept Exception as error:\n    raise error\n",
            "service.py:4: " + TALKS.format("AppGetOrCreate"),
            id="looks an app up",
        ),
        pytest.param(
            APP + "try:\n    modal.App.lookup('y')\nexcept Exception:\n    pass\n" + FUNCTION,
            "service.py: " + TALKS.format("AppGetOrCreate"),
            id="hides that it looks an app up",
        ),
        pytest.param(
            APP + "app.deploy()\n",
            "service.py:3: `App.deploy()` must not run while the file is imported; remove it (the"
            " stack deploys the app) or put it under `if __name__ == '__main__':`",
            id="deploys itself",
        ),
        pytest.param(
            APP + "with app.run():\n    pass\n",
            "service.py:3: `App.run()` must not run while the file is imported; remove it (the"
            " stack deploys the app) or put it under `if __name__ == '__main__':`",
            id="runs itself",
        ),
        pytest.param(
            "name = input('which model? ')\n",
            "service.py:1: the file waits for input() while it is imported; nobody can answer in a"
            " deploy: read an environment variable instead",
            id="input",
        ),
        pytest.param(
            "import os\nTOKEN = os.environ['A_VARIABLE_NOBODY_SET']\n",
            "service.py:2: the environment variable A_VARIABLE_NOBODY_SET is not set; set it, or"
            " give a default with os.environ.get('A_VARIABLE_NOBODY_SET', ...)",
            id="missing environment variable",
        ),
        pytest.param(
            "import modal\napp = modal.App('x'\n",
            "service.py:2: syntax error: '(' was never closed; correct the line",
            id="syntax error",
        ),
        pytest.param(
            APP + "@app.function(concurrency_limit=4)\ndef f(x): return x\n",
            "service.py:3: `concurrency_limit` is not an argument here any more; write"
            " `max_containers=...` (it always limited containers, not requests)",
            id="old keyword",
        ),
        pytest.param(
            APP + "@app.cls()\nclass M:\n    @modal.method(concurrency_limit=4)\n"
            "    def f(self, x): return x\n",
            "service.py:5: `concurrency_limit` is not an argument here any more; write"
            " `@modal.concurrent(max_inputs=...)` on the class: all methods share it",
            id="old keyword of a method",
        ),
        pytest.param(
            "import modal\nstub = modal.Stub('x')\n",
            "service.py:2: `modal.Stub` does not exist any more; use `modal.App`",
            id="old name",
        ),
        pytest.param(
            "import modal\n",
            "service.py: the file has no modal.App; add `app = modal.App('name')`",
            id="no app",
        ),
        pytest.param(
            APP,
            "service.py: the app has no functions; decorate one with `@app.function`, `@app.cls` or"
            " `@app.server`",
            id="app without functions",
        ),
        pytest.param(
            "import a_package_nobody_has.nn\n",
            "service.py:1: the package 'a_package_nobody_has' is not installed here, and the file"
            " imports 'a_package_nobody_has' at its top; write the import under"
            " `with image.imports():` (then only the container runs it), or install"
            " 'a_package_nobody_has'",
            id="missing package",
        ),
        pytest.param(
            "from .nothing import x\n",
            "service.py:1: the file uses a relative import but lies in no package; put an"
            " __init__.py next to it, or import the module by its name",
            id="relative import",
        ),
        pytest.param(
            "def boom():\n    raise ValueError('bad\\nvalue')\nboom()\n",
            "service.py:2: ValueError: bad value; importing the file must succeed",
            id="any exception",
        ),
    ],
)
def test_a_file_that_does_not_load_says_where_and_what_to_do(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SourceError) as caught:
        plan_one(a_file(tmp_path, text))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(APP + "while True:\n    pass\n", "[34]", id="busy"),
        pytest.param("import time\ntime.sleep(3600)\n", "2", id="asleep"),
        pytest.param(
            "import subprocess\nsubprocess.run(['/bin/sleep', '3600'])\n", "2", id="in a child"
        ),
        pytest.param(
            "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\n"
            "time.sleep(3600)\n",
            "3",
            id="deaf to signals",
        ),
    ],
)
def test_an_import_that_never_ends_is_ended_and_says_where_it_hung(
    tmp_path: Path, text: str, line: str
) -> None:
    (tmp_path / "service.py").write_text(text)
    with pytest.raises(
        SourceError,
        match=rf"^service.py: the import did not end within 1 s, it hung at service.py:{line};",
    ):
        plan_one(a_request("service.py", tmp_path, deadline_s=1.0))


def test_two_functions_of_one_name_are_refused(tmp_path: Path) -> None:
    request = a_file(tmp_path, APP + FUNCTION + "@app.function(name='f')\ndef g(x): return x\n")
    with pytest.raises(PlanError, match=r"^service.py: f is defined more than once and the later"):
        plan_one(request)


def test_a_file_that_prints_without_end_is_ended_and_kept_short(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text("while True: print('x' * 1000)\n")
    with pytest.raises(SourceError, match="did not end within 1 s"):
        plan_one(a_request("service.py", tmp_path, deadline_s=1.0))


def test_a_file_that_forks_a_copy_of_itself_is_planned_once(tmp_path: Path) -> None:
    text = "import os, time\nif os.fork() == 0:\n    time.sleep(3600)\n" + APP + FUNCTION
    started = time.monotonic()
    assert set(plan_one(a_file(tmp_path, text)).functions) == {"f"}
    assert time.monotonic() - started < 10


def test_an_error_in_a_helper_module_points_at_the_helper(tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text("x = 1\ny = x / 0\n")
    with pytest.raises(SourceError, match=r"^shapes.py:2: ZeroDivisionError: division by zero"):
        plan_one(a_file(tmp_path, "import shapes\n"))


def test_one_bad_file_leaves_the_others_planned(tmp_path: Path) -> None:
    good = a_file(tmp_path, APP + FUNCTION, "good.py")
    bad = a_file(tmp_path, "import os\nos.kill(os.getpid(), 9)\n", "bad.py")
    first, second, third = plan_all([good, bad, good])
    assert not isinstance(first, ModalStackError)
    assert isinstance(second, SourceError)
    assert str(second).startswith("bad.py: the import was killed by SIGKILL")
    assert first == third


def test_one_file_never_sees_what_another_did(tmp_path: Path) -> None:
    spoiler = a_file(
        tmp_path,
        "import os, modal\nos.environ['SPOILED'] = '1'\nmodal.App = None\nx = 1 / 0\n",
        "spoiler.py",
    )
    good = a_file(
        tmp_path, "import os\nassert 'SPOILED' not in os.environ\n" + APP + FUNCTION, "good.py"
    )
    _, planned = plan_all([spoiler, good])
    assert not isinstance(planned, ModalStackError)


def test_variables_of_the_request_reach_the_file(tmp_path: Path) -> None:
    text = "import os\n" + APP + "@app.function(gpu=os.environ['CARD'])\ndef f(x): return x\n"
    (tmp_path / "service.py").write_text(text)
    plan = plan_one(a_request("service.py", tmp_path, env={"CARD": "L40S"}))
    assert plan.functions["f"].effective["gpu"] == "L40S"


def test_variables_of_pulumi_do_not_reach_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    text = "import os\nassert not [k for k in os.environ if k.startswith('PULUMI_')]\n"
    assert plan_one(a_file(tmp_path, text + APP + FUNCTION)).functions


def test_a_missing_project_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the project folder does not exist"):
        plan_one(a_request("service.py", tmp_path / "nowhere"))
