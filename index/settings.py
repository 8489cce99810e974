"""What is read as a story, and the figures that an index depends on."""

from __future__ import annotations

from dataclasses import dataclass

FILE_KINDS = ".md, .txt, .html, .pdf or .docx"
"""The endings of files that are read as stories, as people are told."""

MAX_STORY_CHARACTERS = 2_000_000
"""Characters; about 350,000 words, more than *War and Peace* has in half its volumes."""

MAX_SENTENCE_CHARACTERS = 900
"""Characters; longer sentences are cut at a comma or a space, so that a quote can be shown whole."""

MOST_PASSAGES = 40_000
"""Sentences of one story; one of the greatest length has about 20,000, a file of one letter a line a million."""


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How a story is cut and searched.

    `context_sentences` is how many sentences stand before and after the embedded one in what is
    shown around a passage; `batch_size` is how many sentences the model embeds at a time (texts).
    """

    max_sentence_characters: int = MAX_SENTENCE_CHARACTERS
    context_sentences: int = 1
    batch_size: int = 32
