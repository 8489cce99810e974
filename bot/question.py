"""What a member's message asks: of several sentences, those that put the question.

Members tell where they sat when they read the headline, then ask. Ranking by the asking sentence,
with half as much weight on the whole message, put the right sentence first as often as if the
rest had not been typed (`bench/RESULTS.md`).
"""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_ASKING = r"(?:what|which|who|whom|whose|when|where|why|how)"
_HAS_ASKING = re.compile(rf"\b{_ASKING}\b", re.IGNORECASE)
_BEGINS_ASKING = re.compile(rf"\W*(?:(?:so|and|but|ok|okay|now|then|anyway|um|hey|yo)\b\W*)*{_ASKING}\b", re.IGNORECASE)
_SEVERAL = re.compile(
    rf"\b{_ASKING}\b.*\band\b.*\b{_ASKING}\b"
    r"|\b(?:what|which|who)\b(?: \w+)? (?:two|three|four|five|several|other)\b"
    r"|\b(?:what|which) (?:are|were) the\b|\bname (?:the|all|two|three)\b|\blist\b|\bboth\b",
    re.IGNORECASE | re.DOTALL,
)
_NAMES = re.compile(
    r"\b(?:what|which)(?:\s+(?!was\b|is\b|does\b|has\b)\w+){0,2}?\s+(?!was\b|is\b|does\b|has\b|his\b|this\b|its\b)\w*[a-z]{2}(?<!s)s\b"
    r"|\bwho(?:\s+all)?\s+(?:are|were)\b|\bnames\s+of\b",
    re.IGNORECASE,
)


def focus(question: str) -> str:
    """Return the sentences of `question` that ask, all of it where that cannot be told.

    Chat spellings such as "wat" are expected to be written out already.
    """
    parts = [part.strip() for part in _SENTENCE_END.split(question) if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - one sentence is its own focus
        return question
    marked = [part for part in parts if part.rstrip("\"”’')").endswith("?")]
    if marked:
        return " ".join([part for part in marked if _HAS_ASKING.search(part)] or marked[-1:])
    asking = [part for part in parts if _BEGINS_ASKING.match(part)]
    asking = asking or [part for part in parts if _HAS_ASKING.search(part)]
    return asking[-1] if asking else question


def asks_several(question: str) -> bool:
    """Say whether `question` asks for more than one thing, so that one sentence may not hold the answer."""
    return _SEVERAL.search(question) is not None


def asks_for_names(question: str) -> bool:
    """Say whether `question` asks for several by name, as "which countries" does."""
    return _NAMES.search(question) is not None


def question_of_post(title: str, text: str) -> str:
    """Return what a forum post asks: its title or the text below it, whichever asks more plainly; else both."""
    in_title, in_text = _plainness(title), _plainness(text)
    if in_title == in_text == 0:
        return "\n".join(filter(None, (title, text)))
    return title if in_title > in_text else text


def _plainness(text: str) -> int:
    """Return how plainly a text asks: 2 with a word that asks, 1 with a question mark, else 0."""
    return 2 if _HAS_ASKING.search(text) else int("?" in text)
