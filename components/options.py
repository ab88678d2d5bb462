"""What the options of a component say about the one resource that stands for it."""

from __future__ import annotations

import pulumi


def of_child(
    parent: pulumi.Resource, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions:
    """Options of the child: the engine inherits only some, and orders no delete by a parent's."""
    said = opts or pulumi.ResourceOptions()
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=said.depends_on,
        ignore_changes=said.ignore_changes,
        replace_on_changes=said.replace_on_changes,
        delete_before_replace=said.delete_before_replace,
        custom_timeouts=said.custom_timeouts,
        retain_on_delete=said.retain_on_delete,
    )
