"""Ids and names: how new ids look, and which names Modal takes."""

from __future__ import annotations

import re
import secrets
import string
from typing import Final

from modal_local.errors import Invalid

_ALPHABET: Final = string.ascii_letters + string.digits
_LENGTH: Final = 22
_APP_ID: Final = re.compile(r"^ap-[a-zA-Z0-9]{22}$")
_OBJECT_NAME: Final = re.compile(r"^[a-zA-Z0-9-_.]{1,64}$")
_ENVIRONMENT_NAME: Final = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9-_]{0,63}$")
_TAG: Final = re.compile(r"^[a-zA-Z0-9._-]{1,63}$")
_WEB_SUFFIX: Final = re.compile(r"^(?!-)[a-z0-9-]{0,63}(?<!-)$")
_LABEL: Final = re.compile(r"^(?![0-9]+$)(?!-)[a-z0-9-]{1,63}(?<!-)$")


def new_id(prefix: str) -> str:
    """An id as Modal's look, such as `ap-` and 22 letters."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))}"


def check_object_name(name: str, kind: str) -> None:
    """Raises Invalid for a name that an app, secret or volume cannot have."""
    if not _OBJECT_NAME.match(name) or _APP_ID.match(name):
        raise Invalid(
            f'{kind} name "{name}" is not accepted: 1 to 64 letters, digits, "-", "_" or ".", '
            "and not the form of an app id."
        )


def check_environment_name(name: str) -> None:
    """Raises Invalid for a name that an environment cannot have."""
    if not _ENVIRONMENT_NAME.match(name) or name.lower().startswith("en-"):
        raise Invalid(
            f'Environment name "{name}" is not accepted: 1 to 64 letters, digits, "-" or "_", '
            'starting with a letter or digit, and not with "en-".'
        )


def check_tag(text: str, kind: str) -> None:
    """Raises Invalid for a tag that an app or a deployment cannot have."""
    if not _TAG.match(text):
        raise Invalid(f'{kind} "{text}" is not accepted: 1 to 63 letters, digits, "-", "_" or ".".')


def check_web_suffix(text: str) -> None:
    """Raises Invalid for a text that cannot be part of the host names of an environment."""
    if not _WEB_SUFFIX.match(text):
        raise Invalid(
            f'Web suffix "{text}" is not accepted: up to 63 lower-case letters, digits or "-", '
            'and no "-" at either end.'
        )


def web_suffix_of(name: str) -> str:
    """The web suffix that an environment of this name has at first."""
    return name.lower().replace("_", "-").strip("-")


def check_label(label: str) -> None:
    """Raises Invalid for a label that cannot be part of a host name."""
    if not _LABEL.match(label):
        raise Invalid(
            f'Web label "{label}" is not accepted: 1 to 63 lower-case letters, digits or "-", not '
            'only digits, and no "-" at either end.'
        )
