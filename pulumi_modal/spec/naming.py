"""Names that Modal takes, and lists of names it knows.

Patterns: modal 1.6.4, `_utils/name_utils.py` (read 2026-11-23). Regions and clouds: the SDK, and
Modal's guide to region selection (copies of 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import Choice, Text

_OBJECT: Final = r"(?!ap-[A-Za-z0-9]{22}$)[A-Za-z0-9._-]{1,64}"


def _repaired(text: str, longest: int = 64) -> str:
    """Letters, digits and dashes instead of what is not allowed."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text.strip()).strip("-")[:longest]


def _repaired_label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")


OBJECT_NAME: Final = Text(
    _OBJECT,
    "1 to 64 letters, digits, dots, dashes, underscores; not of the form of an app id",
    _repaired,
)
"""Apps, secrets and volumes."""
ENVIRONMENT_NAME: Final = Text(
    r"(?!en-)[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
    "1 to 64 letters, digits, dashes, underscores; starts with a letter or digit, not with en-",
    lambda text: _repaired(text.replace(".", "-")).lstrip("-_."),
)
WORKSPACE_NAME: Final = Text(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
    "the name of a workspace (letters, digits, dashes, underscores); local is the local Modal",
    lambda text: _repaired(text.replace(".", "-")).lstrip("-_."),
)
TAG: Final = Text(
    r"[A-Za-z0-9._-]{1,50}",
    "1 to 50 letters, digits, dots, dashes, underscores",
    lambda text: _repaired(text, 50),
)
LABEL: Final = Text(
    r"(?![0-9]+$)(?!-)[a-z0-9-]{1,63}(?<!-)",
    "1 to 63 lower-case letters, digits and dashes; no dash at an end, not digits only",
    _repaired_label,
)
DOMAIN: Final = Text(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
    "a domain name like api.example.com, lower case, without https://",
    lambda text: re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0],
)
FUNCTION_NAME: Final = Text(
    r"[A-Za-z0-9_-]{1,64}",
    "the name of a function, class or server in the source",
    lambda text: _repaired(text.replace(".", "_")),
)
MOUNT_PATH: Final = Text(
    r"/(?!$)(?:[^\0/]+/?)+",
    "an absolute path in the container, as in the code",
    lambda text: f"/{text.strip().strip('/')}",
)
SERVICE_NAME: Final = Text(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
    "1 to 64 letters, digits, dashes, underscores; starts with a letter or digit",
    lambda text: _repaired(text.replace(".", "-")).lstrip("-_."),
)

REGION: Final = Choice(
    (
        *("us", "eu", "ap", "uk", "ca", "me", "sa", "af", "mx", "jp", "au"),
        *("us-east", "us-central", "us-south", "us-west", "eu-west", "eu-north", "eu-south"),
        *("ap-northeast", "ap-southeast", "ap-south", "ap-melbourne"),
    )
)
ROUTING_REGION: Final = Choice(("us-east", "us-west", "eu-west", "ap-south"))
CLOUD: Final = Choice(("aws", "gcp", "oci", "auto"))

SECRET_KEY: Final = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE
)
"""Names of environment variables whose values are probably secret."""

_SET_BY_MODAL: Final = frozenset(
    """
    MODAL_CLOUD_PROVIDER MODAL_ENVIRONMENT MODAL_IDENTITY_TOKEN MODAL_IMAGE_ID MODAL_IS_REMOTE
    MODAL_REGION MODAL_SERVER_URL MODAL_TASK_ID MODAL_TOKEN_ID MODAL_TOKEN_SECRET
    """.split()  # noqa: SIM905 - ten names read better as text
)


@dataclass(frozen=True)
class EnvironmentVariable:
    """The name of an environment variable."""

    @property
    def allowed(self) -> str:
        return "letters, digits, underscores; no digit first; none that Modal itself sets"

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            near = re.sub(r"[^A-Za-z0-9_]", "_", str(value)).lstrip("0123456789")
            raise Refusal(
                "is not the name of an environment variable", allowed=self.allowed, nearest=near
            )
        if value in _SET_BY_MODAL:
            raise Refusal("is set by Modal itself; choose another name", allowed=self.allowed)
        return value


@dataclass(frozen=True)
class EnvironmentValue:
    """The value of an environment variable: a string of one line."""

    @property
    def allowed(self) -> str:
        return "a string of one line, or a number"

    def __call__(self, value: Any) -> str:
        if isinstance(value, bool):
            near = f'"{str(value).lower()}"'
            raise Refusal("is not a string", allowed=self.allowed, nearest=near)
        if isinstance(value, (int, float)):
            return str(value)
        if not isinstance(value, str):
            raise Refusal("is not a string", allowed=self.allowed)
        if re.search(r"[\0\r\n]", value):
            raise Refusal("has more than one line", allowed=self.allowed)
        return value
