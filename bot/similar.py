"""Whether two stories are nearly the same text; pure.

The measure is the resemblance of Broder, "On the resemblance and containment of documents" (1997):
of all runs of four words in either text, the share that both have.
"""

from __future__ import annotations

import re

NEARLY_THE_SAME = 0.6
"""The resemblance above which two stories count as one: a changed sentence in ten stays above it."""

_RUN = 4  # words
_WORD = re.compile(r"\w+")


def resemblance(first: str, second: str) -> float:
    """Return the resemblance of two texts, from 0 to 1."""
    one, other = _runs(first), _runs(second)
    return len(one & other) / len(one | other) if one and other else float(first == second)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return set(zip(*(words[at:] for at in range(min(_RUN, max(1, len(words))))), strict=False))
