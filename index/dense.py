"""Which passages mean what a question means: inner products of unit vectors, in FAISS.

The flat index is exact. Scores are cosines: higher is better, here as everywhere in this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import faiss
    from numpy.typing import NDArray


class DenseIndex:
    """Vectors of passages, searched exactly."""

    def __init__(self, flat: faiss.Index) -> None:
        """Wrap a filled FAISS index."""
        self._flat = flat

    @classmethod
    def from_vectors(cls, vectors: NDArray[np.float32]) -> DenseIndex:
        """Return an index over `vectors`, (n, d) float32, rows of unit length."""
        import faiss

        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(flat)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Return the index that `save` wrote to `path`.

        Raises:
            RuntimeError: the file is no FAISS index.
        """
        import faiss

        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write the index to `path`."""
        import faiss

        faiss.write_index(self._flat, str(path))

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._flat.ntotal)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(self._flat.d)

    def scores(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of `query`, (d,) float32, with every vector, (n,) float32, in their order."""
        found, order = self._flat.search(query.reshape(1, -1), len(self))
        scores = np.empty(len(self), dtype=np.float32)
        scores[order[0]] = found[0]
        return scores
