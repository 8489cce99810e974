"""Whether a story mentions what a claim says: found, with the quote, or not mentioned; never true or false.

A passage mentions it when it is near in meaning, shares words that are rare in the story, holds every
number of it, and its paragraph every name. The thresholds tell mentioned from not mentioned on the
claims of `tests/claims.toml`, with more care for not calling a claim found that is not. A claim that
denies what the story says is found too: the quote beside it shows that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answer import Quote
from bot.differing import figures
from bot.ranking import Candidate
from index.letters import CAPITAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.story import Story
    from index.story_index import Hit

_DENSE = 0.55
_COVERAGE = 0.4
_POSSESSIVE = re.compile(r"['’]s$")
_NATION = re.compile(r"\b(?:us|usa|u\.s\.|united states|americans?)(?!\w)")
_NAME = re.compile(rf"(?<=[\w,;:] ){CAPITAL}[\w'’-]+|\b{CAPITAL}{{2,}}\b")


@dataclass(frozen=True, slots=True)
class Mention:
    """What of a story stands beside a claim: the one quote that says the same, or the closest ones."""

    is_found: bool
    quotes: tuple[Quote, ...]


def mention_of(claim: str, hits: Sequence[Hit], story: Story) -> Mention:
    """Return the first of `hits`, best first, that says what `claim` does, or all of them as the closest."""
    quotes = [Quote.of(Candidate(hit, hit.score), story.id) for hit in hits]
    for hit, quote in zip(hits, quotes, strict=True):
        nearby = story.text(story.paragraphs[hit.passage.paragraph - 1].span)
        if hit.dense >= _DENSE and hit.coverage >= _COVERAGE and _has_details(claim, hit.text, nearby):
            return Mention(is_found=True, quotes=(quote,))
    return Mention(is_found=False, quotes=tuple(quotes))


def _has_details(claim: str, text: str, nearby: str) -> bool:
    """Say whether every number of a claim stands in a passage, and every name in its paragraph."""
    known = _NATION.sub("america", nearby.casefold())
    names = (_NATION.sub("america", name.casefold()) for name in _NAME.findall(claim))
    return _numbers(claim) <= _numbers(text) and all(_POSSESSIVE.sub("", name) in known for name in names)


def _numbers(text: str) -> set[float]:
    """Return the numbers of a text, in figures or in words; without one, which is a pronoun too."""
    return {figure for figure in figures(text) if isinstance(figure, float | int) and figure != 1}
