"""Which passages share words with a question: BM25 over stemmed words.

`bm25s` is asked only about words the story has, since `get_scores([])` raises, and it returns
documents with a score of zero for a question without any match; both cases are zeros here.
"""

from __future__ import annotations

import logging
import math
import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’.&-][^\W\d_]+)*", re.UNICODE)
_UNITED_STATES = re.compile(r"\bU\.S\.(?:A\.)?|\bUSA?\b")  # in capitals: "us" is a stop word
_POSSESSIVE = re.compile(r"['’]s$")

_NOWHERE = np.zeros(0, dtype=np.int32)

STOP_WORDS = frozenset(
    "a about after all also am an and any are as at be been before being but by can could did do "
    "does doing done for from get gets got had has have he her hers him his how i if in into is it "
    "its just kind like may me might much must my no not of off on or our out over own per please "
    "she should so some such tell than that the their them then there these they this those to too "
    "under up us very was we were what when where which while who whom whose why will with would "
    "yes you your many s t hi hey hello thanks anyone know im whats hows wheres whos d ll re ve".split()
)


class Stemmer:
    """Words of a text in lower case, reduced to their stems (Snowball)."""

    def __init__(self, language: str = "en") -> None:
        """Choose the stemmer of a two-letter `language`, English where Snowball has none."""
        import Stemmer as Snowball

        names = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese"}
        self._stem = Snowball.Stemmer(names.get(language[:2], "english"))

    def content_words(self, text: str) -> list[str]:
        """Return the stems of the words that carry meaning: no stop words."""
        kept = [word.replace(".", "") for word in _lower_words(text) if word not in STOP_WORDS]
        return [str(stem) for stem in self._stem.stemWords(kept)]


def _lower_words(text: str) -> list[str]:
    plain = _UNITED_STATES.sub("usa", text.replace("’", "'"))
    return [_POSSESSIVE.sub("", word.lower()) for word in _WORD.findall(plain)]


class LexicalIndex:
    """BM25 and word coverage over a fixed list of texts."""

    def __init__(self, texts: Sequence[str], stemmer: Stemmer) -> None:
        """Index `texts`; a text without any content word is fine and never matches."""
        self._stemmer = stemmer
        self._documents = [stemmer.content_words(text) for text in texts]

    @cached_property
    def _postings(self) -> dict[str, NDArray[np.int32]]:
        """Return, for every word of the story, the numbers of the texts that have it, (df,) int32."""
        places: dict[str, list[int]] = {}
        for number, words in enumerate(self._documents):
            for word in dict.fromkeys(words):
                places.setdefault(word, []).append(number)
        return {word: np.array(numbers, dtype=np.int32) for word, numbers in places.items()}

    def _idf(self, word: str) -> float:
        """Return the inverse document frequency, ln(1 + n / df); a word that no text has counts as if one had it."""
        return math.log(1 + len(self._documents) / max(len(self._postings.get(word, _NOWHERE)), 1))

    @cached_property
    def _bm25(self) -> object:
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets DEBUG for itself, whatever the root has
        retriever = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        retriever.index(self._documents, show_progress=False)
        return retriever

    def bm25(self, query: str) -> NDArray[np.float32]:
        """Return the BM25 score of every text, (n,) float32, zeros where nothing matches.

        The variant is Lucene's (Kamphuis et al. 2020, "Which BM25 do you mean?").
        """
        words = [word for word in self._stemmer.content_words(query) if word in self._postings]
        if not words:
            return np.zeros(len(self._documents), dtype=np.float32)
        return np.asarray(self._bm25.get_scores(words), dtype=np.float32)  # type: ignore[attr-defined]

    def coverage(self, query: str) -> NDArray[np.float32]:
        """Return the share of the question's words that each text has, weighted by idf, (n,) float32 in [0, 1].

        A word that the story has nowhere weighs as much as one that it has once.
        """
        weights = {word: self._idf(word) for word in dict.fromkeys(self._stemmer.content_words(query))}
        covered = np.zeros(len(self._documents))
        for word, weight in weights.items():
            covered[self._postings.get(word, _NOWHERE)] += weight
        return (covered / (sum(weights.values()) or 1.0)).astype(np.float32)
