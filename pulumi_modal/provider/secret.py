"""`SecretProvider`: a named secret of Modal as a Pulumi resource.

Modal never tells a value back, so what may be known of values is counted, not hashed: the inputs
hold the revision in which each changed last.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.named import NamedSecret, ObjectRef, Secrets
from pulumi_modal.provider.anew import leave_anew, read_anew, words_of
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.noun import Found, NounProvider, Schema
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import Props
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.spec.resources.secret import (
    EFFECTS,
    SecretInputs,
    SecretOutputs,
    digest_of,
    revised,
)

SCHEMA: Final = Schema(
    SecretInputs,
    SecretOutputs,
    EFFECTS,
    lasting=("secret_id", "created_at"),
    untold=("values",),
)


class SecretProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> SecretNoun:
        """A secret."""
        return SecretNoun()

    def predict(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """Outputs that are certain at preview: the digest too, which says what must roll over."""
        found = super().predict(olds, news)
        secret_id, revision = olds.get("secret_id"), news.get("revision")
        if isinstance(secret_id, str) and isinstance(revision, (int, float)):
            found |= {
                "digest": digest_of(secret_id, int(revision)),
                "keys": sorted(news.get("values", {})),
            }
        return found


class SecretNoun:
    """A secret, over the gateway."""

    schema = SCHEMA

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """With the revision of each value."""
        KNOWN.keep(inputs.get("values"))
        return {**inputs, **revised(olds, inputs.get("values", {}))}

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it; take over what a create left that was cut off, or what may be adopted."""
        KNOWN.keep(inputs.get("values"))
        ref, secrets, values = _ref(inputs), _secrets(inputs), inputs.get("values", {})
        found = secrets.find(ref)
        if found is None:
            return _outputs(inputs, secrets.create(ref, values))
        if not inputs.get("adopt") and found.keys != tuple(sorted(values)):
            raise Refused(
                f"secret {ref}: is there already, with {', '.join(found.keys) or 'no variables'},"
                " and would be overwritten; let the resource `adopt` it, or `pulumi import` it"
            )
        current().tell(f"takes over {found.secret_id}, which was there")
        return _outputs(inputs, secrets.overwrite(ref, values))

    def read(self, place: Props, inputs: Props) -> Found | Gone | None:
        """Its variables by name; a change of values by others shows only where it changes those."""
        ref = _ref(place)
        found = _secrets(place).find(ref)
        if found is None:
            return None
        if _is_anothers(found, place):
            return read_anew(f"secret {ref}", found)
        declared = {
            "name": place["name"],
            "environment": place["environment"],
            "workspace": place["workspace"],
            "adopt": bool(inputs.get("adopt")),
        }
        outputs = _outputs({**inputs, **declared}, found)
        if "secret_id" in inputs and not current().inputs:
            return Found(None, outputs)  # Pulumi's own host: the values declared are not known here
        return Found({**declared, **_as_found(inputs, found)}, outputs)

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Overwrite it: what is left out is removed."""
        if olds.get("revision") == inputs["revision"] and _is_whole(olds, inputs):
            return {**olds, **_told(inputs)}  # only how it is kept has changed
        ref, secrets = _ref(inputs), _secrets(inputs)
        found = secrets.find(ref)
        if found is not None and _is_anothers(found, olds) and not inputs.get("adopt"):
            raise Refused(
                f"secret {ref}: was {words_of(found)}, and would be overwritten; let the resource"
                " `adopt` it, or delete it"
            )
        return _outputs(inputs, secrets.overwrite(ref, inputs.get("values", {})))

    def delete(self, outputs: Props) -> None:
        """Remove it, when it is still the one that this stack made."""
        ref, secrets = _ref(outputs), _secrets(outputs)
        found = secrets.find(ref)
        if found is None:
            return
        if _is_anothers(found, outputs):
            leave_anew(f"secret {ref}", found)
            return
        try:
            secrets.delete(found.secret_id)
        except NotFound:
            current().tell("was gone already")


def _is_anothers(found: NamedSecret, outputs: Props) -> bool:
    """Whether it is not the one of the state; in an import there is none yet."""
    return bool(outputs.get("secret_id", found.secret_id) != found.secret_id)


def _is_whole(olds: Props, inputs: Props) -> bool:
    return sorted(olds.get("keys", ())) == sorted(inputs.get("values", {}))


def _as_found(inputs: Props, found: NamedSecret) -> dict[str, Any]:
    """The inputs that would have made it as it is; a value can be the declared one, or unknown.

    Those whose names are there are taken for the declared ones, as Modal tells no more.
    """
    values = inputs.get("values") or {}
    kept = {key: values[key] for key in values if key in found.keys}
    known = inputs.get("revisions") or {}
    revisions = {key: known[key] if key in kept and key in known else 0 for key in found.keys}
    result: dict[str, Any] = {"revisions": revisions} if revisions else {}
    if kept:
        result["values"] = kept
    if inputs.get("revision"):
        result["revision"] = inputs["revision"]
    return result


def _told(inputs: Props) -> dict[str, Any]:
    """All inputs but the values: an output of a secret says nothing of them."""
    return {key: value for key, value in inputs.items() if key != "values"}


def _outputs(inputs: Props, found: NamedSecret) -> dict[str, Any]:
    revision = int(inputs.get("revision") or 0)
    return {
        **_told(inputs),
        "secret_id": found.secret_id,
        "keys": list(found.keys),
        "digest": digest_of(found.secret_id, revision),
        "created_at": found.created_at,
    }


def _ref(inputs: Props) -> ObjectRef:
    return ObjectRef(inputs["environment"], inputs["name"])


def _secrets(inputs: Props) -> Secrets:
    caller = connect_wire(inputs["workspace"], inputs["environment"], Path.cwd())
    from pulumi_modal.gateway.secrets import WireSecrets  # late: loaded by now, by one thread

    return WireSecrets(caller)
