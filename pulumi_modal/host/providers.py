"""Providers as the engine sends them: pickled by the program that declared their resources."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import dill  # type: ignore[import-untyped]
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import Settings, configure
from pulumi.runtime._serialization import _deserialize  # secrets that a provider has captured

from pulumi_modal.errors import SpecError
from pulumi_modal.provider.props import PROVIDER_KEY
from pulumi_modal.provider.registry import provider_of


class Providers:
    """Each provider once, configured with the stack's configuration."""

    def __init__(self) -> None:
        self.config: Mapping[str, Any] = {}
        self._lock = threading.Lock()
        self._known: dict[str, ResourceProvider] = {}

    def of(self, *bags: Mapping[str, Any], urn: str = "") -> ResourceProvider:
        """The provider of a resource, from the first of its property bags that names one.

        An import has none: then the type of the resource tells, where it is one of ours.
        The pickle is that of the user's own program or state, whose owner runs code here anyway.
        """
        project = os.environ.get("PULUMI_PROJECT", "project")
        configure(Settings(project=project, stack="stack", organization="organization"))
        all_bags = [*bags, reference_of(urn)]
        named = [bag[PROVIDER_KEY] for bag in all_bags if isinstance(bag.get(PROVIDER_KEY), str)]
        if not named:
            raise SpecError(
                f"a {type_of(urn) or 'resource without a type'} cannot be imported: it holds no"
                " provider, and its type is none of pulumi_modal; declare it in the program"
            )
        with self._lock:
            found = self._known.get(named[0])
            if found is None:
                found = self._load(named[0], project)
                self._known[named[0]] = found
            return found

    def _load(self, pickled: str, project: str) -> ResourceProvider:
        found: ResourceProvider = _deserialize(dill.loads, base64.b64decode(pickled))
        found.configure(ConfigureRequest(Config(dict(self.config), project)))
        return found


@cache
def reference_of(urn: str) -> Mapping[str, Any]:
    """The provider of a resource of this type as a program would write it; empty for others'."""
    provider = provider_of(type_of(urn))
    return {PROVIDER_KEY: serialize_provider(provider)} if provider else {}


def type_of(urn: str) -> str:
    """The type of a resource, without those of its parents."""
    return next(iter(urn.split("::")[2:]), "").rpartition("$")[2]
