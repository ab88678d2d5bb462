"""Each provider is unpickled and configured once, whoever asks."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import dill  # type: ignore[import-untyped]
import pytest
from pulumi.dynamic import ConfigureRequest, ResourceProvider
from pulumi.output import UNKNOWN

from pulumi_modal.errors import SpecError
from pulumi_modal.host.providers import Providers
from pulumi_modal.provider.app import AppProvider


class Counting(ResourceProvider):
    """Keeps how often it was configured, and with what."""

    seen: ClassVar[list[Any]] = []

    def configure(self, req: ConfigureRequest) -> None:
        type(self).seen.append(req.config.get("region"))


def pickled(provider: ResourceProvider) -> str:
    """By reference, as from a module."""
    return base64.b64encode(dill.dumps(provider, byref=True)).decode()


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(Counting, "seen", [])
    monkeypatch.setenv("PULUMI_PROJECT", "project")
    return pickled(Counting())


def test_threads_that_ask_at_once_get_one_configured_provider(counting: str) -> None:
    providers = Providers()
    providers.config = {"project:region": "eu"}
    together = threading.Barrier(8, timeout=30)

    def ask(_: int) -> int:
        together.wait()
        return id(providers.of({"__provider": counting}))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert Counting.seen == ["eu"]


def test_the_first_bag_that_names_a_provider_counts(counting: str) -> None:
    app = pickled(AppProvider())
    providers = Providers()
    assert isinstance(providers.of({"__provider": app}, {"__provider": counting}), AppProvider)
    assert isinstance(providers.of({}, {"__provider": counting}), Counting)
    unknown = {"__provider": UNKNOWN}
    assert isinstance(providers.of(unknown, {"__provider": app}), AppProvider)


def test_properties_without_a_provider_are_refused_with_a_sentence() -> None:
    with pytest.raises(SpecError, match="a resource without a type cannot be imported: "):
        Providers().of({}, {"name": "x"})


def test_a_provider_that_cannot_be_unpickled_is_tried_again(counting: str) -> None:
    gone = base64.b64encode(b"cno_such_module\nGone\n.").decode()
    providers = Providers()
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            providers.of({"__provider": gone})
    assert isinstance(providers.of({"__provider": counting}), Counting)
