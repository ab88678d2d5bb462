"""`Volume`: a named volume of Modal."""

from __future__ import annotations

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.volume import SCHEMA, VolumeProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL

_TOLD = tuple(SCHEMA.outputs.model_fields)


class Volume(Resource, module="modal", name="Volume"):
    """A named volume: files that functions share and keep.

    One that is there is used as it is. A destroy never loses files unless `on_delete` says so.
    The id is `<environment>/<name>`.
    """

    name: pulumi.Output[str]
    """Its name, as in `modal volume list`."""
    environment: pulumi.Output[str]
    """The environment it belongs to."""
    workspace: pulumi.Output[str]
    """The workspace it belongs to."""
    version: pulumi.Output[int]
    """Version of its file system, 1 or 2."""
    on_delete: pulumi.Output[str]
    """What a delete does: `refuse` while it holds files, `retain`, or `force`."""
    volume_id: pulumi.Output[str]
    """Modal's id, `vo-...`."""
    created_at: pulumi.Output[str]
    """When it was made (UTC, ISO 8601)."""

    def __init__(  # noqa: PLR0913  # the inputs of a volume, keyword only
        self,
        resource_name: str,
        *,
        environment: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        version: pulumi.Input[int] | None = None,
        on_delete: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a volume.

        - `environment`, `workspace`: where it is; other credentials are refused.
        - `name`: its name in Modal; the resource's name when left out.
        - `version`: 1 (default) or 2, of its file system; another one replaces the volume.
        - `on_delete`: `refuse` (default) to delete it while it holds files, `retain` or `force`.
        """
        inputs = {
            "name": name or resource_name,
            "environment": environment,
            "workspace": workspace,
            "version": version,
            "on_delete": on_delete,
        }
        super().__init__(VolumeProvider(), resource_name, {**dict.fromkeys(_TOLD), **inputs}, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> Volume:
        """A volume that is there, by its id `<environment>/<name>`; it is not managed."""
        return existing(cls, VolumeProvider(), resource_name, (id, opts), SCHEMA.fields)
