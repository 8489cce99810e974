from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.dense import DenseIndex

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VECTORS = np.asarray([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32)


def vector(*numbers: float) -> NDArray[np.float32]:
    return np.asarray(numbers, dtype=np.float32)


def test_scores_are_cosines_in_the_order_of_the_vectors() -> None:
    assert DenseIndex.from_vectors(VECTORS).scores(vector(1, 0, 0)) == pytest.approx([1.0, 0.6, 0.0, -1.0], abs=1e-6)
    assert DenseIndex.from_vectors(VECTORS).scores(vector(0, 0.6, 0.8)) == pytest.approx(
        [0.0, 0.48, 0.8, 0.0], abs=1e-6
    )


def test_scores_are_float32() -> None:
    assert DenseIndex.from_vectors(VECTORS).scores(vector(1, 0, 0)).dtype == np.float32


def test_an_index_knows_how_many_vectors_of_which_length_it_has() -> None:
    dense = DenseIndex.from_vectors(VECTORS)
    assert (len(dense), dense.dimensions) == (4, 3)


def test_one_vector_is_enough() -> None:
    assert DenseIndex.from_vectors(VECTORS[1:2]).scores(vector(0, 1, 0)) == pytest.approx([0.8])


def test_vectors_may_lie_in_memory_in_any_order() -> None:
    assert DenseIndex.from_vectors(np.asfortranarray(VECTORS)).scores(vector(1, 0, 0))[1] == pytest.approx(0.6)


def test_equal_vectors_have_equal_scores() -> None:
    assert DenseIndex.from_vectors(np.repeat(VECTORS[1:2], 50, axis=0)).scores(vector(1, 0, 0)) == pytest.approx(
        [0.6] * 50
    )


def test_scores_agree_with_numpy_on_many_vectors() -> None:
    rows = np.random.default_rng(0).normal(size=(2_000, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.abs(DenseIndex.from_vectors(rows).scores(rows[7]) - rows @ rows[7]).max() < 1e-5


def test_a_loaded_index_has_the_same_scores_bit_for_bit(tmp_path: Path) -> None:
    dense = DenseIndex.from_vectors(VECTORS)
    dense.save(tmp_path / "vectors.faiss")
    loaded = DenseIndex.load(tmp_path / "vectors.faiss")
    query = vector(0.36, 0.48, 0.8)
    assert (len(loaded), loaded.dimensions) == (4, 3)
    assert loaded.scores(query).tolist() == dense.scores(query).tolist()


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vectors.faiss").write_bytes(b"no index at all")
    with pytest.raises(RuntimeError):
        DenseIndex.load(tmp_path / "vectors.faiss")
