"""Forms of English verbs, from the word lists of lemminflect; pure, slow at the first call only."""

from __future__ import annotations

from functools import cache
from typing import Final

_AUXILIARIES: Final = {"VBD": "did", "VBZ": "does"}
"""By the tags of the Penn Treebank: past tense, and third person of the present."""


def as_asked(verb: str) -> tuple[str, str] | None:
    """Return the auxiliary and the base form a verb is asked with: "did" and "meet" of "met"; None for no such form."""
    form = verb.lower()
    base = _base(form)
    for tag, auxiliary in _AUXILIARIES.items():
        if base and base != "be" and form in _forms(base, tag):
            return auxiliary, base
    return None


def is_participle(word: str) -> bool:
    """Say whether a word may follow a form of "be" as part of the verb: "appointed", "leaving"."""
    form = word.lower()
    base = _base(form)
    return bool(base) and any(form in _forms(base, tag) for tag in ("VBN", "VBG"))


@cache
def _base(form: str) -> str:
    """Return the base form of a verb that is in the lists, else nothing."""
    from lemminflect import getLemma

    return next(iter(getLemma(form, upos="VERB", lemmatize_oov=False)), "")


def _forms(base: str, tag: str) -> tuple[str, ...]:
    from lemminflect import getInflection

    found: tuple[str, ...] = getInflection(base, tag=tag)
    return found
