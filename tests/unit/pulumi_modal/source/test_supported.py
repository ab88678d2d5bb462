"""An SDK that is missing or another one is a sentence, whatever broke first."""

from __future__ import annotations

from importlib import metadata

import pytest

from pulumi_modal.source.supported import SUPPORTED_SDK, import_failure

BROKEN = ImportError("cannot import name 'x' from 'modal._functions'")


@pytest.mark.parametrize("version", ["1.5.4", "1.6.3", "1.7.0", "2.0", "1.7.0.dev3"])
def test_another_version_is_named_with_the_supported_ones(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: version)
    assert str(import_failure(BROKEN)) == (
        f"modal {version} is not supported: settings can be applied with modal {SUPPORTED_SDK};"
        " install one of these"
    )


@pytest.mark.parametrize("version", ["1.6.4", "1.6.12"])
def test_with_a_supported_version_the_failure_is_our_own(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: version)
    assert import_failure(BROKEN) is BROKEN


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert str(import_failure(BROKEN)).endswith(f"install modal {SUPPORTED_SDK}")
