"""What uv is told about the machine it works on."""

from __future__ import annotations

from pathlib import Path

import pytest

from modal_local.images.uv import cache_for, uv_variables

ENVIRONMENT = Path("/project/images/environments/env-1")


def device(path: Path) -> int:
    """Two file systems: the project's, and that of everything else."""
    return 1 if path.is_relative_to("/project") else 2


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"HOME": "/root"}, id="home"),
        pytest.param({"HOME": "/root", "XDG_CACHE_HOME": "/caches"}, id="xdg"),
        pytest.param({"HOME": "/project", "UV_CACHE_DIR": "/caches/uv"}, id="own"),
    ],
)
def test_a_cache_on_another_file_system_is_replaced(variables: dict[str, str]) -> None:
    cache = cache_for(ENVIRONMENT, variables, device)
    assert cache is not None
    assert device(cache) == device(ENVIRONMENT)


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"HOME": "/project/home"}, id="home"),
        pytest.param({"HOME": "/root", "XDG_CACHE_HOME": "/project/caches"}, id="xdg"),
        pytest.param({"HOME": "/root", "UV_CACHE_DIR": "/project/caches/uv"}, id="own"),
    ],
)
def test_a_cache_on_the_same_file_system_stays(variables: dict[str, str]) -> None:
    assert cache_for(ENVIRONMENT, variables, device) is None


def test_an_image_cannot_turn_hard_links_or_the_shared_cache_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", "/caches/uv")
    image = {"UV_LINK_MODE": "copy", "UV_CACHE_DIR": "/root/.cache/uv", "UV_EXTRA_INDEX_URL": "x"}
    variables = uv_variables(image)
    assert variables["UV_LINK_MODE"] == "hardlink"
    assert variables["UV_CACHE_DIR"] == "/caches/uv"
    assert variables["UV_EXTRA_INDEX_URL"] == "x"
