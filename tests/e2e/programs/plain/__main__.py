"""A program of somebody else: services in two workspaces, among resources of other providers."""

import pulumi
from tokens import Token

from pulumi_modal import App, Environment, InferenceService, Secret

config = pulumi.Config("plain")


def tagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Every app says whose it is."""
    if not args.type_.endswith("/modal:App"):
        return None
    return pulumi.ResourceTransformResult({**args.props, "tag": "team-a"}, args.opts)


def declare() -> None:
    """The stack `dev`."""
    pulumi.runtime.register_resource_transform(tagged)
    shared = pulumi.StackReference("organization/plain/shared")
    token = Token("token", bits=128)  # what it makes is unknown until it has run
    here = Environment("here", name=shared.require_output("environment"))
    there = Environment("there", name="lab", workspace="acme")

    vault = Secret("vault", environment=here.name, values={"TOKEN": token.value})
    model = InferenceService(
        "model",
        source="services/model.py",
        environment=here.name,
        functions={
            "Model": {
                "gpu": config.require("gpu"),
                "max_containers": config.require_int("containers"),
                "env": {"LOG_LEVEL": "info", "MODEL": token.model},
            }
        },
        pattern="stateful",
        opts=pulumi.ResourceOptions(depends_on=[vault], ignore_changes=["functions.Model.gpu"]),
    )
    batch = App(
        "batch",
        source="services/plain.py",
        environment=there.name,
        workspace="acme",
        overrides={"double": {"gpu": config.require("gpu")}},
        opts=pulumi.ResourceOptions(replace_on_changes=["functions.double.gpu"]),
    )
    pulumi.export("model", model.outputs())
    pulumi.export("batch", batch.functions["double"])


if pulumi.get_stack() == "shared":
    pulumi.export("environment", "ours")
else:
    declare()
