"""Whether a sentence names the holder of another office than the one asked for: another country's, or a deputy.

"Who is the prime minister of Mali?" is not answered by "Ana Lima, the prime minister of Niger", nor by
"Deputy Prime Minister Ana Lima", however much the words are alike. Rules, with a short table of names
for the same country that begin differently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from index.letters import CAPITAL

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADS: Final = (
    "president minister premier chancellor king queen governor mayor secretary commissioner ambassador envoy "
    "spokesman spokeswoman spokesperson chief commander boss head director chairman chairwoman chairperson chair "
    "leader coach manager captain ceo founder owner editor dean rector principal treasurer negotiator "
    "speaker prosecutor"
)
_OFFICE: Final = rf"(?:[a-z]+(?:-[a-z]+)?\s+)?(?:{_HEADS.replace(' ', '|')})"
_NAMES: Final = rf"{CAPITAL}[\w.-]*(?:\s+{CAPITAL}[\w.-]*)*"
_ASKS_WHO: Final = re.compile(r"\bwho(?:['’]?s)?\b|\bname\b", re.IGNORECASE)
_OF_PLACE: Final = re.compile(rf"\b({_OFFICE})\s+(?:of|for)\s+(?:the\s+)?([\w.' ’-]+?)[?.!\s]*$", re.IGNORECASE)
_PLACES: Final = re.compile(rf"([\w.-]+(?:\s[\w.-]+)?)['’]s?\s+({_OFFICE})\b", re.IGNORECASE)
_NOT_QUITE: Final = re.compile(
    r"\b(?:deputy|vice|assistant|acting|interim|former|ex|future|next|late)[\s-]+$", re.IGNORECASE
)
_ASKS_FOR_SUCH: Final = re.compile(
    r"\b(?:deputy|vice|assistant|acting|interim|former|ex|future|next|late|was|were|used|before|previous|until)\b",
    re.IGNORECASE,
)
_OF: Final = re.compile(rf"\s+(?:of|for|in)\s+(?:the\s+)?({_NAMES})")
_POSSESSOR: Final = re.compile(rf"\b({_NAMES})['’]s?\s+(?:[a-z]+\s+)?$")
_ADJECTIVE: Final = re.compile(rf"\b({_NAMES})\s+$")
_NO_OWNER: Final = frozenset("the a an its his her their our my this that and but as".split())
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
        (not takes_any and not is_full) or (owner is not None and not _are_same(owner, place))
        for owner, is_full in found
    )


def _asked_office(question: str) -> tuple[str, str] | None:
    """Return the office that a question asks the holder of, and whose it is."""
    if not _ASKS_WHO.search(question):
        return None
    if found := _PLACES.search(question):
        return found[2], found[1]
    found = _OF_PLACE.search(question)
    return (found[1], found[2]) if found else None


def _offices(office: str, sentence: str) -> Iterator[tuple[str | None, bool]]:
    """Yield whose each such office in a sentence is, if told, and whether it is the office itself, no deputy's."""
    for match in re.finditer(rf"\b{re.escape(office)}\b", sentence, re.IGNORECASE):
        before = sentence[: match.start()]
        not_quite = _NOT_QUITE.search(before)
        before = before[: not_quite.start()] if not_quite else before
        owner = _OF.match(sentence, match.end()) or _POSSESSOR.search(before) or _ADJECTIVE.search(before)
        is_word = owner is None or owner[1].lower() in _NO_OWNER
        yield (None if is_word or owner is None else owner[1]), not_quite is None


def _are_same(owner: str, place: str) -> bool:
    """Say whether two names may be of one country, body or person."""
    return any(
        one[:_ALIKE] == other[:_ALIKE] or any(one in names and other in names for names in _SAME)
        for one in _words(owner)
        for other in _words(place)
    )


def _words(name: str) -> set[str]:
    return {word.strip(".") for word in re.split(r"[\s'’-]+", name.lower())} - _NO_OWNER - {""}
