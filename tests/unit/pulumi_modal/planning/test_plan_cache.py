"""The cache gives a plan back only to exactly what it was made of, and only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_modal.errors import PlanError
from pulumi_modal.planning import plan_cache as module
from pulumi_modal.planning.plan_cache import VARIABLE, PlanCache, plan_cache
from pulumi_modal.planning.reliance import Reliance, identity_of
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan, SourceDigest

PLAN = Plan(
    source="a.py", app_in_code="a", functions={}, digest=SourceDigest(files={}, image="im-1")
)
LOADED = {"digest": "d1", "relied": Reliance().as_json()}
CANARY = "canary-value-of-a-secret"
OTHER: Mapping[str, Any] = {
    "source": "b.py",
    "app_name": "other",
    "environment": "prod",
    "app": "app2",
    "overrides": {"f": {"gpu": "T4"}},
    "settings": {"gpu": "T4"},
    "env": {"A": "1"},
    "digest_key": "k",
}


def a_request(root: Path, **changes: Any) -> PlanRequest:
    return replace(PlanRequest(source="a.py", root=root, app_name="a"), **changes)


def kept(folder: Path, request: PlanRequest, relied: Reliance | None = None) -> Path:
    """Keep a plan; answers the file it is in."""
    before = set(folder.glob("*")) if folder.exists() else set()
    answer = {
        "plan": PLAN.model_dump(mode="json"),
        "relied": (relied or Reliance()).as_json(),
        "loaded": "d1",
    }
    PlanCache(folder).keep(request, answer, lambda: LOADED)
    (file,) = (
        one for one in set(folder.glob("*.json")) - before if not one.name.startswith("loaded-")
    )
    return file


def test_a_plan_is_found_again(tmp_path: Path) -> None:
    request = a_request(tmp_path)
    kept(tmp_path / "plans", request)
    assert PlanCache(tmp_path / "plans").find(request) == PLAN
    again = replace(request, deadline_s=1.0)
    assert PlanCache(tmp_path / "plans").find(again) == PLAN, "a deadline changes no plan"


@pytest.mark.parametrize("field", OTHER)
def test_another_request_is_another_plan(field: str, tmp_path: Path) -> None:
    kept(tmp_path / "plans", a_request(tmp_path))
    assert PlanCache(tmp_path / "plans").find(a_request(tmp_path, **{field: OTHER[field]})) is None


def test_every_variable_counts_but_those_of_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = a_request(tmp_path)
    kept(tmp_path / "plans", request)
    monkeypatch.setenv("PULUMI_SOMETHING", "1")
    assert PlanCache(tmp_path / "plans").find(request) == PLAN
    monkeypatch.setenv("SOMETHING", "1")
    assert PlanCache(tmp_path / "plans").find(request) is None


def test_what_it_relied_on_must_be_so_still(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("1")
    relied = Reliance(files={str(source): identity_of(str(source))})
    kept(tmp_path / "plans", a_request(tmp_path), relied)
    assert PlanCache(tmp_path / "plans").find(a_request(tmp_path)) == PLAN
    source.write_text("12")
    assert PlanCache(tmp_path / "plans").find(a_request(tmp_path)) is None


def test_what_was_loaded_before_it_must_be_so_still(tmp_path: Path) -> None:
    file = kept(tmp_path / "plans", a_request(tmp_path))
    (file.parent / "loaded-d1.json").unlink()
    assert PlanCache(tmp_path / "plans").find(a_request(tmp_path)) is None


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_file_that_is_not_whole_is_no_plan(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        file = kept(root / "plans", a_request(root))
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
        broken = data.draw(
            st.sampled_from([whole[:at], whole[:at] + bytes([other]) + whole[at + 1 :], b""])
        )
        file.write_bytes(broken)
        assert PlanCache(root / "plans").find(a_request(root)) is None


def test_a_plan_in_the_place_of_another_is_none(tmp_path: Path) -> None:
    first = kept(tmp_path / "plans", a_request(tmp_path))
    second = kept(tmp_path / "plans", a_request(tmp_path, app_name="other"))
    second.write_bytes(first.read_bytes())
    assert PlanCache(tmp_path / "plans").find(a_request(tmp_path, app_name="other")) is None


def test_nobody_else_reads_it_and_no_value_of_a_variable_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", CANARY)
    folder = tmp_path / "plans"
    kept(folder, a_request(tmp_path, env={"TOKEN": CANARY}, digest_key=CANARY))
    assert folder.stat().st_mode & 0o077 == 0
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0
        assert CANARY.encode() not in file.read_bytes()


def test_a_folder_that_others_may_write_to_holds_no_plan(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    kept(folder, a_request(tmp_path))
    folder.chmod(0o777)
    assert PlanCache(folder).find(a_request(tmp_path)) is None


def test_a_folder_that_cannot_be_made_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("a file")
    cache = PlanCache(tmp_path / "plans")
    cache.keep(a_request(tmp_path), {"plan": {}, "relied": {}, "loaded": "d1"}, lambda: LOADED)
    assert cache.find(a_request(tmp_path)) is None


def test_what_was_loaded_that_cannot_be_told_fails_no_plan(tmp_path: Path) -> None:
    def loaded() -> Any:
        raise PlanError("the import: took longer than 60 s")

    answer = {"plan": PLAN.model_dump(mode="json"), "relied": {}, "loaded": "d1"}
    PlanCache(tmp_path / "plans").keep(a_request(tmp_path), answer, loaded)
    assert list((tmp_path / "plans").glob("*.json")) == []


def test_a_plan_that_cannot_be_kept_leaves_nothing(tmp_path: Path) -> None:
    answer = {"plan": PLAN.model_dump(mode="json"), "because": "subprocess.Popen"}
    PlanCache(tmp_path / "plans").keep(a_request(tmp_path), answer, lambda: LOADED)
    assert list((tmp_path / "plans").glob("*.json")) == []


def test_the_oldest_plans_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PLANS", 3)
    folder = tmp_path / "plans"
    for at in range(5):
        file = kept(folder, a_request(tmp_path, app_name=f"a{at}"))
        os.utime(file, (at + 10.0, at + 10.0))
    PlanCache(folder).prune()
    found = [
        PlanCache(folder).find(a_request(tmp_path, app_name=f"a{at}")) is not None
        for at in range(5)
    ]
    assert found == [False, False, False, True, True], "and what they were loaded with stays"


def test_it_is_in_pulumis_home_or_where_it_is_said_or_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    assert plan_cache() is None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    assert plan_cache() is not None
    assert (tmp_path / "home" / "pulumi-modal" / "plans" / "key").stat().st_size == 32
    monkeypatch.setenv(VARIABLE, str(tmp_path / "here"))
    assert plan_cache() is not None
    assert (tmp_path / "here" / "key").exists()
