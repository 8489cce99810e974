"""How stories come onto the shelf while others are asked: beside the questions, each in its turn.

Those with a saved index are read in one thread, the others indexed in a second, whose embedding takes
turns with the questions. One story is read and one indexed at a time, so a long one that is new holds
up no story that is known.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from bot.shelf import Shelf
    from index.embed import Embedder
    from index.story_index import Progress

_TEXTS_A_TURN = 16


class Placing:
    """The two threads in which stories are placed, beside the `worker` that answers."""

    def __init__(self, worker: Executor) -> None:
        """Embed in `worker`, which is where the model computes."""
        self._worker = worker
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-loader")
        self._indexer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-indexer")

    def close(self) -> None:
        """Let go of the threads; stories that were not begun are not placed."""
        for thread in (self._loader, self._indexer):
            thread.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def holding(
        self, shelf: Shelf, story_ids: Sequence[str | None], progress: Progress | None = None
    ) -> AsyncIterator[None]:
        """Place those of the stories that are not on the shelf yet, and hold all of them until the block is left.

        `progress` is called in another thread.
        """
        loop = asyncio.get_running_loop()
        with shelf.holding(story_ids):
            for story_id in story_ids:
                if story_id is None or shelf.has(story_id):
                    continue
                if not await loop.run_in_executor(self._loader, shelf.read, story_id):
                    embedder = _TakingTurns(shelf.embedder, self._worker)
                    await loop.run_in_executor(self._indexer, shelf.place, story_id, embedder, progress)
            yield


class _TakingTurns:
    """An embedder for long texts that works in the desk's thread, a few texts at a time, between the questions."""

    def __init__(self, inner: Embedder, worker: Executor) -> None:
        self._inner = inner
        self._worker = worker
        self.name = inner.name
        self.fingerprint = inner.fingerprint
        self.dimensions = inner.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        parts = [texts[at : at + _TEXTS_A_TURN] for at in range(0, len(texts), _TEXTS_A_TURN)]
        return np.concatenate([self._worker.submit(self._inner.encode, part).result() for part in parts])
