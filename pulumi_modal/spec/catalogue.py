"""The GPUs that Modal has: a typed reader of gpu-catalogue.json, dated readings of public pages."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict


class Price(BaseModel):
    """What a card costs, from the newest dated reading of the price page."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    usd_per_second: float
    usd_per_hour: float


class Card(BaseModel):
    """One kind of GPU."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The name that asks for exactly this card."""
    aliases: tuple[str, ...]
    name: str
    architecture: str
    memory_gib: float
    """Memory that a program sees."""
    max_per_container: int
    """The most cards that one container can have; all are in one machine."""
    max_per_container_confirmed: bool
    """False when the maximum is not stated by Modal but assumed."""
    price: Price
    newest_reading: str
    """Date of the newest reading of the price."""
    min_cuda: str | None = None
    notes: str = ""


class Catalogue(BaseModel):
    """All cards, and when the list was made."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    written: str
    currency: str
    gpus: tuple[Card, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that Modal takes, in the order of the list; no old spellings."""
        return tuple(
            name
            for card in self.gpus
            for name in sorted({card.id, *card.aliases} - OLD_NAMES, key=len)
        )

    def card(self, name: str) -> Card | None:
        """The card that a canonical name (without count) gets at least."""
        for card in self.gpus:
            if name in (card.id, *card.aliases):
                return card
        return None


OLD_NAMES = frozenset({"A10G"})
"""Names that Modal still takes for something that has another name now."""


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with this package."""
    text = resources.files("pulumi_modal.spec").joinpath("gpu-catalogue.json").read_text("utf-8")
    return Catalogue.model_validate(json.loads(text))
