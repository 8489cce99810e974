"""Several pieces of work in step, so that the models see in one batch what all of them want next.

Work is a generator: it yields what it wants of a model and is sent what came of it. Whoever writes
it thinks of one question alone; a batch of texts costs a model much less than its texts one by one.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.ranking import Reads
    from bot.reader import Reading
    from index.embed import Embedder

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts to embed; sent back are their vectors, (n, d) float32, in their order."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """(question, passage) to read; sent back is a list of what was read in each, in their order."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Spent:
    """Seconds that the models took for all pieces of work."""

    embedding: float = 0.0
    reading: float = 0.0


Work = Generator[Texts | Pairs, Any, _T]


def alone(work: Work[_T], embedder: Embedder, reader: Reads) -> _T:
    """Return what a single piece of work makes; what it raises is raised."""
    (made,) = together([work], embedder, reader)
    if isinstance(made, Exception):
        raise made
    return made


def together(
    works: Sequence[Work[_T]], embedder: Embedder, reader: Reads, spent: Spent | None = None
) -> list[_T | Exception]:
    """Return what each piece of work makes, or the exception that it raised, in their order; add to `spent`."""
    spent = spent or Spent()
    made: dict[int, _T | Exception] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(works)))
    while answers:
        wanted: dict[int, Texts | Pairs] = {}
        for number, answer in answers.items():
            try:
                wanted[number] = works[number].send(answer)
            except StopIteration as stopped:
                made[number] = stopped.value
            except Exception as error:  # noqa: BLE001 - one question's trouble is not that of the others
                made[number] = error
        began = time.perf_counter()
        vectors = _vectors(wanted, embedder)
        embedded = time.perf_counter()
        answers = vectors | _readings(wanted, reader)
        spent.embedding += embedded - began
        spent.reading += time.perf_counter() - embedded
    return [made[number] for number in range(len(works))]


def _vectors(wanted: dict[int, Texts | Pairs], embedder: Embedder) -> dict[int, NDArray[np.float32]]:
    places: dict[str, int] = {}
    for want in wanted.values():
        if isinstance(want, Texts):
            for text in want.texts:
                places.setdefault(text, len(places))
    if not places:
        return {}
    vectors = embedder.encode(list(places))
    return {
        number: vectors[[places[text] for text in want.texts]]
        for number, want in wanted.items()
        if isinstance(want, Texts)
    }


def _readings(wanted: dict[int, Texts | Pairs], reader: Reads) -> dict[int, list[Reading]]:
    pairs = list(dict.fromkeys(p for want in wanted.values() if isinstance(want, Pairs) for p in want.pairs))
    if not pairs:
        return {}
    found = dict(zip(pairs, reader.read_pairs(pairs), strict=True))
    return {number: [found[p] for p in want.pairs] for number, want in wanted.items() if isinstance(want, Pairs)}
