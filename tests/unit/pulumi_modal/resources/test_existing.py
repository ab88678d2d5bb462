"""Resources that are read instead of declared: asked for by id, with every output."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.dynamic import Resource

import pulumi_modal
from pulumi_modal.provider.props import PROVIDER_KEY
from tests.fakes.pulumi_mocks import declared_by

KINDS = [
    one
    for name in pulumi_modal.__all__
    if isinstance(one := getattr(pulumi_modal, name), type) and issubclass(one, Resource)
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_that_is_there_is_read_by_its_id(kind: Any) -> None:
    told = [name for name in kind.__annotations__ if name != "workspace"]

    def program() -> pulumi.Output[Any]:
        found = kind.get("it", "dev/it")
        return pulumi.Output.all(**{name: getattr(found, name) for name in told})

    declared = declared_by(program, **dict.fromkeys(told, "told"))
    asked = declared.resources["it"]
    assert asked.resource_id == "dev/it"
    assert {key for key, value in asked.inputs.items() if value is not None} == {PROVIDER_KEY}
    assert declared.answer == dict.fromkeys(told, "told")
