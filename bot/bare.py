"""The bare answer: which words of a sentence answer a question, as the reader reads them or by rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.introductions import description, name_asked_about
from bot.measures import measure_of
from bot.offices import holder_of
from bot.question import asks_for_names
from index.kinds import Kind, kind_of, row_around, spans_of_kind
from index.lexical import Stemmer
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ranking import Candidate

_FITTING = {
    Kind.COUNT: (Kind.COUNT, Kind.MONEY, Kind.PERCENT),
    Kind.MONEY: (Kind.MONEY, Kind.COUNT),
    Kind.PERCENT: (Kind.PERCENT, Kind.COUNT),
    Kind.DURATION: (Kind.DURATION, Kind.COUNT),
    Kind.TIME: (Kind.TIME, Kind.DURATION, Kind.COUNT),
}
"""What is asked for with a number, and what may answer it: "how much" asks for money and shares too."""

_COUNTED = frozenset((Kind.COUNT, Kind.MONEY, Kind.PERCENT))
_PARTS = r"nobody|no one|none|half|thirds?|quarters?|most|all|both|twice|hourly|daily|weekly|monthly|yearly"
_WORDED = dict.fromkeys(_COUNTED, re.compile(rf"\b(?:{_PARTS})\b", re.IGNORECASE)) | dict.fromkeys(
    (Kind.TIME, Kind.DURATION), re.compile(r"\b(?:since|until|before|after|by|once|as long as)\b", re.IGNORECASE)
)
"""Words that answer in place of a number or a date."""
_ONLY = re.compile(r"only\s+", re.IGNORECASE)  # bounds nothing
_LONG = 40  # characters; more than a name has
_READ_WELL = -3.0  # logits of the reader above which its words are taken
_WORD = re.compile(r"\w+(?:['’.,-]\w+)*")


def bare_answer(question: str, best: Candidate) -> Span | None:
    """Return where in the story the bare answer stands: as read, or else by rule."""
    text, start = best.hit.text, best.hit.passage.span.start
    name = name_asked_about(question, text)
    words = description(text, name) if name else _what(question, text, best)
    return words.shifted(start) if words else None


def _what(question: str, text: str, best: Candidate) -> Span | None:
    """Return what was read, or what a rule finds where nothing was read well or the kind does not fit."""
    if holder := holder_of(question, text):
        return holder
    found, ruled = _read(best), answering_words(question, text)
    if found is None:
        return ruled
    read = whole(question, text, found)
    if ruled is None:
        return read
    kind = kind_of(question)
    counts_not = kind in _COUNTED and not _fits(kind, text[read.start : read.end])  # as "all of them"
    asks_who = kind is Kind.PERSON and not asks_for_names(question)
    is_no_name = asks_who and (
        _is_full_name_within(text, ruled, read) or _describes_whom_it_names(question, text, read)
    )
    return ruled if counts_not or is_no_name else read


def _is_full_name_within(text: str, name: Span, read: Span) -> bool:
    """Say whether `name` is a name of several words amid more than anybody's name has."""
    return len(read) >= _LONG and read.contains(name) and " " in text[name.start : name.end]


def _describes_whom_it_names(question: str, text: str, read: Span) -> bool:
    """Say whether `read` says who somebody is whom `question` names, not who else, as in "who met Ana Lima"."""
    said = set(question.lower().strip(" ?!.").split())
    names = [
        name for name in spans_of_kind(Kind.PERSON, text) if set(text[name.start : name.end].lower().split()) <= said
    ]
    beside = [description(text, name) for name in names]
    return any(words is not None and words.contains(read) for words in beside)


def _read(best: Candidate) -> Span | None:
    """Return where in its sentence the words stand that were read well enough."""
    if best.words is None or best.read is None or best.read <= _READ_WELL:
        return None
    return best.words.shifted(-best.hit.passage.span.start)


def may_answer(question: str, text: str) -> bool:
    """Say whether `text` has a number in a fitting unit, or words like one, where `question` asks for one."""
    kind = kind_of(question)
    if kind not in _FITTING:
        return True
    measure = measure_of(question)
    fits = measure.search(text) is not None if measure else _fits(kind, text)
    return fits or _WORDED[kind].search(text) is not None


def _fits(kind: Kind, text: str) -> bool:
    return kind not in _FITTING or any(spans_of_kind(fitting, text) for fitting in _FITTING[kind])


def whole(question: str, sentence: str, words: Span) -> Span:
    """Return `words` of `sentence` with what they say too much without.

    A number gets what bounds it and what it counts in, "more than $500 million" instead of "500"; where
    several are asked for by name, one name gets those that stand in a row with it.
    """
    kind = kind_of(question)
    if kind in _FITTING and kind is not Kind.TIME:
        spans = [span for fitting in _FITTING[kind] for span in spans_of_kind(fitting, sentence)]
        parts = [words, *(span for span in spans if span.overlap(words))]
        joined = Span(min(part.start for part in parts), max(part.end for part in parts))
        only = _ONLY.match(sentence, joined.start)
        return Span(only.end(), joined.end) if only and joined.start < words.start else joined
    return row_around(sentence, words) if asks_for_names(question) else words


def answering_words(question: str, sentence: str) -> Span | None:
    """Return where in `sentence` something of the asked kind stands that the question does not say.

    Of several, the one nearest to a word that question and sentence share; for people, full names first.
    """
    kind = kind_of(question)
    stemmer = Stemmer()
    asked = set(stemmer.content_words(question))
    candidates = [
        span
        for span in spans_of_kind(kind, sentence)
        if kind is Kind.REASON or not set(stemmer.content_words(sentence[span.start : span.end])) & asked
    ]
    if not candidates:
        return None
    shared = [match for match in _WORD.finditer(sentence) if asked & set(stemmer.content_words(match.group()))]
    anchors = [Span(match.start(), match.end()) for match in shared]
    named_in_full = kind is Kind.PERSON

    def order(span: Span) -> tuple[bool, int, int]:
        is_one_word = " " not in sentence[span.start : span.end]
        return named_in_full and is_one_word, _distance(span, anchors), span.start

    return min(candidates, key=order)


def _distance(span: Span, anchors: Sequence[Span]) -> int:
    """Return the characters between `span` and the nearest of `anchors`; 0 where there is none."""
    return min((max(anchor.start - span.end, span.start - anchor.end, 0) for anchor in anchors), default=0)
