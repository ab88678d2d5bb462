"""The apps that a stack declares, and where in the stack each of their settings stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.problem import join
from pulumi_modal.spec.service import ServiceSpec, VariantSpec


@dataclass(frozen=True)
class DeclaredApp:
    """One app of a stack: a service, or one variant of it."""

    service: str
    variant: str
    """Empty where the service has none."""
    declared: ServiceSpec
    """The service as the stack writes it."""
    spec: ServiceSpec
    """The variant laid over the service: what is deployed."""

    @property
    def home(self) -> str:
        """Path of the service."""
        return join("services", self.service)

    @property
    def path(self) -> str:
        """Path of what makes this app: of the variant, or of the service."""
        return join(self.home, "variants", self.variant) if self.variant else self.home

    @property
    def source(self) -> str:
        """Path of the file's name."""
        return join(self.home, "source")

    def function(self, name: str) -> str:
        """Path under which the stack names a function (or would)."""
        if name in self._variant.functions:
            return join(self.path, "functions", name)
        return join(self.home, "functions", name)

    def setting(self, function: str, key: str) -> str | None:
        """Path at which the stack sets a key for a function; None where only the code does."""
        for path, settings in self._levels(function):
            if settings is not None and getattr(settings, key, None) is not None:
                return join(path, key)
        return None

    def place(self, function: str, key: str) -> str:
        """Path at which the stack sets a key for a function, or would."""
        return self.setting(function, key) or join(self.home, "functions", function, key)

    @property
    def _variant(self) -> VariantSpec:
        return self.declared.variants.get(self.variant, VariantSpec())

    def _levels(self, function: str) -> Iterator[tuple[str, FunctionOverrides | None]]:
        """From what wins to what is laid below it."""
        variant = self._variant
        yield join(self.path, "functions", function), variant.functions.get(function)
        yield join(self.home, "functions", function), self.declared.functions.get(function)
        yield self.path, variant.settings
        yield self.home, self.declared.settings


def declared_apps(services: Mapping[str, ServiceSpec]) -> Iterator[DeclaredApp]:
    """Every app, in the order of the stack."""
    for name, service in services.items():
        for variant, spec in service.deployments().items():
            yield DeclaredApp(name, variant, service, spec)
