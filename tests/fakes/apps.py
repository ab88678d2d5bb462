"""Builders for apps whose files are not planned: plans, complete inputs, a gateway to deploy to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modal.gateway.port import AppRef, DeployOrder
from pulumi_modal.provider.app_inputs import completed
from pulumi_modal.provider.app_lifecycle import AppLifecycle
from pulumi_modal.provider.operation import Operation
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import NeededSecret, NeededVolume, Plan, PlannedFunction, SourceDigest
from tests.fakes.gateway import FakeGateway

APP = AppRef("dev", "llm")
SAID: Mapping[str, Any] = {
    "source": "llm.py",
    "app_name": "llm",
    "environment": "dev",
    "workspace": "local",
}


def a_function(
    kind: str = "function", *, web: bool = False, closed: bool = False, **effective: Any
) -> PlannedFunction:
    """A function with these effective settings, all of them from the code."""
    shown = {"web": {"requires_proxy_auth": closed}} if web else {}
    given = {"kind": kind, "effective": {"timeout": 300, **effective, **shown}, "web": web}
    methods = ("ask",) if kind == "class" else ()
    return PlannedFunction.model_validate({**given, "methods": methods})


def a_plan(
    code: str = "c0de",
    secrets: tuple[NeededSecret, ...] = (),
    volumes: tuple[NeededVolume, ...] = (),
    **functions: PlannedFunction,
) -> Plan:
    """A plan of `llm.py` with these functions; one with a URL when none is given."""
    return Plan(
        source="llm.py",
        app_in_code="in-code",
        functions=functions or {"serve": a_function(web=True)},
        digest=SourceDigest(files={"/root/llm.py": "f11e"}, image="1ma9e", code=code),
        secrets=secrets,
        volumes=volumes,
        sdk_version="1.6.4",
    )


def app_inputs(plan: Plan | None = None, **said: Any) -> dict[str, Any]:
    """The complete inputs of an App."""
    return completed({**SAID, **said}, plan or a_plan())


class OnePlan:
    """Plans every file alike, as long as nobody changes `plan`; keeps what it was asked."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or a_plan()
        self.asked: list[PlanRequest] = []

    def __call__(self, request: PlanRequest) -> Plan:
        """What a deploy of the request makes."""
        self.asked.append(request)
        return self.plan


def a_gateway(plan: Plan | None = None) -> FakeGateway:
    """A gateway to an environment `dev`, where a deploy makes this plan of any file."""
    return FakeGateway(environments=("main", "dev"), plan=OnePlan(plan))


@dataclass
class Stack:
    """An app's inputs with the Modal they go to, and what its row shows meanwhile."""

    inputs: dict[str, Any] = field(default_factory=app_inputs)
    gateway: FakeGateway = field(default_factory=a_gateway)
    timeout_s: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    olds: dict[str, Any] = field(default_factory=dict)
    """What it was, for a test that goes on from there."""
    told: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    @property
    def lifecycle(self) -> AppLifecycle:
        """What its operations run on."""
        operation = Operation(
            tell=self.told.append,
            note=self.noted.append,
            warn=self.warned.append,
            timeout_s=self.timeout_s,
            cancelled=self.cancelled,
        )
        return AppLifecycle(self.gateway, operation, Path("/project"))

    def create(self) -> dict[str, Any]:
        """Deploy the app for the first time."""
        return self.lifecycle.create(self.inputs)

    def update(self, olds: Mapping[str, Any]) -> dict[str, Any]:
        """Make the inputs true of the app that is there."""
        return self.lifecycle.update(self.inputs, olds)

    @property
    def order(self) -> DeployOrder:
        """The last one."""
        found = [about for verb, about in self.gateway.calls if verb == "deploy"][-1]
        assert isinstance(found, DeployOrder)
        return found


def stack_of(plan: Plan, **said: Any) -> Stack:
    """A stack whose file is planned so."""
    return Stack(app_inputs(plan, **said), a_gateway(plan))
