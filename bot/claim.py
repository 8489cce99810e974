"""Whether a story mentions what a claim says: found, with the quote, or not mentioned; never true or false.

A passage mentions it when it is near in meaning, shares most of its words, and holds every number
and every name of it. The thresholds are those that told mentioned from not mentioned best on the
claims of `tests/claims.toml`, with more care for not calling a claim found that is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answer import Quote
from bot.ranking import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.story_index import Hit

_DENSE = 0.55
_COVERAGE = 0.5
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][\w'’-]+|\b[A-Z]{2,}\b")


@dataclass(frozen=True, slots=True)
class Mention:
    """What of a story stands beside a claim: the one quote that says the same, or the closest ones."""

    is_found: bool
    quotes: tuple[Quote, ...]


def mention_of(claim: str, hits: Sequence[Hit], story_id: str) -> Mention:
    """Return the first of `hits`, best first, that says what `claim` does, or all of them as the closest."""
    quotes = [Quote.of(Candidate(hit, hit.score), story_id) for hit in hits]
    for hit, quote in zip(hits, quotes, strict=True):
        if hit.dense >= _DENSE and hit.coverage >= _COVERAGE and _has_details(claim, hit.text):
            return Mention(is_found=True, quotes=(quote,))
    return Mention(is_found=False, quotes=tuple(quotes))


def _has_details(claim: str, text: str) -> bool:
    """Say whether every number and every name of a claim stands in a text."""
    numbers = {number.replace(",", "") for number in _NUMBER.findall(text)}
    asked = {number.replace(",", "") for number in _NUMBER.findall(claim)}
    names = {name.casefold().removesuffix("'s").removesuffix("’s") for name in _NAME.findall(claim)}
    return asked <= numbers and all(name in text.casefold() for name in names)
