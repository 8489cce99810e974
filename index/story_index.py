"""A story made searchable: build, search, save, load.

A saved index is a folder with the story, its vectors and a manifest that names what they depend on
(format, model, settings, story) and the digest of each file. It appears whole or not at all: it is
written to a sibling folder, flushed to the disk, and renamed. Everything else (sentences, BM25) is
derived from the story again on loading, which takes milliseconds and cannot go stale.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from copy import copy
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index import heap
from index.dense import DenseIndex
from index.errors import DamagedIndexError, MissingIndexError, SavedIndexError, StaleIndexError
from index.fusion import Evidence
from index.kinds import KindIndex
from index.lexical import LexicalIndex, Stemmer
from index.passages import Passage, passages_of
from index.settings import IndexSettings
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from index.embed import Embedder

    Progress = Callable[[int, int], None]

FORMAT = 1
_MANIFEST = "manifest.json"
_STORY = "story.json"
_VECTORS = "vectors.faiss"


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query: which one (`number` counts from 0), its text and why it ranks there.

    `score` is what hits are ordered by; the others are the evidence that it was summed from,
    as `Evidence` describes it.
    """

    number: int
    passage: Passage
    text: str
    score: float
    dense: float
    bm25: float
    coverage: float
    context: float
    kind: bool


