"""From hits to a reply: which sentences to quote, which words in them answer, or to abstain.

A reply holds only places in the story and their text, byte for byte. How sure it is comes from
`calibration`; at which certainty it speaks up is a policy stated there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.attribution import attribution, is_taken_back
from bot.bare import bare_answer, may_answer
from bot.introductions import introduces, is_of_another_person
from bot.offices import is_of_another_office
from bot.question import asks_several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.calibration import Calibration
    from bot.ranking import Candidate, Ranking
    from index.story import Span

Verdict = Literal["answered", "closest", "silent"]

_FURTHER = 10
_MOST_QUOTES = 3
_REFERS_BACK = re.compile(
    r"[\"“‘']?(?:it|its|he|his|she|her|they|their|them|this|that|these|those|there|such)\b", re.IGNORECASE
)


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
    def of(cls, candidate: Candidate, story_id: str, bold: tuple[Span, ...] = ()) -> Quote:
        """Return the quote of a candidate."""
        hit = candidate.hit
        return cls(story_id, hit.passage.span, hit.text, hit.passage.paragraph, candidate.score, hit.number, bold)


@dataclass(frozen=True, slots=True)
class Answer:
    """Quotes that answer the question; `short` is the bare answer, one of the first quote's bold spans.

    `rivals` are the answers of other stories that give another figure or date.
    """

    question: str
    confidence: float
    quotes: tuple[Quote, ...]
    short: str | None
    further: tuple[int, ...] = ()
    verdict: Verdict = "answered"
    rivals: tuple[Answer, ...] = ()


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
    question: str, ranking: Ranking, story_id: str, calibration: Calibration, *, closest: int = 3
) -> Reply:
    """Return the reply to `question` that the candidates of `ranking`, best first, support.

    `further` are the numbers of the next few passages, for whoever wants to see more.
    """
    candidates = ranking.candidates
    confidence = calibration.confidence(candidates)
    verdict = calibration.verdict(confidence, candidates)
    if candidates and verdict != "silent":
        verdict = _checked(verdict, ranking.question, candidates[0], is_sure=calibration.is_sure(confidence))
    if verdict == "silent":
        return NoAnswer(question, confidence, (), (), "silent")
    if verdict == "closest":
        quotes = tuple(Quote.of(candidate, story_id) for candidate in candidates[:closest])
        return NoAnswer(question, confidence, quotes, _numbers(candidates[closest:]))
    best = candidates[0]
    words = bare_answer(ranking.question, best)
    others = _others(ranking)
    quoted = (Quote.of(best, story_id, _bold(best, words)), *(Quote.of(o, story_id, _bold(o, None)) for o in others))
    shown = {quote.number for quote in quoted}
    further = _numbers([candidate for candidate in candidates if candidate.hit.number not in shown])
    start = best.hit.passage.span.start
    short = best.hit.text[words.start - start : words.end - start] if words else None
    return Answer(question, confidence, quoted, short, further)


def _checked(verdict: Verdict, question: str, best: Candidate, *, is_sure: bool) -> Verdict:
    """Return the verdict as corrected by what can be told for certain from the words of the best passage."""
    if introduces(question, best.hit.text):
        return "answered"
    text = best.hit.text
    is_others = is_of_another_office(question, text) or is_of_another_person(question, text)
    return verdict if (is_sure or may_answer(question, text)) and not is_others else "closest"


def _bold(candidate: Candidate, words: Span | None) -> tuple[Span, ...]:
    """Return the answering words and those that say whose claim it is."""
    claim = attribution(candidate.hit.text)
    claimed = claim.shifted(candidate.hit.passage.span.start) if claim else None
    return tuple(span for span in (words, claimed) if span is not None)


def _others(ranking: Ranking) -> list[Candidate]:
    """Return up to two further sentences that belong to the answer.

    A claim that the next sentence takes back is quoted with it, and one that begins with "it" or "he" with
    the sentence before it; a question for several things gets every sentence that reads as an answer.
    """
    best, *rest = ranking.candidates
    found = []
    after, before = ranking.after, ranking.before
    if after and is_taken_back(best.hit.text, after.hit.text, in_paragraph=_is_beside(best, after)):
        found.append(after)
    if before and _REFERS_BACK.match(best.hit.text) and _is_beside(best, before):
        found.append(before)
    if asks_several(ranking.question):
        found += [other for other in rest if other.read is not None and other.read > 0 and other not in found]
    return found[: _MOST_QUOTES - 1]


def _is_beside(one: Candidate, other: Candidate) -> bool:
    return one.hit.passage.paragraph == other.hit.passage.paragraph


def _numbers(candidates: Sequence[Candidate]) -> tuple[int, ...]:
    return tuple(candidate.hit.number for candidate in candidates[:_FURTHER])
