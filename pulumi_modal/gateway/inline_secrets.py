"""Inline secrets of the file that a child deploys (`Secret.from_dict`, `from_local_environ`, ...).

Their values are known only while it deploys: then they are noted, so that no text tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import modal.secret

from pulumi_modal.source.redaction import KNOWN

_SENT_BY_SDK: Final = "_load_from_env_dict"


def note_inline_secrets() -> list[str]:
    """Hide them in this process from now on; the list fills with their values."""
    noted: list[str] = []
    send = getattr(modal.secret, _SENT_BY_SDK)

    async def note(instance: Any, context: Any, env_dict: Mapping[str, str]) -> None:
        KNOWN.keep(env_dict)
        noted.extend(env_dict.values())
        await send(instance, context, env_dict)

    setattr(modal.secret, _SENT_BY_SDK, note)
    return noted
