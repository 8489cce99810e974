"""Which names in a text may be those of people: no countries, bodies, places or nationalities; pure, and English.

Rules with two lists, that of the world's countries, languages, days and months (Unicode CLDR, through
Babel) and one of words that bodies are called by. A name that no rule knows counts as a person's.
"""

from __future__ import annotations

import re
from functools import cache

from index.letters import CAPITAL

NAME = re.compile(rf"{CAPITAL}[\w'’-]*(?:\s+(?:(?:of|de|al|bin|von|van)\s+)?{CAPITAL}[\w'’-]*)*")
_BODY = re.compile(
    r"\b(?:Academy|Agency|Alliance|Army|Assembly|Association|Authority|Bank|Bureau|Cabinet|Church|City|Club|College"
    r"|Commission|Committee|Company|Congress|Corporation|Council|Court|Defen[cs]e|Department|Embassy|Federation|Force"
    r"|Forces|Foundation|Front|Fund|Government|Group|House|Inc|Institute|League|Ltd|Ministry|Movement|Museum|Nations"
    r"|Office|Organi[sz]ation|Parliament|Party|Pentagon|Police|River|School|Senate|Service|Sea|Society|Street|Team"
    r"|Trust|Union|University)\b|\bStates\b"
)
_NATIONALITY = re.compile(r"(?:[a-z]ian|[a-z]ean|[a-z]ese|[a-z]ish|ican|rien)s?$")
_BEFORE_PLACE = re.compile(r"\b(?:in|at|near|from|into|across|outside|around|throughout)\s+(?:the\s+)?$", re.IGNORECASE)
_LEADING = re.compile(r"^(?:(?:The|A|An|And|But|In|On|At|When|After|Before|[A-Z]{2,}|(?:[A-Z]\.){2,})\s+)+")


def persons(text: str) -> list[str]:
    """Return the names in `text` that may be of people, in their order."""
    found = []
    for match in NAME.finditer(text):
        name = re.sub(r"['’]s$", "", _LEADING.sub("", match.group()))
        is_place = " " not in name and _BEFORE_PLACE.search(text[: match.start()]) is not None
        if not is_place and not _is_known_otherwise(name):
            found.append(name)
    return found


def _is_known_otherwise(name: str) -> bool:
    """Say whether a name is an acronym, or that of a country, a language, a nationality, a day, a month or a body."""
    if name.isupper() or name in _names_of_other_things() or _BODY.search(name):
        return True
    return " " not in name and _NATIONALITY.search(name) is not None


@cache
def _names_of_other_things() -> frozenset[str]:
    from babel import Locale

    english = Locale("en")
    places = (*english.territories.values(), *english.languages.values(), "Britain", "America", "Swiss")
    days, months = (of["stand-alone"]["wide"].values() for of in (english.days, english.months))
    return frozenset((*places, *days, *months))
