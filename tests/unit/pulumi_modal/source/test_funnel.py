"""The one private door of the SDK is the known one, in the installed version."""

from __future__ import annotations

import pytest
from modal._functions import _Function

from pulumi_modal.errors import SourceError
from pulumi_modal.source.funnel import check_sdk


def test_the_installed_sdk_is_supported() -> None:
    check_sdk()


def test_another_signature_is_refused_with_the_supported_versions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_Function, "_from_local", staticmethod(lambda: None))
    with pytest.raises(SourceError, match=r"is not supported: .* modal >=1.6.4,<1.7; install"):
        check_sdk()
