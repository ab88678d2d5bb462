"""A Pulumi program without a stack's services: an app, and one that depends on what came of it."""

import pulumi

import pulumi_modal

config = pulumi.Config("alone")
environment = pulumi_modal.Environment(config.require("environment"))
first = pulumi_modal.App(
    "first",
    app_name=config.get("name"),
    source="services/plain.py",
    environment=environment.name,
    overrides=config.get_object("overrides"),
    triggers=config.get_object("triggers"),
    adopt=config.get_bool("adopt"),
)
second = pulumi_modal.App(
    "second",
    source="services/plain.py",
    environment=environment.name,
    tag=first.version.apply(lambda version: f"after-{version}"),
)
pulumi.export("versions", [first.version, second.version])
pulumi.export("double", first.functions["double"])
