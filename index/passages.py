"""What is embedded, and what is shown around it.

One sentence is embedded: on the labelled stories, windows of three sentences put the right one first
half as often (`bench/RESULTS.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import StoryTooLongError
from index.sentences import sentence_spans
from index.settings import MOST_PASSAGES
from index.story import Span, Story

if TYPE_CHECKING:
    from index.settings import IndexSettings


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a story: its place, the whole sentences around it, its paragraph (from 1)."""

    span: Span
    context: Span
    paragraph: int


def passages_of(story: Story, settings: IndexSettings) -> list[Passage]:
    """Return the passages of `story` in their order; a context never leaves its paragraph."""
    spans = sentence_spans(story, max_characters=settings.max_sentence_characters)
    paragraphs = [story.paragraph_at(span.start).number for span in spans]
    reach = settings.context_sentences
    passages = []
    for at, span in enumerate(spans):
        nearby = [
            spans[other]
            for other in range(max(0, at - reach), min(len(spans), at + reach + 1))
            if paragraphs[other] == paragraphs[at]
        ]
        passages.append(Passage(span, Span(nearby[0].start, nearby[-1].end), paragraphs[at]))
    return passages


def check_sentences(story: Story) -> None:
    """Let a story pass that has no more sentences than are read.

    Raises:
        StoryTooLongError: it has more than `MOST_PASSAGES`.
    """
    if len(story.body) <= MOST_PASSAGES:
        return
    spans = len(story.paragraphs)  # each has a sentence at least, and they are told sooner
    count = spans if spans > MOST_PASSAGES else len(sentence_spans(story))
    if count > MOST_PASSAGES:
        told, limit = f"{count:,}", f"{MOST_PASSAGES:,}"
        message = f"The story has {told} sentences; at most {limit} are read. Split it into several stories."
        raise StoryTooLongError(message, reason="too-many-sentences", sentences=told, limit=limit)
