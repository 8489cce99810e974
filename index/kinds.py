"""What kind of thing a question asks for, and where a sentence has something of that kind.

Rules, not a model: they cost microseconds, can be read, and are right often enough that their
match is worth a tenth of a cosine in the ranking. The reader decides what the rules cannot.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from index.letters import CAPITAL
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Kind(StrEnum):
    """What a question asks for."""

    PERSON = "person"
    TIME = "time"
    PLACE = "place"
    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"
    DURATION = "duration"
    REASON = "reason"
    OTHER = "other"


_MONTH = r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|March|Mar\.|April|Apr\.|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_SMALL = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-(?:one|two|three|four|five|six|seven|eight|nine))?"
_SCALE = r"(?:hundreds?|thousands?|millions?|billions?|trillions?|dozens?)"
_DIGITS = r"\d++(?:[.,]\d++)*+"  # possessive: a passage of nothing but digits takes no time
_ABOUT = r"(?:(?:more than|fewer than|less than|at least|at most|up to|as many as|as much as|about|around|almost|nearly|roughly|over|under|only|some|approximately|an estimated)\s+)?"
NUMBER = rf"(?:(?:{_DIGITS}|\b{_SMALL}\b)(?:\s+{_SCALE}\b)*|\b(?:a\s+)?{_SCALE}\b(?:\s+of\s+{_SCALE}\b)?)"
"""A number, in figures or in words; not what bounds it."""
UNIT_OF_TIME = r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|decades?|centuries|century)"
"""A second, a year, in the singular or the plural."""
_CURRENCY = r"(?:dollars?|euros?|pounds?|yen|yuan|rupees?|francs?|roubles?|rubles?|cents?|USD|EUR|GBP)"
_NAME = rf"{CAPITAL}[\w’'.&-]*"
_NAMES = rf"{_NAME}(?:\s+(?:(?:of|the|de|van|von|bin|al|and|for)\s+){{0,2}}{_NAME})*"

_PATTERNS: dict[Kind, re.Pattern[str]] = {
    Kind.MONEY: re.compile(
        rf"{_ABOUT}(?:\b(?:US|A|C|HK))?[$€£¥₹]\s?{_DIGITS}(?:\s?(?:bn|m|k|{_SCALE}))?\b"
        rf"|\b{_ABOUT}{NUMBER}\s+{_CURRENCY}\b",
        re.IGNORECASE,
    ),
    Kind.PERCENT: re.compile(rf"\b{_ABOUT}{NUMBER}\s?(?:%|per\s?cent\b|percentage points?\b)", re.IGNORECASE),
    Kind.DURATION: re.compile(rf"\b{_ABOUT}(?:{NUMBER}|an?|several|many|few)[\s-]+{UNIT_OF_TIME}\b", re.IGNORECASE),
    Kind.TIME: re.compile(
        rf"\b(?:(?:on|in|by|since|until|from|during)\s+)?(?:(?:{_DAY},?\s+)?(?:\d{{1,2}}\s+)?{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?"
        rf"|(?:{_DAY},?\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:\s+\d{{4}})?|{_MONTH}\s+\d{{4}}|{_DAY}|(?:in\s+){_MONTH}"
        r"|(?:1\d|20)\d{2}s?(?:[–-]\d{2,4})?)\b"
        rf"|\b(?:only |just |some |about )?(?:{NUMBER}|an?|several|a few)\s+{UNIT_OF_TIME}\s+(?:ago|later|earlier|before|after)\b"
        rf"|\b(?:within|in|for|after)\s+(?:the\s+(?:next|coming|past|last)\s+)?(?:{NUMBER}\s+|a\s+few\s+|several\s+)?{UNIT_OF_TIME}\b"
        r"|\b(?:last|next|this|earlier this|later this|early|late|the same|the previous|the following)\s+"
        r"(?:second|minute|hour|day|night|week|weekend|month|year|decade|century|spring|summer|autumn|fall|winter|morning|afternoon|evening)s?\b"
        r"|\b(?:today|tonight|yesterday|tomorrow|recently|lately|currently|now|at present|overnight|at dawn|at noon|midnight)\b"
        r"|\b(?:the\s+)?(?:early|mid|late)?[\s-]*\d{1,2}(?:st|nd|rd|th)\s+centur(?:y|ies)\b"
        r"|\b\d{1,2}(?::\d{2})?\s?(?:a\.?m\b\.?|p\.?m\b\.?)",
        re.IGNORECASE,
    ),
    Kind.COUNT: re.compile(rf"\b{_ABOUT}{NUMBER}", re.IGNORECASE),
    Kind.PLACE: re.compile(rf"\b(?:in|at|near|to|from|across|into|outside|over|off|around|through|of|on|between|throughout)\s+(?:the\s+)?({_NAMES})"),
    Kind.PERSON: re.compile(_NAMES),
    Kind.REASON: re.compile(
        r"\b(?:because|due to|owing to|thanks to|as a result|in order to|so that|on the grounds|in response to|"
        r"amid|after|since|following|blam\w+|caus\w+|reason\w*|in (?:his|her|its|their|our|my) view|meant to|aim(?:ed|ing|s)? (?:at|to)|"
        r"criticis\w+|criticiz\w+|accus\w+|for fear|to (?!the\b|a\b|an\b)[a-z]+)\b.*",
        re.IGNORECASE | re.DOTALL,
    ),
}  # fmt: skip

_ASKS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (Kind.MONEY, r"\bhow much\b.*\b(?:cost|pay|paid|spen[dt]|price|worth|money|dollars?|euros?|earn|raise|fund\w*)\b|\bhow (?:expensive|costly)\b|\bwhat(?:'s| is| was| were| did)? .*\b(?:cost|price|budget|fee|value|salary)\b|\bcost\b"),
        (Kind.PERCENT, r"\b(?:what|which|how many|how much)\b.*\b(?:percent\w*|per cent|proportion|share|fraction)\b|\bpercentage\b"),
        (Kind.DURATION, r"\bhow (?:long|old)\b"),
        (Kind.COUNT, r"\bhow many\b|\bhow (?:large|big|high|far|fast|tall|deep|often|heavy|wide)\b|\bnumber of\b|\bhow much\b|\bheadcount\b|\bwhat(?:'s| is| was) the (?:number|total|count|population|size|score|distance)\b"),
        (Kind.TIME, r"\bwhen\b|\bwhat (?:year|date|day|month|time|century|decade)\b|\b(?:in )?which (?:year|date|day|month|century|decade)\b|\bhow (?:soon|recently)\b|\bsince when\b"),
        (Kind.PLACE, r"\bwhere\b|\b(?:what|which) (?:city|country|countries|town|place|state|region|location|village|continent|desert|capital|island|province|street|airport|cities|states|towns|area)\b"),
        (Kind.REASON, r"\bwhy\b|\bwhat(?:'s| is| was| were)? the (?:reason|cause|motive|purpose|point)\w*\b|\bhow come\b|\bwhat (?:caused|made|led|prompted)\b|\bfor what reason\b"),
        (Kind.PERSON, r"\bwho(?:m|se|'s|s)?\b|\b(?:what|which) (?:person|man|woman|leader|politician|company|group|organi[sz]ation|president|minister|team|player|actor|author|artist|singer|king|queen|official|firm|agency|party)\b|\bname of\b"),
    )
)  # fmt: skip

_EDGES = ".,;:!?\"'“”‘’()[]"
_FIRST_WORDS = frozenset(
    [
        "the",
        "a",
        "an",
        "in",
        "on",
        "at",
        "it",
        "he",
        "she",
        "they",
        "this",
        "that",
        "these",
        "those",
        "but",
        "and",
        "as",
        "by",
        "for",
        "to",
        "of",
        "from",
        "we",
        "i",
        "his",
        "her",
        "its",
        "their",
        "there",
        "after",
        "before",
        "when",
        "while",
        "if",
    ]
)


_ROW = re.compile(rf"{_NAMES}(?:,\s+(?:(?:and|or)\s+)?(?:the\s+)?{_NAMES})*(?:,?\s+(?:and|or)\s+(?:the\s+)?{_NAMES})?")
"""Names that stand in a row: "Mali, Niger and the Gambia"."""
_FRONTED = re.compile(r"(?:In|On|At|After|Before|By|Since|For|From|During)\s+[^,]+,\s+")
_SUBORDINATE = re.compile(
    r"\b(?:what|which|who|whom|whose|where|why|how)\b.*\b(?<!\band )(?<!\bor )when$", re.IGNORECASE | re.DOTALL
)
_JOINED = re.compile(r"\b(?:and|or)\b")


def kind_of(question: str) -> Kind:
    """Return what `question` asks for, by the earliest asking word in it; `OTHER` where no rule knows.

    A "when" behind another asking word asks nothing, as in "what did she do when it closed", unless
    it is joined by "and".
    """
    found = [
        (match.start(), order, kind)
        for order, (kind, rule) in enumerate(_ASKS)
        if (match := rule.search(question)) and not _SUBORDINATE.search(question, 0, match.end())
    ]
    return min(found)[2] if found else Kind.OTHER


def spans_of_kind(kind: Kind, text: str) -> list[Span]:
    """Return where `text` has something of the asked `kind`, in order; nothing for `OTHER`."""
    pattern = _PATTERNS.get(kind)
    if pattern is None:
        return []
    spans = [_match_span(match) for match in pattern.finditer(text)]
    if kind in (Kind.PERSON, Kind.PLACE):
        return [span for span in (_without_first_word(text, span) for span in spans) if len(span) > 1]
    if kind is Kind.COUNT:
        taken = [
            span
            for other in (Kind.MONEY, Kind.PERCENT, Kind.TIME, Kind.DURATION)
            for span in spans_of_kind(other, text)
        ]
        return [span for span in spans if not any(span.overlap(other) for other in taken)]
    return spans


def row_around(text: str, name: Span) -> Span:
    """Return the row of names in `text` that `name` is one of, with "and" or "or" before the last; else `name`."""
    for match in _ROW.finditer(text):
        row = _match_span(match)
        fronted = _FRONTED.match(text, row.start, row.end)
        row = Span(fronted.end(), row.end) if fronted else row
        if row.contains(name) and len(row) > len(name) and _JOINED.search(text, row.start, row.end):
            return row
    return name


class KindIndex:
    """Where things of each kind are among a fixed list of texts; looked for once a kind, when first asked."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Remember `texts`."""
        self._texts = texts
        self._found: dict[Kind, list[list[frozenset[str]]]] = {}

    def matches(self, question: str) -> NDArray[np.bool_]:
        """Say of every text, (n,) bool, whether it has something of the asked kind that `question` does not say."""
        kind = kind_of(question)
        said = frozenset(word.strip(_EDGES) for word in question.lower().split())
        if kind not in self._found:
            self._found[kind] = [_words_of_kind(kind, text) for text in self._texts]
        found = (any(not words <= said for words in texts) for texts in self._found[kind])
        return np.fromiter(found, dtype=np.bool_, count=len(self._texts))


def _words_of_kind(kind: Kind, text: str) -> list[frozenset[str]]:
    spans = spans_of_kind(kind, text)
    return [frozenset(word.strip(_EDGES) for word in text[s.start : s.end].lower().split()) for s in spans]


def _match_span(match: re.Match[str]) -> Span:
    group = 1 if match.re.groups and match.group(1) is not None else 0
    text = match.group(group)
    trimmed = text.rstrip(" .,;:'’-")
    lead = len(text) - len(text.lstrip())
    return Span(match.start(group) + lead, match.start(group) + max(lead, len(trimmed)))


def _without_first_word(text: str, span: Span) -> Span:
    """Leave out a small word that has its capital only because the sentence begins there."""
    first, _, rest = text[span.start : span.end].partition(" ")
    if first.lower() in _FIRST_WORDS:
        return Span(span.end - len(rest.lstrip()), span.end) if rest else Span(span.start, span.start)
    return span
