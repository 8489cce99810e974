"""From hits to a reply: which sentences to quote, which words in them answer, or to abstain.

A reply holds only places in the story and their text, byte for byte. How sure it is comes from
`calibration`; at which certainty it speaks up is a policy stated there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from index.kinds import Kind, kind_of, spans_of_kind
from index.lexical import Stemmer
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.calibration import Calibration
    from index.story_index import Hit

Verdict = Literal["answered", "closest", "silent"]

_FURTHER = 5
# A sentence without a number does not say how many, whatever else it shares with the question.
_MEASURED = frozenset((Kind.COUNT, Kind.MONEY, Kind.PERCENT, Kind.DURATION, Kind.TIME))
_WORD = re.compile(r"\w+(?:['’.,-]\w+)*")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a story as it is shown: its place, text, paragraph (from 1) and score.

    `bold` are the answering words, as offsets into the story's body like `span`; `number` is the
    passage's place in the story's index (from 0).
    """

    story_id: str
    span: Span
    text: str
    paragraph: int
    score: float
    number: int
    bold: tuple[Span, ...] = ()

    @classmethod
    def from_hit(cls, hit: Hit, story_id: str, bold: tuple[Span, ...] = ()) -> Quote:
        """Return the quote of a hit."""
        return cls(story_id, hit.passage.span, hit.text, hit.passage.paragraph, hit.score, hit.number, bold)


@dataclass(frozen=True, slots=True)
class Answer:
    """Quotes that answer the question; `short` is the bare answer, one of the first quote's bold spans."""

    question: str
    confidence: float
    quotes: tuple[Quote, ...]
    short: str | None
    further: tuple[int, ...] = ()
    verdict: Verdict = "answered"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The story does not say; `quotes` are the closest passages, none where nothing is near."""

    question: str
    confidence: float
    quotes: tuple[Quote, ...]
    further: tuple[int, ...] = ()
    verdict: Verdict = "closest"
    short: None = None


Reply = Answer | NoAnswer


def answer_question(
    question: str, hits: Sequence[Hit], story_id: str, calibration: Calibration, *, closest: int = 3
) -> Reply:
    """Return the reply to `question` that `hits`, best first, support.

    `further` are the numbers of the next few hits, for whoever wants to see more.
    """
    confidence = calibration.confidence(hits)
    verdict = calibration.verdict(confidence, hits)
    if verdict == "answered" and kind_of(question) in _MEASURED and not hits[0].kind:
        verdict = "closest"
    if verdict == "silent":
        return NoAnswer(question, confidence, (), (), "silent")
    if verdict == "closest":
        quotes = tuple(Quote.from_hit(hit, story_id) for hit in hits[:closest])
        return NoAnswer(question, confidence, quotes, _numbers(hits[closest:]))
    best = hits[0]
    place = answering_words(question, best.text)
    if place is None:
        return Answer(question, confidence, (Quote.from_hit(best, story_id),), None, _numbers(hits[1:]))
    bold = place.shifted(best.passage.span.start)
    quote = Quote.from_hit(best, story_id, (bold,))
    return Answer(question, confidence, (quote,), best.text[place.start : place.end], _numbers(hits[1:]))


def _numbers(hits: Sequence[Hit]) -> tuple[int, ...]:
    return tuple(hit.number for hit in hits[:_FURTHER])


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
