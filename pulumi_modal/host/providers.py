"""Providers as the engine sends them: pickled by the program that declared their resources."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Mapping
from typing import Any

import dill  # type: ignore[import-untyped]
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime import Settings, configure
from pulumi.runtime._serialization import _deserialize  # secrets that a provider has captured

from pulumi_modal.errors import SpecError
from pulumi_modal.provider.props import PROVIDER_KEY


class Providers:
    """Each provider once, configured with the stack's configuration."""

    def __init__(self) -> None:
        self.config: Mapping[str, Any] = {}
        self._lock = threading.Lock()
        self._known: dict[str, ResourceProvider] = {}

    def of(self, *bags: Mapping[str, Any]) -> ResourceProvider:
        """The provider of a resource, from the first of its property bags that names one.

        The pickle is that of the user's own program or state, whose owner runs code here anyway.
        """
        project = os.environ.get("PULUMI_PROJECT", "project")
        configure(Settings(project=project, stack="stack", organization="organization"))
        named = [bag[PROVIDER_KEY] for bag in bags if isinstance(bag.get(PROVIDER_KEY), str)]
        if not named:
            raise SpecError(
                "this resource cannot be imported: it holds no provider; declare it in the program"
                " instead, and `pulumi up` takes over what is there"
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
