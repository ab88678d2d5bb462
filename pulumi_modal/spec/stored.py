"""What a stack keeps in Modal beside its services: secrets, volumes, dicts and queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr

from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.naming import OBJECT_NAME, EnvironmentVariable
from pulumi_modal.spec.resources.model import OnDelete, YesNo, says
from pulumi_modal.spec.resources.secret import SecretValue
from pulumi_modal.spec.resources.volume import VolumeVersion

_ON_DELETE: Final = (
    "What a destroy, or removing it here, does: `refuse` deletes it only when it is empty, `retain`"
    " leaves it in Modal, `force` deletes it with all that is in it."
)
_VALUE: Final = SecretValue()
_PROTECT: Final = "Refuse every operation that would delete it, until this is taken away again."


class StoredSpec(Frozen):
    """A dict or a queue of a stack."""

    on_delete: OnDelete = says(_ON_DELETE, default="refuse", words="refuse", example="retain")
    protect: YesNo = says(_PROTECT, default=False, words="false", example="true")


class VolumeSpec(Frozen):
    """A volume of a stack."""

    version: VolumeVersion = says(
        "Version of the volume's file system; it cannot be changed later.",
        default=1,
        words="1",
        example="2",
    )
    on_delete: OnDelete = says(_ON_DELETE, default="refuse", words="refuse", example="retain")
    protect: YesNo = says(_PROTECT, default=False, words="false", example="true")


@dataclass(frozen=True)
class Sealed:
    """The value of a secret, in a wrapping that shows it nowhere."""

    @property
    def allowed(self) -> str:
        return _VALUE.allowed

    def __call__(self, value: Any) -> SecretStr:
        return value if isinstance(value, SecretStr) else SecretStr(_VALUE(value))


def _with_defaults(value: Any) -> Any:
    return {} if value is None else value


_Name = Annotated[str, PlainValidator(OBJECT_NAME)]
_Variable = Annotated[str, PlainValidator(EnvironmentVariable())]
Volumes = Mapping[_Name, Annotated[VolumeSpec, BeforeValidator(_with_defaults)]]
Stored = Mapping[_Name, Annotated[StoredSpec, BeforeValidator(_with_defaults)]]
Secrets = Mapping[_Name, Mapping[_Variable, Annotated[SecretStr, PlainValidator(Sealed())]]]

SECRETS: Final = "secrets"
"""The one key of a stack whose values are encrypted in its file."""
MAPS: Final = (SECRETS, "volumes", "dicts", "queues")


def stored(doc: str, example: str, allowed: str) -> Any:
    """A map of a stack."""
    return Field(
        default_factory=dict,
        description=doc,
        json_schema_extra={"default": "none", "example": example, "allowed": allowed},
    )
