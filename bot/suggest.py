"""Questions that a story is likely to answer, made of its own words.

Only candidates: the desk tries each before anyone sees it. Numbers of things come first, because
"How many …?" shows best what the bot does, then the names that the story tells most about.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from index.kinds import Kind, spans_of_kind
from index.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.story import Story

_COUNTED = re.compile(
    r"\s+((?:[A-Z]?[\w-]+\s+){0,2}?[a-z]{3,}s)\s+(?:are|were|have|had|will|in|at|on|of|from|who|that)\b"
)


_MAX_CHARACTERS = 120


def suggested_questions(story: Story) -> Iterator[str]:
    """Yield questions about `story`, the most promising first; each once, on one line, and short."""
    seen: set[str] = set()
    for candidate in _candidates(story):
        question = " ".join(candidate.split())
        if question not in seen and len(question) <= _MAX_CHARACTERS:
            seen.add(question)
            yield question


def _candidates(story: Story) -> Iterator[str]:
    sentences = [story.text(span) for span in sentence_spans(story)]
    for sentence in sentences:
        for span in spans_of_kind(Kind.COUNT, sentence):
            if counted := _COUNTED.match(sentence, span.end):
                yield f"How many {counted.group(1)} {_verb(counted.group(0))}?"
    names = Counter(
        re.sub(r"['’]s?$", "", sentence[span.start : span.end])
        for sentence in sentences
        for span in spans_of_kind(Kind.PERSON, sentence)
    )
    for name, _ in sorted(names.items(), key=lambda item: (" " not in item[0], -item[1])):
        yield f"What does the story say about {_with_article(name, story.body)}?"


def _with_article(name: str, body: str) -> str:
    """Return a name as the story mostly has it, "the United States" and "Kurt Campbell"."""
    articles = re.findall(rf"\b(the\s+)?{re.escape(name)}\b", body, re.IGNORECASE)
    return f"the {name}" if 2 * sum(map(bool, articles)) > len(articles) else name


def _verb(counted: str) -> str:
    last = counted.rsplit(maxsplit=1)[-1]
    return "are there" if last not in ("were", "had") else "were there"
