"""Which passages mean what a question means: inner products of unit vectors, in FAISS.

Scores are cosines: higher is better, here as everywhere in this project. Up to `EXACT_UP_TO` vectors
every cosine is computed. Of more, a coarse index (inverted lists of vectors in 8 bits a number) names
the nearest, whose cosines are then computed exactly; `bench/growth.py` measured where that pays and
what it misses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from index.cores import usable_cores

if TYPE_CHECKING:
    from pathlib import Path

    import faiss
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

EXACT_UP_TO = 131_072
"""Vectors. A story of the greatest length that is taken has about 20,000 sentences."""
LEAST_COSINE = -1.0
"""What a vector scores whose cosine was not computed: no cosine is less."""
_NEAREST = 1_000  # vectors that the coarse index names, and as many that words name
_LISTS_A_ROOT = 4  # inverted lists for each unit of the square root of the number of vectors
_LISTS_SEARCHED = 128
_TRAINED_ON = 64  # vectors a list
_MAPPED_FROM = 2**28  # bytes of a file that is not read into memory


class DenseIndex:
    """Vectors of passages and what finds those near to a query."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401 - faiss's types know less than its indexes can
        """Wrap a filled FAISS index: a flat one, or a coarse one with a flat one to score again."""
        import faiss

        self._index: Any = index
        is_large = isinstance(index, faiss.IndexRefineFlat)
        self._flat: Any = faiss.downcast_index(index.refine_index) if is_large else index
        self._coarse = index.base_index if is_large else None

    @classmethod
    def from_vectors(cls, vectors: NDArray[np.float32]) -> DenseIndex:
        """Return an index over `vectors`, (n, d) float32, rows of unit length."""
        import faiss

        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if len(rows) <= EXACT_UP_TO:
            index: Any = faiss.IndexFlatIP(rows.shape[1])
        else:
            faiss.omp_set_num_threads(usable_cores())
            index = faiss.IndexRefineFlat(_coarse_index(*rows.shape))
            index.train(rows)
        index.add(rows)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Return the index that `save` wrote to `path`; a large one stays on disk and is read where it is needed.

        Raises:
            RuntimeError: the file is no FAISS index.
        """
        import faiss

        is_large = path.stat().st_size >= _MAPPED_FROM
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if is_large else 0))

    def save(self, path: Path) -> None:
        """Write the index to `path`.

        Raises:
            OSError: it cannot be written there; FAISS has another name for that.
        """
        import faiss

        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(str(error)) from error

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(self._index.d)

    def scores(self, query: NDArray[np.float32], hopeful: Scores | None = None) -> Scores:
        """Return the cosine of `query`, (d,) float32, with every vector, (n,) float32, in their order.

        In a large index only the nearest have their cosine, and as many of those to which `hopeful`,
        (n,) float32, gives most; all others have `LEAST_COSINE`. Whoever adds `hopeful` to the scores
        then has the true order at the top: a vector left out is behind in both.
        """
        import faiss

        # FAISS wakes a thread a core even for one query; on a busy machine that costs 8 ms instead of .01.
        faiss.omp_set_num_threads(1)
        if self._coarse is None:
            return self._cosines(query, np.arange(len(self)))
        _, nearest = self._coarse.search(query.reshape(1, -1), _NEAREST)
        rows = nearest[0][nearest[0] >= 0]
        if hopeful is not None:
            rows = np.union1d(rows, np.argsort(-hopeful, kind="stable")[:_NEAREST])
        scores = np.full(len(self), LEAST_COSINE, dtype=np.float32)
        scores[rows] = self._cosines(query, rows)
        return scores

    def _cosines(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> Scores:
        """Return the exact cosines of some vectors, in the order of `rows`; a search for all would sort them too."""
        import faiss

        query, rows = np.ascontiguousarray(query, dtype=np.float32), np.ascontiguousarray(rows)
        found = np.empty(len(rows), dtype=np.float32)
        asked, labels, scores = (faiss.swig_ptr(array) for array in (query, rows, found))
        self._flat.compute_distance_subset(1, asked, len(rows), scores, labels)
        return found


def _coarse_index(count: int, dimensions: int) -> faiss.Index:
    """Return an empty coarse index for `count` vectors."""
    import faiss

    lists = round(_LISTS_A_ROOT * math.sqrt(count))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimensions), dimensions, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.nprobe = _LISTS_SEARCHED
    index.cp.max_points_per_centroid = _TRAINED_ON
    return index
