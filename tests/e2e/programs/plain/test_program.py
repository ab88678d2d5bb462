"""A unit test as the program's own people write it: Pulumi's mocks, and no engine."""

from typing import Any

import pulumi
from pulumi.runtime import Mocks, set_mocks

from pulumi_modal import App, GpuVariants, InferenceService


class Fakes(Mocks):
    """Every resource is what it was declared as."""

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", {**args.inputs, "url": "https://x.test", "version": 1}

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)


set_mocks(Fakes(), project="plain", stack="unit")


@pulumi.runtime.test
def test_a_service_is_declared_with_its_gpu() -> pulumi.Output[None]:
    service = InferenceService(
        "llm", source="llm.py", environment="dev", functions={"M": {"gpu": "H100"}}
    )

    def check(values: list[Any]) -> None:
        assert values == ["https://x.test", "H100", None]

    return pulumi.Output.all(service.url, service.gpu, service.max_in_flight).apply(check)


@pulumi.runtime.test
def test_an_app_needs_no_more_than_a_file() -> pulumi.Output[None]:
    app = App("one", source="one.py", environment="dev")

    def check(version: int) -> None:
        assert version == 1

    return app.version.apply(check)


@pulumi.runtime.test
def test_variants_have_a_url_each() -> pulumi.Output[None]:
    group = GpuVariants(
        "infer",
        source="llm.py",
        environment="dev",
        variants={"t4": {"gpu": "T4"}, "l4": {"gpu": "L4"}},
    )

    def check(urls: list[str]) -> None:
        assert urls == ["https://x.test"] * 2

    return pulumi.Output.all(*(one.url for one in group.variants.values())).apply(check)
