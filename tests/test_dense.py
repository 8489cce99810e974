from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np
import pytest

from index import dense as dense_module
from index.dense import LEAST_COSINE, DenseIndex

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


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 500 vectors be a large index, of which 40 are named, and any file be mapped."""
    for name, value in (("EXACT_UP_TO", 500), ("_NEAREST", 40), ("_MAPPED_FROM", 0)):
        monkeypatch.setattr(dense_module, name, value)


def clustered(count: int) -> NDArray[np.float32]:
    """Return unit vectors around fifty centres, as sentences lie around the things they are about."""
    random = np.random.default_rng(3)
    rows = random.normal(size=(50, 32))[random.integers(50, size=count)] + 0.7 * random.normal(size=(count, 32))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_up_to_its_limit_an_index_is_exact(small_limits: None) -> None:
    rows = clustered(500)
    assert DenseIndex.from_vectors(rows).scores(rows[7]) == pytest.approx(rows @ rows[7], abs=1e-5)


def test_a_large_index_computes_the_cosines_of_the_nearest_only(small_limits: None) -> None:
    rows = clustered(20_000)
    scores = DenseIndex.from_vectors(rows).scores(rows[7])
    known = scores > LEAST_COSINE
    assert known.sum() == 40
    assert scores[~known].tolist() == [-1.0] * 19_960
    assert np.argmax(scores) == 7
    assert scores[known] == pytest.approx((rows @ rows[7])[known], abs=1e-5)


def test_a_large_index_finds_nearly_all_of_the_ten_nearest(small_limits: None) -> None:
    rows = clustered(20_000)
    dense = DenseIndex.from_vectors(rows)
    found = [np.isin(np.argsort(-(rows @ row))[:10], np.argsort(-dense.scores(row))[:10]).mean() for row in rows[:50]]
    assert np.mean(found) >= 0.97


def test_in_a_large_index_what_words_speak_for_is_scored_too(small_limits: None) -> None:
    rows = clustered(20_000)
    farthest = int(np.argmin(rows @ rows[7]))
    hopeful = np.zeros(20_000, dtype=np.float32)
    hopeful[farthest] = 0.3
    scores = DenseIndex.from_vectors(rows).scores(rows[7], hopeful)
    assert scores[farthest] == pytest.approx(rows[farthest] @ rows[7], abs=1e-5)
    assert np.argmax(scores) == 7


def test_a_large_index_is_the_same_when_it_is_loaded(small_limits: None, tmp_path: Path) -> None:
    rows = clustered(2_000)
    dense = DenseIndex.from_vectors(rows)
    dense.save(tmp_path / "vectors.faiss")
    loaded = DenseIndex.load(tmp_path / "vectors.faiss")
    assert (len(loaded), loaded.dimensions) == (2_000, 32)
    assert loaded.scores(rows[7]).tolist() == dense.scores(rows[7]).tolist()


def test_a_large_file_that_is_cut_off_is_refused(small_limits: None, tmp_path: Path) -> None:
    path = tmp_path / "vectors.faiss"
    DenseIndex.from_vectors(clustered(2_000)).save(path)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(RuntimeError):
        DenseIndex.load(path)


def test_a_search_wakes_no_second_thread() -> None:
    """On a busy machine one that has nothing to do makes a search a thousand times slower."""
    faiss.omp_set_num_threads(2)
    DenseIndex.from_vectors(VECTORS).scores(vector(1, 0, 0))
    assert faiss.omp_get_max_threads() == 1
