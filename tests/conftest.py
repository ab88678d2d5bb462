"""What holds for all tests: none reads or writes what belongs to whoever runs them, or another."""

from __future__ import annotations

import os

import pytest

from pulumi_modal.source.redaction import KNOWN

os.environ["PULUMI_MODAL_PLAN_CACHE"] = "off"  # tests of the cache give it a folder of their own


@pytest.fixture(autouse=True)
def _secrets_of_one_test_are_none_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KNOWN, "_values", set(KNOWN._values))
    monkeypatch.setattr(KNOWN, "_pattern", KNOWN._pattern)
