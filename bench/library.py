"""What a large library costs, against a single story, in one run.

    python -m bench.library [--stories 1000] [--sentences 30]

The first twenty stories and the last twenty are embedded by the real model, as adding a story does; those
between get random vectors of its size, which takes minutes instead of an hour. Questions are embedded
and read by the real models.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.config import Config
from bot.desk import Desk
from bot.library import Library
from bot.opening import load_embedder, load_reader, open_index_in
from bot.shelf import Shelf
from bot.store.store import Store
from bot.store.stories import StoryStore
from bot.story_files import StoryFiles
from index.load import shipped_story
from index.story import Story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.embed import Embedder

GUILD = 1
_FEW = 20
QUESTION = "How many US troops have to go?"


class RandomForStories:
    """Embeds single texts, that is questions, with the real model; others too while `is_real`, else at random."""

    def __init__(self, inner: Embedder) -> None:
        """Embed questions with `inner`."""
        self._inner = inner
        self.is_real = True
        self.name, self.fingerprint, self.dimensions = inner.name, inner.fingerprint, inner.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        if self.is_real or len(texts) == 1:
            return self._inner.encode(texts)
        seed = int(hashlib.sha256(texts[0].encode()).hexdigest()[:8], 16)
        vectors = np.random.default_rng(seed).normal(size=(len(texts), self.dimensions)).astype(np.float32)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def story(number: int, sentences: int) -> Story:
    words = "council harbour bridge minister budget school river storm election treaty".split()
    chosen = np.random.default_rng(number).choice(words, size=(sentences, 6))
    lines = [f"The {' '.join(row)} of place {number} met on day {at}." for at, row in enumerate(chosen)]
    return Story("\n\n".join(lines), f"Story {number}")


async def measure(stories: int, sentences: int) -> None:
    real = load_embedder(Config())
    reader, calibration = load_reader(Config(), real)
    embedder = RandomForStories(real)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder)
        await store.open()

        def shelf() -> Shelf:
            first = StoryIndex.build(shipped_story(), real)
            return Shelf([first], embedder, reader, calibration, open_index=open_index_in(folder))

        desk = Desk(shelf, hook=lambda _: None)
        library = Library(StoryStore(store), StoryFiles(folder), desk)
        await desk.ask(QUESTION)
        added = []
        for number in range(stories):
            embedder.is_real = not _FEW <= number < stories - _FEW
            began = time.perf_counter()
            await library.add(GUILD, story(number, sentences))
            added.append(time.perf_counter() - began)
        first, last = statistics.median(added[:_FEW]), statistics.median(added[-_FEW:])
        print(f"adding: {1000 * first:.0f} ms among the first 20, {1000 * last:.0f} among the last: {last / first:.2f}")
        await library.add(GUILD, shipped_story())
        await desk.close()
        await store.close()

        began = time.perf_counter()
        store = Store(folder)
        await store.open()
        desk = Desk(shelf, hook=lambda _: None)
        library = Library(StoryStore(store), StoryFiles(folder), desk)
        await desk.wait_ready()
        await library.prune()
        print(f"start, beyond the models' load: {time.perf_counter() - began:.1f} s")
        await desk.ask(QUESTION)
        began = time.perf_counter()
        scope = await library.scope(GUILD, ())
        await desk.ask(QUESTION, scope)
        print(f"first question to all {len(scope)} after a start: {time.perf_counter() - began:.1f} s")
        one, every = [], []
        for _ in range(20):
            began = time.perf_counter()
            await desk.ask(QUESTION)
            between = time.perf_counter()
            ids = await library.scope(GUILD, ())
            reply = await desk.ask(QUESTION, ids)
            one.append(between - began)
            every.append(time.perf_counter() - between)
        single, wide = 1000 * statistics.median(one), 1000 * statistics.median(every)
        print(f"one story {single:.0f} ms, all {wide:.0f} ms: {wide / single:.2f}")
        print(f"verdict {reply.verdict}: {reply.short}")
        await desk.close()
        await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--sentences", type=int, default=30)
    options = parser.parse_args()
    asyncio.run(measure(options.stories, options.sentences))
