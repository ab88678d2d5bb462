"""`Queue`: a named queue of Modal."""

from __future__ import annotations

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.queue import SCHEMA, QueueProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL

_TOLD = tuple(SCHEMA.outputs.model_fields)


class Queue(Resource, module="modal", name="Queue"):
    """A named queue: items that functions hand to each other.

    One that is there is used as it is. A destroy never loses what it holds unless `on_delete`
    says so. The id is `<environment>/<name>`.
    """

    name: pulumi.Output[str]
    """Its name, as in `modal queue list`."""
    environment: pulumi.Output[str]
    """The environment it belongs to."""
    workspace: pulumi.Output[str]
    """The workspace it belongs to."""
    on_delete: pulumi.Output[str]
    """What a delete does: `refuse` while something is in it, `retain`, or `force`."""
    queue_id: pulumi.Output[str]
    """Modal's id, `qu-...`."""
    created_at: pulumi.Output[str]
    """When it was made (UTC, ISO 8601)."""

    def __init__(  # noqa: PLR0913  # the inputs of a queue, keyword only
        self,
        resource_name: str,
        *,
        environment: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        on_delete: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a queue.

        - `environment`, `workspace`: where it is; other credentials are refused.
        - `name`: its name in Modal; the resource's name when left out.
        - `on_delete`: `refuse` (default) while something is in it, `retain` or `force`.
        """
        inputs = {
            "name": name or resource_name,
            "environment": environment,
            "workspace": workspace,
            "on_delete": on_delete,
        }
        super().__init__(QueueProvider(), resource_name, {**dict.fromkeys(_TOLD), **inputs}, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> Queue:
        """A queue that is there, by its id `<environment>/<name>`; it is not managed."""
        return existing(cls, QueueProvider(), resource_name, (id, opts), SCHEMA.fields)
