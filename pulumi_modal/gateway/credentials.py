"""Which Modal a stack's workspace means, and the credentials for it.

The workspace `local` is the local Modal of the project: its `modal.toml` says address and token.
Any other is reached as the `modal` client would: MODAL_* variables, then `~/.modal.toml`. A program
with several workspaces has a profile of each one's name there: so none needs to be the active one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import BindingError, Unauthenticated, Unavailable

LOCAL_WORKSPACE: Final = "local"
HOME_VARIABLE: Final = "MODAL_LOCAL_HOME"
ENVIRONMENT_VARIABLE: Final = "MODAL_ENVIRONMENT"
CONFIG_VARIABLE: Final = "MODAL_CONFIG_PATH"
_EXPLICIT: Final = frozenset({"MODAL_PROFILE", "MODAL_TOKEN_ID"})
"""Who sets one of these means it, whatever profiles there are."""
_MODAL: Final = "https://api.modal.com"
START: Final = "start it with `pulumi-modal local start`"


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach one workspace. Never printed: a token is in here."""

    server_url: str
    token_id: str
    token_secret: str = field(repr=False)

    def variables(self) -> dict[str, str]:
        """What points a stock client there, whatever else is configured."""
        return {
            "MODAL_SERVER_URL": self.server_url,
            "MODAL_TOKEN_ID": self.token_id,
            "MODAL_TOKEN_SECRET": self.token_secret,
        }


def find_credentials(
    workspace: str, root: Path, environ: Mapping[str, str]
) -> tuple[Credentials, ...]:
    """Credentials that may reach a workspace, in the order in which they are tried.

    What variables say goes first, then the profile of the workspace's name, then the active one.
    Raises Unauthenticated or Unavailable when there are none at all.
    """
    if workspace == LOCAL_WORKSPACE:
        return (local_credentials(local_home(root, environ)),)
    named = _profile_credentials(workspace, environ)
    if named is None:
        return (ambient_credentials(environ),)
    try:
        ambient = ambient_credentials(environ)
    except Unauthenticated:
        return (named,)
    found = (ambient, named) if _EXPLICIT & environ.keys() else (named, ambient)
    return tuple(dict.fromkeys(found))


def check_environment(environment: str, environ: Mapping[str, str]) -> None:
    """Refuse a stack of another environment than the one that the credentials were given for."""
    meant = environ.get(ENVIRONMENT_VARIABLE)
    if meant and meant != environment:
        raise BindingError(
            f"the stack is bound to the Modal environment {environment}, but"
            f" {ENVIRONMENT_VARIABLE} says {meant}: select the stack of {meant}, or unset"
            f" {ENVIRONMENT_VARIABLE}"
        )


def check_workspace(workspace: str, reached: str) -> None:
    """Refuse a stack of another workspace than the one that the credentials reach."""
    if workspace != reached:
        raise BindingError(
            f"the stack is bound to the Modal workspace {workspace}, but the credentials reach"
            f" {reached}: use a token of {workspace} (a profile of that name in ~/.modal.toml,"
            " MODAL_PROFILE, MODAL_TOKEN_ID), or correct the stack's workspace"
        )


def local_home(root: Path, environ: Mapping[str, str]) -> Path:
    """The folder of the local Modal: named, beside the project's Pulumi.yaml, or the user's."""
    named = environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    for folder in (root, *root.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder / ".local-modal"
    return Path.home() / ".modal-local"


def local_credentials(home: Path) -> Credentials:
    """What the local Modal in this folder gave out."""
    try:
        profile = tomllib.loads((home / "modal.toml").read_text("utf-8"))[LOCAL_WORKSPACE]
        return _of_profile(profile)
    except FileNotFoundError as error:
        raise Unavailable(f"there is no local Modal in {home}: {START}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            f"{home / 'modal.toml'} does not say how to reach the local Modal: {START}"
        ) from error


def ambient_credentials(environ: Mapping[str, str]) -> Credentials:
    """What the `modal` client would use: variables first, then the active profile."""
    path = _config_path(environ)
    named = environ.get("MODAL_PROFILE", "")
    profile = {**_active_profile(path, named)}
    for key in ("server_url", "token_id", "token_secret"):
        given = environ.get(f"MODAL_{key.upper()}")
        if given:
            profile[key] = given
    try:
        return _of_profile({"server_url": _MODAL, **profile})
    except KeyError as error:
        where = f" in the profile {named} of {path}" if named else ""
        raise Unauthenticated(
            f"there is no Modal token{where}: run `modal token new`, or set MODAL_TOKEN_ID and"
            " MODAL_TOKEN_SECRET"
        ) from error


def _profile_credentials(name: str, environ: Mapping[str, str]) -> Credentials | None:
    """What the profile of this name says; None when there is none, or no token in it."""
    profile = _section(_profiles(_config_path(environ)), name)
    server_url = environ.get("MODAL_SERVER_URL") or _MODAL
    try:
        return _of_profile({"server_url": server_url, **profile})
    except KeyError:
        return None


def _config_path(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(CONFIG_VARIABLE) or "~/.modal.toml").expanduser()


def _profiles(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Unauthenticated(f"{path} cannot be read as TOML: correct or remove it") from error


def _active_profile(path: Path, named: str) -> Mapping[str, Any]:
    profiles = _profiles(path)
    if named:
        return _section(profiles, named)
    active = [name for name, one in profiles.items() if isinstance(one, dict) and one.get("active")]
    return _section(profiles, active[0] if active else "default")


def _section(profiles: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = profiles.get(name, {})
    return found if isinstance(found, dict) else {}


def _of_profile(profile: Mapping[str, Any]) -> Credentials:
    """What a profile holds; KeyError when something is missing or empty."""
    for key in ("server_url", "token_id", "token_secret"):
        if not profile[key]:
            raise KeyError(key)
    return Credentials(
        str(profile["server_url"]), str(profile["token_id"]), str(profile["token_secret"])
    )


def current_environ() -> Mapping[str, str]:
    """The variables in force; only this file reads them."""
    return os.environ
