"""Which versions of the SDK settings can be applied with, and the sentence for all others."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Final

from pulumi_modal.errors import SourceError

SUPPORTED_SDK: Final = ">=1.6.4,<1.7"
_FIRST: Final = (1, 6, 4)
_FIRST_AFTER: Final = (1, 7)


def not_supported(version: str) -> SourceError:
    """The refusal of an SDK that is not known."""
    return SourceError(
        f"modal {version} is not supported: settings can be applied with modal {SUPPORTED_SDK};"
        " install one of these"
    )


def import_failure(error: Exception) -> Exception:
    """Why our own code could not be imported: mostly the SDK is not there, or another one."""
    try:
        version = metadata.version("modal")
    except metadata.PackageNotFoundError:
        return SourceError(f"the modal SDK is not installed here: install modal {SUPPORTED_SDK}")
    numbers = tuple(int(one) for one in re.findall(r"\d+", version)[:3])
    return error if _FIRST <= numbers < _FIRST_AFTER else not_supported(version)