class StoryIndex:
    """The passages of one story and what finds them."""

    def __init__(self, story: Story, dense: DenseIndex, embedder: Embedder, settings: IndexSettings) -> None:
        """Put a story and its vectors together; `dense` has one vector a passage, in their order.

        Raises:
            DamagedIndexError: the vectors are not as many as the passages, or not the embedder's size.
        """
        self.story = story
        self.settings = settings
        self.passages = passages_of(story, settings)
        self._texts = [story.text(passage.span) for passage in self.passages]
        if (len(dense), dense.dimensions) != (len(self.passages), embedder.dimensions):
            message = (
                f"The saved index has {len(dense)} vectors of {dense.dimensions} numbers; "
                f"the story needs {len(self.passages)} of {embedder.dimensions}."
            )
            raise DamagedIndexError(message)
        self._dense = dense
        self._embedder = embedder
        self._kinds = KindIndex(self._texts)
        stemmer = Stemmer(story.language)
        self._sentences = LexicalIndex(self._texts, stemmer)
        self._contexts = LexicalIndex([story.text(passage.context) for passage in self.passages], stemmer)

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self.passages)

    @classmethod
    def build(
        cls,
        story: Story,
        embedder: Embedder,
        settings: IndexSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> StoryIndex:
        """Embed every passage of `story`; `progress` is told how many passages of how many are done."""
        settings = settings or IndexSettings()
        texts = [story.text(passage.span) for passage in passages_of(story, settings)]
        vectors = np.zeros((len(texts), embedder.dimensions), dtype=np.float32)
        for rows in _batches(texts, settings.batch_size):
            vectors[rows] = embedder.encode([texts[row] for row in rows])
            if progress is not None:
                progress(len(rows), len(texts))
        heap.give_back()  # what the model took for the passages, up to 200 MB
        return cls(story, DenseIndex.from_vectors(vectors), embedder, settings)

    def with_embedder(self, embedder: Embedder) -> StoryIndex:
        """Return the same index, whose queries are embedded by another instance of its embedder."""
        other = copy(self)
        other._embedder = embedder  # noqa: SLF001 - a copy of ourselves
        return other

    def best_cosine(self, vector: NDArray[np.float32]) -> float:
        """Return the cosine of the nearest passage to an embedding, (d,) float32."""
        return float(self._dense.scores(vector).max())

    def search(self, query: str, count: int = 10) -> list[Hit]:
        """Return the `count` best passages for `query`, best first; equal scores in the story's order."""
        return self.search_vector(query, self._embedder.encode([query])[0], count)

    def search_vector(self, query: str, vector: NDArray[np.float32], count: int = 10) -> list[Hit]:
        """Return what `search` does, for a query whose embedding, (d,) float32, is known already."""
        cosines = partial(self._dense.scores, vector)
        evidence = Evidence.gather(query, cosines, self._sentences, self._contexts, self._kinds)
        scores = evidence.scores()
        order = np.argsort(-scores, kind="stable")[: max(0, count)]
        return [
            Hit(
                number=int(row),
                passage=self.passages[row],
                text=self._texts[row],
                score=float(scores[row]),
                dense=float(evidence.dense[row]),
                bm25=float(evidence.bm25[row]),
                coverage=float(evidence.coverage[row]),
                context=float(evidence.context[row]),
                kind=bool(evidence.kind[row]),
            )
            for row in order
        ]

    def save(self, folder: Path) -> None:
        """Write the index to `folder`, replacing what stands there; whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            (aside / _STORY).write_text(json.dumps(asdict(self.story), ensure_ascii=False), "utf-8", newline="")
            self._dense.save(aside / _VECTORS)
            manifest = self._manifest() | {"files": {name: _digest(aside / name) for name in (_STORY, _VECTORS)}}
            (aside / _MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")
            for name in (_STORY, _VECTORS, _MANIFEST):
                _flush(aside / name)
            _replace_folder(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    @classmethod
    def load(
        cls, folder: Path, embedder: Embedder, settings: IndexSettings | None = None, *, story: Story | None = None
    ) -> StoryIndex:
        """Return the index that `save` wrote to `folder`.

        Raises:
            MissingIndexError: there is none.
            StaleIndexError: it was made in another format, with another model or other settings, or
                of another story than `story`.
            DamagedIndexError: a file is absent or differs from what was written.
        """
        settings = settings or IndexSettings()
        manifest = _read_manifest(folder)
        wanted = _dependencies(embedder, settings)
        for key, value in wanted.items():
            if manifest.get(key) != value:
                message = f"The index in {folder} was made with another {key.replace('_', ' ')}; it has to be rebuilt."
                raise StaleIndexError(message)
        if story is not None and manifest.get("story") != story.id:
            message = f"The index in {folder} is of another story or of an older text; it has to be rebuilt."
            raise StaleIndexError(message)
        _check_files(folder, manifest)
        try:
            saved = Story(**json.loads((folder / _STORY).read_text("utf-8")))
            dense = DenseIndex.load(folder / _VECTORS)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            message = f"The index in {folder} cannot be read; it has to be rebuilt."
            raise DamagedIndexError(message) from error
        # The given story may name a newer source or address, which its identity leaves out.
        return cls(story or saved, dense, embedder, settings)

    @classmethod
    def open(
        cls,
        story: Story,
        folder: Path,
        embedder: Embedder,
        settings: IndexSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> StoryIndex:
        """Return the index of `story` saved in `folder`, or build and save it where that one cannot be used.

        A folder that cannot be written costs time at the next start and nothing else.
        """
        try:
            return cls.load(folder, embedder, settings, story=story)
        except SavedIndexError:
            built = cls.build(story, embedder, settings, progress=progress)
            _save_if_possible(built, folder)
            return built

    def _manifest(self) -> dict[str, Any]:
        return _dependencies(self._embedder, self.settings) | {
            "story": self.story.id,
            "title": self.story.title,
            "model_name": self._embedder.name,
            "passages": len(self),
        }


def _save_if_possible(built: StoryIndex, folder: Path) -> None:
    try:
        built.save(folder)
    except OSError:
        return


def _dependencies(embedder: Embedder, settings: IndexSettings) -> dict[str, Any]:
    return {"format": FORMAT, "model": embedder.fingerprint, "settings": asdict(settings)}


def _batches(texts: list[str], size: int) -> Iterator[list[int]]:
    """Yield row numbers in batches of texts of similar length, which wastes the least padding."""
    by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(by_length), size):
        yield by_length[start : start + size]


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        message = f"There is no index in {folder}; run `storydesk index`."
        raise MissingIndexError(message) from None
    except (OSError, ValueError):
        message = f"The manifest in {folder} cannot be read; the index has to be rebuilt."
        raise DamagedIndexError(message) from None
    if not isinstance(found, dict):
        message = f"The manifest in {folder} is not an object; the index has to be rebuilt."
        raise DamagedIndexError(message)
    return found


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    files = manifest.get("files")
    expected = files if isinstance(files, dict) else {}
    for name in (_STORY, _VECTORS):
        path = folder / name
        if not path.is_file() or _digest(path) != expected.get(name):
            message = f"{path} is missing or damaged; the index has to be rebuilt."
            raise DamagedIndexError(message)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _replace_folder(aside: Path, folder: Path) -> None:
    """Move `aside` to `folder`; what stood there is moved away first and deleted afterwards."""
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    try:
        if folder.exists():
            folder.rename(old / "index")
        aside.rename(folder)
        descriptor = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    finally:
        if (old / "index").exists() and not folder.exists():
            (old / "index").rename(folder)  # the new one did not get there
        shutil.rmtree(old, ignore_errors=True)
