"""Whole stacks: all problems in one go, each with its path; services, variants, clashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.spec.stack import ParsedStack, parse_stack
from tests.fakes.stacks import SOURCE, a_project, a_service, a_stack, lines, paths


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_project(tmp_path)


def parse(root: Path, **services: Any) -> ParsedStack:
    return parse_stack(a_stack(**services), root)


def test_a_stack_is_bound_to_a_workspace_and_an_environment(root: Path) -> None:
    stack = parse(root, embed=a_service()).stack
    assert stack is not None
    assert (stack.workspace, stack.environment) == ("local", "dev")


def test_a_service_deploys_an_app_of_its_own_name_or_of_another(root: Path) -> None:
    stack = parse(root, a=a_service(), b=a_service(name="beta")).stack
    assert stack is not None
    assert {name: one.app_name for name, one in stack.services.items()} == {"a": "a", "b": "beta"}


def test_settings_stand_at_the_service_or_at_its_functions(root: Path) -> None:
    stack = parse(root, a=a_service(gpu="t4", functions={"Model": {"max_inputs": 8}})).stack
    assert stack is not None
    service = stack.services["a"]
    assert service.settings.settings() == {"gpu": "T4"}
    assert service.functions["Model"].settings() == {"max_inputs": 8}


def test_all_problems_come_at_once_sorted_by_path(root: Path) -> None:
    found = parse(
        root,
        b=a_service(gpu="H10O", min_containers=3, max_containers=2, patern="stateful"),
        a={"source": "nowhere.py", "functions": {"F": {"memory": "16"}}},
        c=7,
    )
    assert found.stack is None
    assert paths(found.problems) == [
        "services.a.functions.F.memory",
        "services.a.source",
        "services.b.gpu",
        "services.b.min_containers",
        "services.b.patern",
        "services.c",
    ]


def test_sound_services_are_known_even_when_others_are_not(root: Path) -> None:
    found = parse(root, good=a_service(), bad=a_service(gpu="H10O"))
    assert found.stack is None
    assert list(found.sound) == ["good"]
    assert found.environment == "dev"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"services": {}}, "stack: environment is missing"),
        ({"environment": "dev", "services": []}, "services: a list is not a map"),
        ({"environment": "dev", "service": {}}, "service: is not a known key; did you mean serv"),
        ({"environment": "-x"}, 'environment: "-x" is not accepted by Modal'),
        ({"environment": "en-1"}, 'environment: "en-1" is not accepted by Modal'),
        ({"environment": "dev", "workspace": ""}, 'workspace: "" is not accepted by Modal'),
    ],
)
def test_a_stack_that_is_none_is_refused(root: Path, raw: dict[str, Any], line: str) -> None:
    (found,) = lines(parse_stack(raw, root).problems)
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        pytest.param({}, "source is missing", id="no-source"),
        pytest.param({"source": SOURCE, "name": "a b"}, "did you mean a-b?", id="app-name"),
        pytest.param({"source": SOURCE, "name": "ap-" + "x" * 22}, "app id", id="like-an-id"),
        pytest.param({"source": SOURCE, "name": "x" * 65}, "1 to 64", id="long-name"),
        pytest.param({"source": SOURCE, "tag": "v 1"}, "did you mean v-1?", id="tag"),
        pytest.param({"source": SOURCE, "app": "my-app"}, "name of a variable", id="app"),
        pytest.param({"source": SOURCE, "strategy": "roll"}, "rolling", id="strategy"),
        pytest.param({"source": SOURCE, "pattern": "statefull"}, "stateful?", id="pattern"),
        pytest.param({"source": SOURCE, "probe": {"pth": "/"}}, "mean path?", id="probe-key"),
        pytest.param({"source": SOURCE, "probe": {"path": "x"}}, "mean /x?", id="probe-path"),
        pytest.param({"source": SOURCE, "probe": "/health"}, "is not a map", id="probe-string"),
        pytest.param({"source": SOURCE, "functions": []}, "is not a map", id="functions"),
        pytest.param(
            {"source": SOURCE, "functions": {"Model.generate": {}}},
            "settings belong to the class Model",
            id="method",
        ),
        pytest.param({"source": SOURCE, "variants": {"a b": {}}}, "mean a-b?", id="variant-name"),
        pytest.param({"source": SOURCE, "variants": {"a": 1}}, "is not a map", id="variant"),
        pytest.param({"source": SOURCE, "variants": {"a": {"app": "x"}}}, "not a known", id="key"),
        pytest.param(
            {"source": SOURCE, "pattern": "stateless", "max_inputs": 2},
            "one request at a time",
            id="stateless-with-several",
        ),
    ],
)
def test_bad_services_are_refused(root: Path, service: dict[str, Any], said: str) -> None:
    (line,) = lines(parse(root, a=service).problems)
    assert line.startswith("services.a")
    assert said in line


@pytest.mark.parametrize("name", ["a b", "", ".a", "x" * 65])
def test_names_of_services_are_checked(root: Path, name: str) -> None:
    assert parse_stack(a_stack(**{name: a_service()}), root).errors


@pytest.mark.parametrize("written", [{}, True])
def test_a_probe_has_defaults(root: Path, written: object) -> None:
    stack = parse(root, a=a_service(probe=written)).stack
    assert stack is not None
    probe = stack.services["a"].probe
    assert probe is not None
    assert probe.settings() == {
        "path": "/health",
        "status": 200,
        "successes": 1,
        "deadline": 120,
        "interval": 1,
        "timeout": 30,
    }


def test_without_a_probe_nothing_is_waited_for(root: Path) -> None:
    stack = parse(root, a=a_service(), b=a_service(probe=False)).stack
    assert stack is not None
    assert [one.probe for one in stack.services.values()] == [None, None]


def test_variants_are_apps_of_their_own_over_the_services_settings(root: Path) -> None:
    service = a_service(
        max_inputs=8,
        env={"A": "1", "B": "1"},
        web={"requires_proxy_auth": True},
        variants={
            "t4": {"gpu": "T4", "max_inputs": 2, "env": {"B": "2"}},
            "h100": {"gpu": "H100", "web": {"label": "fast"}, "functions": {"F": {"cpu": 1}}},
        },
    )
    stack = parse(root, infer=service).stack
    assert stack is not None
    found = stack.services["infer"].deployments()
    assert [one.app_name for one in found.values()] == ["infer-t4", "infer-h100"]
    assert found["t4"].settings.settings() == {
        "gpu": "T4",
        "max_inputs": 2,
        "env": {"A": "1", "B": "2"},
        "web": {"requires_proxy_auth": True},
    }
    assert found["h100"].settings.settings()["web"] == {
        "label": "fast",
        "requires_proxy_auth": True,
    }
    assert found["h100"].functions["F"].settings() == {"cpu": 1}


def test_what_only_a_variant_makes_impossible_is_refused(root: Path) -> None:
    service = a_service(min_containers=3, variants={"t4": {"max_containers": 2}})
    (line,) = lines(parse(root, infer=service).problems)
    assert line.startswith("services.infer.variants.t4: min_containers 3 is above")


@pytest.mark.parametrize(
    ("services", "path"),
    [
        pytest.param({"a": a_service(), "b": a_service(name="a")}, "services.b", id="names"),
        pytest.param(
            {"a": a_service(variants={"x": {}}), "a-x": a_service()}, "services.a-x", id="variant"
        ),
        pytest.param(
            {
                "a": a_service(web={"label": "l"}),
                "b": a_service(functions={"F": {"web": {"label": "l"}}}),
            },
            "services.b",
            id="labels",
        ),
        pytest.param(
            {"a": a_service(web={"label": "l"}, variants={"x": {}, "y": {}})},
            "services.a.variants.y",
            id="labels-of-variants",
        ),
    ],
)
def test_two_apps_or_urls_of_one_name_are_refused(
    root: Path, services: dict[str, Any], path: str
) -> None:
    assert paths(parse_stack(a_stack(**services), root).problems) == [path]


def test_a_canonical_stack_reads_as_itself(root: Path) -> None:
    service = a_service(
        gpu=["h100", "a10g:2"],
        memory=["1Gi", "2Gi"],
        keep_warm=1,
        probe={"deadline": "5m", "contains": "ok"},
        strategy="Recreate",
        tag="v1",
        functions={"F": {"timeout": "1h", "methods": {"m": {"concurrency_limit": 4}}}},
        variants={"t4": {"gpu": "T4"}},
    )
    stack = parse(root, infer=service).stack
    assert stack is not None
    again = parse_stack(stack.canonical(), root)
    assert again.problems == ()
    assert again.stack == stack
