"""Ours: the index and the desk of the bot. `lookup` stops where the peers do; `ask` reads and judges what was found."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from protocol import serve

from bot.config import Config
from bot.desk import Desk
from bot.opening import load_embedder, load_reader
from bot.shelf import Shelf
from index.story import Story
from index.story_index import StoryIndex


class Storydesk:
    """A desk, on whose shelf the stories of the driver are put."""

    def __init__(self, *, reads: bool) -> None:
        self.reads = reads
        self.embedder = load_embedder(Config())
        self.reader, self.calibration = load_reader(Config(), self.embedder)
        self.indexes: dict[str, StoryIndex] = {}
        self.loop = asyncio.new_event_loop()
        self.desk: Desk | None = None

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Build the index of a story; cutting it is part of that."""
        self.indexes[story] = StoryIndex.build(Story(body, story), self.embedder)
        self.desk = None

    def ask(self, story: str, question: str) -> int:
        """Ask or look up at the desk."""
        return self.loop.run_until_complete(self._ask(self.indexes[story].story.id, question))

    async def _ask(self, story: str, question: str) -> int:
        if self.desk is None:
            shelf = Shelf(list(self.indexes.values()), self.embedder, self.reader, self.calibration)
            self.desk = Desk(lambda: shelf, hook=lambda _: None)
        if self.reads:
            _, found = await self.desk.ask_with_ranking(question, story, 10)
        else:
            found = await self.desk.lookup(question, 10, story)
        return found[0].number


serve(Storydesk(reads="--lookup" not in sys.argv))
