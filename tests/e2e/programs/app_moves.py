"""A Pulumi program with one app, that a configuration renames, moves, protects and imports."""

import pulumi

import pulumi_modal


class Group(pulumi.ComponentResource):
    """Something to move an app into."""

    def __init__(self) -> None:
        super().__init__("moves:index:Group", "group")


config = pulumi.Config("moves")
app = pulumi_modal.App(
    config.get("resource") or "first",
    app_name="plain",
    source="services/plain.py",
    environment=config.require("environment"),
    overrides={"double": {"min_containers": 1}},
    opts=pulumi.ResourceOptions(
        parent=Group() if config.get_bool("grouped") else None,
        aliases=[pulumi.Alias(name="first", parent=pulumi.ROOT_STACK_RESOURCE)],
        protect=config.get_bool("protect"),
        retain_on_delete=config.get_bool("retain"),
        import_=config.get("import"),
        custom_timeouts=pulumi.CustomTimeouts(delete="1m"),
    ),
)
pulumi.export("app", {"id": app.app_id, "version": app.version, "effect": app.effect})
