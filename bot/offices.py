"""Whether a sentence names the holder of another office than the one asked for: another country's, or a deputy.

"Who is the prime minister of Mali?" is not answered by "Ana Lima, the prime minister of Niger", nor by
"Deputy Prime Minister Ana Lima", however much the words are alike. Rules, with a short table of names
for the same country that begin differently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.roles import HEADS
from index.letters import CAPITAL
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFFICE: Final = rf"(?:(?!(?:the|an?|is|was|our|s)\b)[a-z]+(?:-[a-z]+)?\s+)?(?:{HEADS.replace(' ', '|')})"
_NAMES: Final = rf"{CAPITAL}[\w.-]*(?:\s+{CAPITAL}[\w.-]*)*"
_ASKS_WHO: Final = re.compile(r"\bwho(?:['’]?s)?\b|\bname\b", re.IGNORECASE)
_OF_PLACE: Final = re.compile(rf"\b({_OFFICE})\s+(?:of|for)\s+(?:the\s+)?([\w.' ’-]+?)[?.!\s]*$", re.IGNORECASE)
_PLACES: Final = re.compile(rf"([\w.-]+(?:\s[\w.-]+)?)['’]s?\s+({_OFFICE})\b", re.IGNORECASE)
_NOT_QUITE: Final = re.compile(
    r"\b(?:deputy|vice|assistant|acting|interim|former|ex|future|next|late)[\s-]+$", re.IGNORECASE
)
_LEADING: Final = re.compile(r"^(?:is|was|of|the)\s+", re.IGNORECASE)
_ASKS_FOR_SUCH: Final = re.compile(
    r"\b(?:deputy|vice|assistant|acting|interim|former|ex|future|next|late|was|were|used|before|previous|until)\b",
    re.IGNORECASE,
)
_OF: Final = re.compile(rf"\s+(?:of|for|in)\s+(?:the\s+)?({_NAMES})")
_POSSESSOR: Final = re.compile(rf"\b({_NAMES})['’]s?\s+(?:[a-z]+\s+)?$")
_ADJECTIVE: Final = re.compile(rf"\b({_NAMES})\s+$")
_NO_OWNER: Final = frozenset("the a an its his her their our my this that and but as".split())
_BESIDE_AFTER: Final = re.compile(rf",?\s+({_NAMES})(?=[,.;]|\s+[a-z]|$)")
_BESIDE_BEFORE: Final = re.compile(rf"\b({_NAMES}),\s+(?:the\s+)?$")
_COMPASS: Final = frozenset("north south east west new northern southern eastern western".split())
_ALIKE: Final = 3  # first letters that a country shares with its people, as Mali and Malian
_SAME: Final = tuple(
    frozenset(names.split())
    for names in (
        "us usa u.s united america american washington",
        "uk u.k britain british united london",
        "netherlands dutch holland",
        "france french",
        "denmark danish",
        "ireland irish",
        "wales welsh",
        "flanders flemish",
        "philippines philippine filipino",
    )
)


def is_of_another_office(question: str, sentence: str) -> bool:
    """Say whether `question` asks who holds an office and `sentence` speaks of such offices, but of none that fits.

    One that the sentence gives no country or body to may be the one that is asked for.
    """
    asked = _asked_office(question)
    if asked is None:
        return False
    office, place = asked
    found = list(_offices(office, sentence))
    takes_any = _ASKS_FOR_SUCH.search(question) is not None
    return bool(found) and all(
        (not takes_any and not of.is_full) or (of.owner is not None and not _are_same(of.owner, place)) for of in found
    )


def holder_of(question: str, sentence: str) -> Span | None:
    """Return the name beside the very office that `question` asks the holder of; None where that is not plain."""
    asked = _asked_office(question)
    if asked is None:
        return None
    office, place = asked
    begins = rf"\b(?:who(?:['’]?s|\s+is|\s+was)?|name\s+of)\s+(?:the\s+)?(?:{re.escape(office)}|{re.escape(place)})"
    if not re.search(begins, question, re.IGNORECASE):  # "who met the mayor of Oslo"
        return None
    for of in _offices(office, sentence):
        if of.is_full and of.owner is not None and _are_same(of.owner, place):
            after = _BESIDE_AFTER.match(sentence, of.place.end)
            name = after or _BESIDE_BEFORE.search(sentence[: of.place.start])
            return Span(*name.span(1)) if name else None
    return None


@dataclass(frozen=True, slots=True)
class _Office:
    """An office in a sentence: whose, if told, whether it is the office itself, and where it and its owner stand."""

    owner: str | None
    is_full: bool
    place: Span


def _asked_office(question: str) -> tuple[str, str] | None:
    """Return the office that a question asks the holder of, and whose it is."""
    if not _ASKS_WHO.search(question):
        return None
    if found := _PLACES.search(question):
        return found[2], _LEADING.sub("", found[1])
    found = _OF_PLACE.search(question)
    return (found[1], found[2]) if found else None


def _offices(office: str, sentence: str) -> Iterator[_Office]:
    """Yield each such office in a sentence."""
    for match in re.finditer(rf"\b{re.escape(office)}\b", sentence, re.IGNORECASE):
        before = sentence[: match.start()]
        not_quite = _NOT_QUITE.search(before)
        before = before[: not_quite.start()] if not_quite else before
        later = _OF.match(sentence, match.end())
        owner = later or _POSSESSOR.search(before) or _ADJECTIVE.search(before)
        told = owner[1] if owner and owner[1].lower() not in _NO_OWNER else None
        start = owner.start() if owner and not later else match.start()
        yield _Office(told, not_quite is None, Span(start, later.end() if later else match.end()))


def _are_same(owner: str, place: str) -> bool:
    """Say whether two names may be of one country, body or person."""
    if _words(owner) & _COMPASS != _words(place) & _COMPASS:
        return False
    return any(
        one[:_ALIKE] == other[:_ALIKE] or any(one in names and other in names for names in _SAME)
        for one in _words(owner) - _COMPASS
        for other in _words(place) - _COMPASS
    )


def _words(name: str) -> set[str]:
    return {word.strip(".") for word in re.split(r"[\s'’-]+", name.lower())} - _NO_OWNER - {""}
