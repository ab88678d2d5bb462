"""Named secrets and volumes that must exist before an app is deployed."""

from __future__ import annotations

from pulumi_modal.errors import Refused
from pulumi_modal.gateway.port import Gateway, SecretNeed, VolumeNeed
from pulumi_modal.provider.app_outputs import app_ref
from pulumi_modal.provider.props import Props


def check_needs(gateway: Gateway, inputs: Props) -> None:
    """Refuse an app that needs what Modal does not have, and name all of it."""
    app = app_ref(inputs)
    needs = needs_of(inputs)
    missing = gateway.missing(needs) if needs else ()
    if missing:
        raise Refused(
            f"{app} needs what Modal does not have in {app.environment}: {', '.join(missing)};"
            f" make it there (`modal secret create --env {app.environment} ...`,"
            f" `modal volume create --env {app.environment} ...`), or give it another name in"
            " the stack's `secrets` or `volumes`"
        )


def needs_of(inputs: Props) -> list[SecretNeed | VolumeNeed]:
    """Named secrets and volumes that must exist."""
    needs = inputs.get("needs") or {}
    here = inputs["environment"]
    secrets = [
        SecretNeed(one["name"], one.get("environment") or here, tuple(one.get("keys", ())))
        for one in needs.get("secrets", ())
    ]
    volumes = [
        VolumeNeed(one["name"], one.get("environment") or here) for one in needs.get("volumes", ())
    ]
    return [*secrets, *volumes]


def object_ids(gateway: Gateway, inputs: Props) -> dict[str, str]:
    """Modal's id of each secret and volume that the app needs; empty for one that is gone."""
    needs = needs_of(inputs)
    if not needs:
        return {}
    here = inputs["environment"]
    phrases = [
        str(one) if one.environment == here else f"{one} of {one.environment}" for one in needs
    ]
    return dict(zip(phrases, gateway.object_ids(needs), strict=True))
