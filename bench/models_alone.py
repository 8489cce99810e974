"""The limit of every time here: what the two models themselves take for the work that a question gives them."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from bot.shelf import Shelf
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.calibration import Calibration
    from bot.reader import Reader, Reading
    from index.embed import Embedder
    from index.story import Story


class ModelsAlone:
    """An embedder and a reader that note what they are asked, and can do it again with nothing around it."""

    def __init__(self, embedder: Embedder, reader: Reader) -> None:
        """Ask `embedder` and `reader`."""
        self._embedder, self._reader = embedder, reader
        self.name, self.fingerprint, self.dimensions = embedder.name, embedder.fingerprint, embedder.dimensions
        self.knows = reader.knows
        self._asked: list[Callable[[], object]] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed, as the embedder does."""
        self._asked.append(partial(self._embedder.encode, texts))
        return self._embedder.encode(texts)

    def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Read, as the reader does."""
        self._asked.append(partial(self._reader.read_pairs, pairs))
        return self._reader.read_pairs(pairs)

    def again(self) -> float:
        """Do all that was asked since the last call again; return the seconds that it takes."""
        asked, self._asked = self._asked, []
        began = time.perf_counter()
        for work in asked:
            work()
        return time.perf_counter() - began


def shelf_of(story: Story, embedder: Embedder, reader: Reader, calibration: Calibration) -> tuple[Shelf, ModelsAlone]:
    """Return a shelf with one story, and its models."""
    models = ModelsAlone(embedder, reader)
    return Shelf([StoryIndex.build(story, embedder).with_embedder(models)], models, models, calibration), models
