"""GPU strings: `TYPE` or `TYPE:COUNT`, or a list of them that is tried in order.

The SDK checks none of this (modal 1.6.4 takes "BOGUS" and "H100:99"), so the preview does.
Maximum counts: gpu-catalogue.json, from Modal's GPU guide (2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from pulumi_modal.spec.catalogue import OLD_NAMES, Card, catalogue
from pulumi_modal.spec.problem import nearest_of
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import each

_NO_GPU: Final = "to run without a GPU, take gpu out of the code"


def parse_gpu(value: object) -> tuple[str, ...]:
    """Canonical GPU strings ("H100:2"), in order of preference; raises a Refusal."""
    if isinstance(value, (list, tuple)):
        if not value:
            raise Refusal(f"is empty; name a GPU ({_NO_GPU})", allowed=allowed_gpus())
        return tuple(each(_OneGpu(), value))
    return (_OneGpu()(value),)


def allowed_gpus() -> str:
    """The names, and how to ask for several."""
    names = ", ".join(catalogue().names)
    return f"{names}; with a count as in H100:2; or a list in order of preference"


@dataclass(frozen=True)
class Gpu:
    """The rule of the setting `gpu`."""

    @property
    def allowed(self) -> str:
        return allowed_gpus()

    def __call__(self, value: Any) -> str | tuple[str, ...]:
        found = parse_gpu(value)
        return found[0] if len(found) == 1 else found


@dataclass(frozen=True)
class _OneGpu:
    @property
    def allowed(self) -> str:
        return allowed_gpus()

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refusal("is not the name of a GPU", allowed=self.allowed)
        kind, colon, count_text = (part.strip() for part in value.partition(":"))
        card_name = self._name(kind, count_text if colon else "")
        card = catalogue().card(card_name)
        if card is None:  # every name comes from the catalogue
            raise Refusal("is not a GPU of Modal", allowed=self.allowed)
        count = self._count(count_text, card_name, card) if colon else 1
        return card_name if count == 1 else f"{card_name}:{count}"

    def _name(self, kind: str, count_text: str) -> str:
        known = {name.upper(): name for name in catalogue().names}
        upper = kind.upper()
        if upper in known:
            return known[upper]
        if upper in OLD_NAMES:
            return next(card.id for card in catalogue().gpus if upper in card.aliases)
        suffix = f":{count_text}" if count_text else ""
        if upper == "ANY":
            raise Refusal(
                "leaves the card, its memory and its price to chance",
                allowed=self.allowed,
                nearest="L40S",
            )
        if upper in ("", "NONE", "CPU"):
            raise Refusal(f"is not a GPU; {_NO_GPU}", allowed=self.allowed)
        near = nearest_of(re.sub(r"[\s_]+", "-", kind), known)
        raise Refusal(
            "is not a GPU of Modal",
            allowed=self.allowed,
            nearest=f"{near}{suffix}" if near else "",
        )

    def _count(self, text: str, name: str, card: Card) -> int:
        most = card.max_per_container
        allowed = f"{name}:1 to {name}:{most}"
        if not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise Refusal("has a count that is not a whole number", allowed=allowed, nearest=name)
        count = int(text)
        if count < 1:
            raise Refusal("asks for no card at all", allowed=allowed, nearest=name)
        if count > most:
            raise Refusal(
                f"asks for more cards than one machine has ({most})",
                allowed=allowed,
                nearest=f"{name}:{most}",
            )
        return count
