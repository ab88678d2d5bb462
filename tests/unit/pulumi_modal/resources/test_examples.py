"""The programs on the pages, run against Pulumi's mocks."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest

from tests.fakes.pulumi_mocks import declared_by

ROOT = Path(__file__).parents[4]
BLOCK = re.compile(r"```python\n(import pulumi\n.*?)```", re.DOTALL)


@pytest.mark.parametrize(
    ("page", "apps"),
    [
        pytest.param("README.md", {"hello"}, id="README"),
        pytest.param("docs/programs.md", {"embeddings"}, id="programs"),
    ],
)
def test_a_program_on_a_page_declares_what_it_shows(page: str, apps: set[str]) -> None:
    (text,) = BLOCK.findall((ROOT / page).read_text("utf-8"))

    def program() -> None:
        other = {
            "vault": SimpleNamespace(token=pulumi.Output.secret("a token")),
            "catalogue": SimpleNamespace(model=pulumi.Output.from_input("a model")),
        }
        exec(compile(text, page, "exec"), other)  # noqa: S102  # what the page says

    types = declared_by(program, url="https://x").types()
    assert {name for name, one in types.items() if one.endswith("modal:App")} == apps
    assert types["staging"] == "pulumi-python:dynamic/modal:Environment"
