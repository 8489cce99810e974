"""A small story, hand-made calibrations and desks, for tests of the half of the bot that knows no Discord."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fakes import CountingEmbedder, WordReader

from bot.answer import Quote
from bot.calibration import Calibration
from bot.shelf import Shelf
from index.story import Span, Story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.shelf import OpenIndex
    from index.embed import Embedder

BODY = """The United States will pull its troops out of Niger.

More than 1,000 American troops are stationed there at present. Kurt Campbell agreed to it in Washington.

The base near Agadez cost $100 million. It was closed because the junta wanted it.

Niger signed a pact with Burkina Faso and Mali."""

STORY = Story(body=BODY, title="Troops leave Niger", url="https://news.example/niger")

# The verdict of each follows from the thresholds alone, whatever the hits are.
ANSWERS = Calibration(
    "counting-1",
    "words-1",
    5.0,
    {},
    answered_from=0.5,
    near_dense=0.0,
    near_coverage=0.0,
    read_dense=0.0,
    read_support=-12.0,
)
SHOWS_CLOSEST = Calibration(
    "counting-1",
    "words-1",
    -5.0,
    {},
    answered_from=0.5,
    near_dense=0.0,
    near_coverage=0.0,
    read_dense=0.0,
    read_support=-12.0,
)
IS_SILENT = Calibration(
    "counting-1",
    "words-1",
    -5.0,
    {},
    answered_from=0.5,
    near_dense=2.0,
    near_coverage=2.0,
    read_dense=0.0,
    read_support=-12.0,
)


@dataclass(frozen=True)
class SlowEmbedder:
    """Takes `seconds` to embed questions, and lets the event loop alone meanwhile; stories embed at once."""

    seconds: float
    inner: CountingEmbedder = field(default_factory=CountingEmbedder)
    name: str = "slow"
    fingerprint: str = "counting-1"

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return self.inner.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        if any("?" in text for text in texts):
            time.sleep(self.seconds)
        return self.inner.encode(texts)


def shelf_of(
    *stories: Story,
    calibration: Calibration = ANSWERS,
    embedder: Embedder | None = None,
    reader: WordReader | None = None,
    open_index: OpenIndex | None = None,
    most_sentences: int = 1000,
) -> Shelf:
    """Return a shelf with `stories`, the small story where none is given, and a reader that finds nothing."""
    used = embedder or CountingEmbedder()
    indexes = [StoryIndex.build(story, used) for story in stories or (STORY,)]
    return Shelf(
        indexes, used, reader or WordReader(), calibration, open_index=open_index, most_sentences=most_sentences
    )


def quote_of(text: str, story: Story = STORY, *, bold: str = "", score: float = 1.0) -> Quote:
    """Return the quote of the first place of `text` in `story`, with the first `bold` in it set in bold."""
    start = story.body.index(text)
    span = Span(start, start + len(text))
    at = start + text.index(bold)
    marked = (Span(at, at + len(bold)),) if bold else ()
    return Quote(story.id, span, text, story.paragraph_at(start).number, score, 0, marked)
