"""Every resource class has its provider in the registry, under the type that the engine sends."""

from __future__ import annotations

import pytest
from pulumi.dynamic import Resource

import pulumi_modal
from pulumi_modal.provider.registry import PROVIDERS, provider_of


@pytest.mark.parametrize("token", PROVIDERS)
def test_a_type_has_the_provider_that_its_state_names(token: str) -> None:
    found = provider_of(token)
    assert f"{type(found).__module__}.{type(found).__qualname__}" == PROVIDERS[token]


def test_every_resource_is_registered() -> None:
    public = {getattr(pulumi_modal, name) for name in pulumi_modal.__all__}
    classes = [one for one in public if isinstance(one, type)]
    resources = [one for one in classes if issubclass(one, Resource)]  # components have none
    tokens = {f"pulumi-python:{one._resource_type_name}" for one in resources}
    assert tokens == set(PROVIDERS)


def test_a_foreign_type_has_none() -> None:
    assert provider_of("pulumi-python:dynamic/other:Thing") is None
