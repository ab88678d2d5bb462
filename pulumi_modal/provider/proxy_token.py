"""`ProxyTokenProvider`: credentials for web endpoints as a Pulumi resource.

Modal shows the secret of a token once: it is kept in the state, as a Pulumi secret, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import GatewayError, NotFound, Refused
from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.named import ProxyToken, ProxyTokens
from pulumi_modal.provider.noun import Found, NounProvider, Schema
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import Props, secret
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.spec.resources.proxy_token import EFFECTS, ProxyTokenInputs, ProxyTokenOutputs

SCHEMA: Final = Schema(
    ProxyTokenInputs,
    ProxyTokenOutputs,
    EFFECTS,
    place=("token_id",),
    lasting=("token_id", "token_secret", "created_at"),
)


class ProxyTokenProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> ProxyTokenNoun:
        """A proxy token."""
        return ProxyTokenNoun()

    def predict(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """All but the name stays; the secret stays a secret."""
        found = super().predict(olds, news)
        if "token_secret" in found:
            found["token_secret"] = secret(found["token_secret"])
        return found


class ProxyTokenNoun:
    """A proxy token, over the gateway."""

    schema = SCHEMA

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """The order of environments means nothing."""
        del olds
        if "environments" in inputs and isinstance(inputs["environments"], list):
            return {**inputs, "environments": sorted(set(inputs["environments"]))}
        return inputs

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it; one whose environments cannot be allowed is revoked at once."""
        tokens, name = _tokens(inputs), inputs["name"]
        wanted = inputs.get("environments", [])
        _check_there(tokens, wanted, f"proxy token {name}")
        _warn_of_others(tokens, name)
        token_id, token_secret = tokens.create(name)
        KNOWN.keep(token_secret)
        try:
            for environment in wanted:
                tokens.allow(token_id, environment)
        except GatewayError:
            _take_back(tokens, token_id)
            raise
        return _outputs(inputs, _as_made(tokens, token_id, name), token_secret)

    def read(self, place: Props, inputs: Props) -> Found | None:
        """Its name, and where it is allowed; never its secret."""
        tokens = _tokens(place)
        found = _found(tokens, place["token_id"])
        if found is None:
            return None
        now = {"name": found.name, "workspace": place["workspace"]}
        allowed = list(tokens.environments_of(found.token_id))
        if allowed:
            now["environments"] = allowed
        if "token_secret" not in place:
            current().warn(
                f"{found.token_id}: Modal does not show its secret again; it stays empty"
            )
        return Found(now, _outputs(now, found, inputs.get("token_secret", "")))

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Rename it, allow it and revoke it, as it is wanted now."""
        tokens, token_id = _tokens(inputs), olds["token_id"]
        wanted = {*inputs.get("environments", [])}
        _check_there(tokens, sorted(wanted), f"proxy token {token_id}")
        allowed = {*tokens.environments_of(token_id)}
        for environment in sorted(wanted - allowed):
            tokens.allow(token_id, environment)
        for environment in sorted(allowed - wanted):
            tokens.revoke(token_id, environment)
        if inputs["name"] != olds.get("name"):
            tokens.rename(token_id, inputs["name"])
        known = ProxyToken(token_id, inputs["name"], olds.get("created_at", ""))
        return _outputs(inputs, known, olds.get("token_secret", ""))

    def delete(self, outputs: Props) -> None:
        """Revoke it: who uses it is refused from now on."""
        try:
            _tokens(outputs).delete(outputs["token_id"])
        except NotFound:
            current().tell("was gone already")


def _check_there(tokens: ProxyTokens, environments: list[str], what: str) -> None:
    missing = tokens.missing(environments)
    if missing:
        raise Refused(f"{what}: there is no environment {', '.join(missing)} to allow it in")


def _warn_of_others(tokens: ProxyTokens, name: str) -> None:
    others = [one for one in tokens.all() if one.name == name]
    if others:
        listed = ", ".join(f"{one.token_id} of {one.created_at}" for one in others)
        current().warn(
            f"proxy token {name}: there is one of this name already ({listed}); if it is left of a"
            " create that was cut off, `modal workspace proxy-tokens delete` it"
        )


def _take_back(tokens: ProxyTokens, token_id: str) -> None:
    """Revoke one whose create failed; what stays open is told, as no state knows of it."""
    try:
        tokens.delete(token_id)
    except NotFound:
        pass
    except GatewayError as error:
        current().warn(
            f"{token_id}: was made, and could not be revoked ({error}); `modal workspace"
            f" proxy-tokens delete {token_id}`"
        )


def _as_made(tokens: ProxyTokens, token_id: str, name: str) -> ProxyToken:
    """What Modal tells of a new one; without an answer what is known: its secret is not lost."""
    try:
        found = _found(tokens, token_id)
    except GatewayError:
        found = None
    return found or ProxyToken(token_id, name)


def _found(tokens: ProxyTokens, token_id: str) -> ProxyToken | None:
    return next((one for one in tokens.all() if one.token_id == token_id), None)


def _outputs(inputs: Props, token: ProxyToken, token_secret: str) -> dict[str, Any]:
    told = {"token_id": token.token_id, "created_at": token.created_at}
    return {**inputs, **told, "token_secret": secret(token_secret)}


def _tokens(inputs: Props) -> ProxyTokens:
    caller = connect_wire(inputs["workspace"], None, Path.cwd())
    from pulumi_modal.gateway.proxy_tokens import (
        WireProxyTokens,
    )  # late: loaded by now, by one thread

    return WireProxyTokens(caller)
