"""Where one local Modal keeps its state, at which address it answers, and with which token.

Everything is in one folder; `modal.toml` in it is an ordinary configuration of the modal client.
This is the only file of the house that reads environment variables.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from modal_local.errors import LocalModalError

LOOPBACK: Final = "127.0.0.1"
WORKSPACE: Final = "local"
"""Name of the workspace, unless another one was given; and of its one user."""
DEFAULT_ENVIRONMENT: Final = "main"
IMAGE_BUILDER_VERSION: Final = "2025.06"
HOME_VARIABLE: Final = "MODAL_LOCAL_HOME"
COMMAND_VARIABLE: Final = "MODAL_LOCAL_COMMAND"
WORKSPACE_VARIABLE: Final = "MODAL_LOCAL_WORKSPACE"
_URL: Final = re.compile(r"^http://127\.0\.0\.1:(\d{1,5})/?$")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one local Modal."""

    path: Path

    @property
    def config(self) -> Path:
        """Address and token, as the modal client reads them."""
        return self.path / "modal.toml"

    @property
    def database(self) -> Path:
        """The state."""
        return self.path / "state.sqlite"

    @property
    def blobs(self) -> Path:
        """Contents of uploaded files, inputs and outputs."""
        return self.path / "blobs"

    @property
    def volumes(self) -> Path:
        """One folder a volume."""
        return self.path / "volumes"

    @property
    def images(self) -> Path:
        """Built images."""
        return self.path / "images"

    @property
    def containers(self) -> Path:
        """One folder a running container."""
        return self.path / "containers"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.path / "server.log"

    @property
    def ready(self) -> Path:
        """Written when the server answers, gone when it has stopped."""
        return self.path / "server.json"

    @property
    def lock(self) -> Path:
        """Held by the one server of this folder."""
        return self.path / "server.lock"

    def make(self) -> None:
        """Create the folder; nobody else may look into it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)


@dataclass(frozen=True, slots=True)
class Access:
    """Address and credentials of a local Modal."""

    port: int
    token_id: str
    token_secret: str
    workspace: str = WORKSPACE

    @property
    def server_url(self) -> str:
        """Where the client finds the server."""
        return f"http://{LOOPBACK}:{self.port}"

    def variables(self, home: Home) -> dict[str, str]:
        """What points a stock client here, whatever else is configured."""
        return {
            "MODAL_SERVER_URL": self.server_url,
            "MODAL_TOKEN_ID": self.token_id,
            "MODAL_TOKEN_SECRET": self.token_secret,
            "MODAL_CONFIG_PATH": str(home.config),
        }


def find_home(environ: Mapping[str, str] | None = None, start: Path | None = None) -> Home:
    """The folder in force: named by the environment, else by the project around, else one's own."""
    named = (os.environ if environ is None else environ).get(HOME_VARIABLE)
    if named:
        return Home(Path(named).expanduser().absolute())
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return Home(folder / ".local-modal")
    return Home(Path.home() / ".modal-local")


def command_name() -> str:
    """How the user called the command line, where another program stands in front of it."""
    return os.environ.get(COMMAND_VARIABLE, "python -m modal_local")


def read_access(home: Home) -> Access | None:
    """The access that was given out before; None at first. Raises LocalModalError."""
    try:
        profiles = tomllib.loads(home.config.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LocalModalError(f"{home.config} cannot be read: {error}") from error
    workspace, profile = next(iter(profiles.items()), ("", None))
    given = profile if isinstance(profile, dict) else {}
    match = _URL.match(str(given.get("server_url", "")))
    token_id, token_secret = given.get("token_id"), given.get("token_secret")
    if match is None or not (isinstance(token_id, str) and isinstance(token_secret, str)):
        raise LocalModalError(
            f"{home.config} has no profile with the address and token of a local Modal: put it "
            "back, or remove the file to get a new token"
        )
    return Access(int(match[1]), token_id, token_secret, workspace)


def claim_access(home: Home) -> tuple[Access, socket.socket]:
    """Access with its listener bound: as before where possible, made at the first start."""
    known = read_access(home)
    workspace = _workspace(home, known)
    listener = _bind(known.port if known else 0)
    port = int(listener.getsockname()[1])
    if known is None:
        token_id, token_secret = f"ak-{secrets.token_hex(11)}", f"as-{secrets.token_urlsafe(32)}"
        access = Access(port, token_id, token_secret, workspace)
    else:
        access = replace(known, port=port)
    if access != known:
        _write_access(home, access)
    return access, listener


def _workspace(home: Home, known: Access | None) -> str:
    """The name that was asked for; a folder keeps its first one."""
    asked = os.environ.get(WORKSPACE_VARIABLE)
    if known is None:
        return asked or WORKSPACE
    if asked and asked != known.workspace:
        raise LocalModalError(
            f"{home.path} is the workspace {known.workspace}, but {WORKSPACE_VARIABLE} says"
            f" {asked}: unset it, or name another folder by {HOME_VARIABLE}"
        )
    return known.workspace


def _bind(port: int) -> socket.socket:
    """The kept port, or a free one when another program has taken it."""
    for candidate in (port, 0) if port else (0,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, candidate))
        except OSError:
            listener.close()
            continue
        return listener
    raise LocalModalError(f"no port of {LOOPBACK} is free")


def _write_access(home: Home, access: Access) -> None:
    values = {
        "server_url": access.server_url,
        "token_id": access.token_id,
        "token_secret": access.token_secret,
    }
    lines = [
        f"[{json.dumps(access.workspace)}]",
        *(f"{key} = {json.dumps(value)}" for key, value in values.items()),
    ]
    write_private(home.config, "\n".join([*lines, "active = true", ""]))


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all; only its owner may read it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
