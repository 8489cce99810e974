"""The one place where questions and stories meet; it knows no Discord.

Everything below the desk is synchronous and runs in its one worker thread, everything above is
async: this is the only boundary. One thread, since the model computes on one; questions queue up
in the order in which they came. The model loads in that thread too, and whoever asks meanwhile
waits for it.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from bot.answer import Quote, answer_question
from bot.claim import Mention, mention_of
from bot.errors import BusyError, EmptyQuestionError, QuestionTooLongError, UnknownStoryError
from bot.ranking import Candidate, rank
from bot.suggest import suggested_questions
from bot.telemetry import QuestionAnswered, log_question
from index.spelling import Speller
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.answer import Reply
    from bot.calibration import Calibration, Strictness
    from bot.ranking import Ranking, Reads
    from bot.telemetry import Hook
    from index.embed import Embedder
    from index.story import Story
    from index.story_index import StoryIndex

_P = ParamSpec("_P")
_T = TypeVar("_T")

_HITS = 10
_SUGGESTIONS_TRIED = 24
_CONTEXT_CHARACTERS = 1_700  # which fit into a message even where every one must be escaped


class Desk:
    """Answers questions about the stories that lie on it.

    `load` is called once, in the worker thread, by `open`: it returns what the desk works with.
    """

    def __init__(
        self,
        load: Callable[[], Shelf],
        *,
        max_question_characters: int = 500,
        most_waiting: int = 100,
        closest: int = 3,
        hook: Hook = log_question,
    ) -> None:
        """Prepare the desk; nothing is loaded before `open`."""
        self._load = load
        self._max_question_characters = max_question_characters
        self._most_waiting = most_waiting
        self._waiting = 0
        self._closest = closest
        self._hook = hook
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._opened: asyncio.Task[Shelf] | None = None

    async def __aenter__(self) -> Self:
        """Begin to load and return at once."""
        self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close the desk."""
        await self.close()

    def open(self) -> None:
        """Begin to load in the background; a second call does nothing."""
        if self._opened is None:
            self._opened = asyncio.create_task(self._run(self._load), name="desk-load")

    async def close(self) -> None:
        """Let go of the worker thread; questions that have not begun are cancelled."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        if self._opened is not None:
            await asyncio.gather(self._opened, return_exceptions=True)

    @property
    def is_ready(self) -> bool:
        """Say whether a question would be answered without waiting for the model."""
        return self._opened is not None and self._opened.done() and not self._opened.exception()

    async def wait_ready(self) -> None:
        """Wait until the model and the stories are loaded.

        Raises:
            StoryError, StorydeskError: they could not be loaded.
        """
        await self._shelf()

    async def ask(self, question: str, story_id: str | None = None, *, strictness: Strictness | None = None) -> Reply:
        """Return the reply to `question` from one story, the first on the desk unless it is named.

        `strictness` is as configured unless it is given.

        Raises:
            AskError: the question is empty or too long, too many wait, or there is no such story.
            StoryError, StorydeskError: the model or a story could not be loaded.
        """
        came = time.perf_counter()
        asked = self._checked(question)
        if self._waiting >= self._most_waiting:
            message = f"I am busy: {self._waiting} questions wait already. Please try again in a minute."
            raise BusyError(message, waiting=self._waiting)
        self._waiting += 1
        try:
            shelf = await self._shelf()
            began, reply, ended = await self._run(shelf.answer, asked, story_id, self._closest, strictness)
        finally:
            self._waiting -= 1
        event = QuestionAnswered(reply.verdict, reply.confidence, len(asked), began - came, ended - began)
        self._hook(event)
        return reply

    async def ask_with_ranking(self, question: str, story_id: str | None, count: int) -> tuple[Reply, list[Quote]]:
        """Return the reply to `question` and the `count` best passages in the ranking that it was made from.

        Questions over the limit are asked all the same: this is for measuring.

        Raises:
            StoryError, StorydeskError: as `ask`.
        """
        shelf = await self._shelf()
        return await self._run(shelf.answer_with_ranking, question, story_id, count, self._closest)

    async def lookup(self, query: str, count: int = 5, story_id: str | None = None) -> list[Quote]:
        """Return the `count` passages closest to `query`, best first.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        asked = self._checked(query)
        shelf = await self._shelf()
        return await self._run(shelf.lookup, asked, count, story_id)

    async def find(self, claim: str, story_id: str | None = None) -> Mention:
        """Return where the story mentions what `claim` says, or the passages closest to it.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        asked = self._checked(claim)
        shelf = await self._shelf()
        return await self._run(shelf.find, asked, self._closest, story_id)

    async def passages(self, numbers: Sequence[int], story_id: str | None = None) -> list[Quote]:
        """Return the passages of these numbers, in that order; numbers the story does not have are left out.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf()).passages(numbers, story_id)

    async def context(self, number: int, story_id: str | None = None) -> Quote:
        """Return the paragraph around a passage, with the passage in bold; of a long one, the sentences nearest to it.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf()).context(number, story_id)

    async def story(self, story_id: str | None = None) -> Story:
        """Return a story on the desk, the first one unless it is named.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf()).index(story_id).story

    async def stories(self) -> list[Story]:
        """Return the stories on the desk, in their order.

        Raises:
            StoryError, StorydeskError: the model or a story could not be loaded.
        """
        return (await self._shelf()).stories()

    async def suggestions(self, count: int = 2, story_id: str | None = None) -> list[str]:
        """Return up to `count` questions that the story answers, each tried before it is suggested."""
        shelf = await self._shelf()
        return await self._run(shelf.suggestions, count, story_id)

    async def _shelf(self) -> Shelf:
        self.open()
        assert self._opened is not None  # noqa: S101 - `open` has just seen to it
        return await asyncio.shield(self._opened)

    async def _run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, lambda: function(*args, **kwargs))

    def _checked(self, question: str) -> str:
        # A shell hands over bytes that are no text as lone surrogates, which no tokenizer takes.
        asked = question.encode("utf-8", "replace").decode("utf-8").strip()
        if not any(character.isalnum() for character in asked):
            message = "There is no question in that. Ask me something about the story."
            raise EmptyQuestionError(message)
        if len(asked) > self._max_question_characters:
            message = (
                f"That is {len(asked):,} characters; I read questions of up to {self._max_question_characters:,}. "
                "Please ask it more briefly."
            )
            raise QuestionTooLongError(message, length=f"{len(asked):,}", limit=f"{self._max_question_characters:,}")
        return asked


class Shelf:
    """The loaded stories and what answers from them; synchronous, used in the desk's worker thread."""

    def __init__(
        self, indexes: Sequence[StoryIndex], embedder: Embedder, reader: Reads, calibration: Calibration
    ) -> None:
        """Put the indexed stories on the shelf; the first one is asked unless another is named."""
        self._indexes = {index.story.id: index for index in indexes}
        self._spellers = {index.story.id: Speller(index.story.body, reader.knows) for index in indexes}
        self._embedder = embedder
        self._reader = reader
        self._calibration = calibration
        self._suggestions: dict[tuple[str, int], list[str]] = {}

    def index(self, story_id: str | None) -> StoryIndex:
        """Return the index of a story.

        Raises:
            UnknownStoryError: there is no such story.
        """
        found = self._indexes.get(story_id) if story_id else next(iter(self._indexes.values()), None)
        if found is None:
            message = "That story is not on my desk any more. Ask your question again."
            raise UnknownStoryError(message)
        return found

    def stories(self) -> list[Story]:
        """Return the stories, in their order."""
        return [index.story for index in self._indexes.values()]

    def answer(
        self, question: str, story_id: str | None, closest: int, strictness: Strictness | None = None
    ) -> tuple[float, Reply, float]:
        """Return when the work on a question began, its reply, and when the work ended (seconds)."""
        began = time.perf_counter()
        reply, _ = self.answer_with_ranking(question, story_id, _HITS, closest, strictness)
        return began, reply, time.perf_counter()

    def answer_with_ranking(
        self, question: str, story_id: str | None, count: int, closest: int, strictness: Strictness | None = None
    ) -> tuple[Reply, list[Quote]]:
        """Return the reply to a question and the ranking that it was made from."""
        ranking = self.ranking(question, story_id, count)
        named = self.index(story_id).story.id
        reply = answer_question(question, ranking, named, self._calibration.at(strictness), closest=closest)
        return reply, [Quote.of(candidate, named) for candidate in ranking.candidates]

    def ranking(self, question: str, story_id: str | None, count: int) -> Ranking:
        """Return the `count` best passages for `question` in their final order."""
        index = self.index(story_id)
        speller = self._spellers[index.story.id]
        return rank(question, index, count, embedder=self._embedder, reader=self._reader, speller=speller)

    def lookup(self, query: str, count: int, story_id: str | None) -> list[Quote]:
        """Return the closest passages as quotes; not read, since a query need not ask anything."""
        index = self.index(story_id)
        hits = index.search(self._spellers[index.story.id].mended(query), count)
        return [Quote.of(Candidate(hit, hit.score), index.story.id) for hit in hits]

    def find(self, claim: str, count: int, story_id: str | None) -> Mention:
        """Return the passage that says what `claim` does, or the `count` closest ones."""
        index = self.index(story_id)
        return mention_of(claim, index.search(self._spellers[index.story.id].mended(claim), count), index.story)

    def passages(self, numbers: Sequence[int], story_id: str | None) -> list[Quote]:
        """Return passages by their numbers."""
        index = self.index(story_id)
        known = [number for number in numbers if 0 <= number < len(index)]
        quotes = []
        for number in known:
            passage = index.passages[number]
            text = index.story.text(passage.span)
            quotes.append(Quote(index.story.id, passage.span, text, passage.paragraph, 0.0, number))
        return quotes

    def context(self, number: int, story_id: str | None) -> Quote:
        """Return the paragraph around a passage, or as many of its sentences as are read at a glance."""
        index = self.index(story_id)
        if not 0 <= number < len(index):
            message = "That story is not on my desk any more. Ask your question again."
            raise UnknownStoryError(message)
        passage = index.passages[number]
        paragraph = index.story.paragraphs[passage.paragraph - 1].span
        shown = paragraph if len(paragraph) <= _CONTEXT_CHARACTERS else passage.span
        neighbours = sorted(range(len(index)), key=lambda other: abs(other - number))
        for neighbour in (index.passages[other] for other in neighbours):
            wider = Span(min(shown.start, neighbour.span.start), max(shown.end, neighbour.span.end))
            if neighbour.paragraph == passage.paragraph and len(wider) <= _CONTEXT_CHARACTERS:
                shown = wider
        return Quote(
            index.story.id, shown, index.story.text(shown), passage.paragraph, 0.0, number, bold=(passage.span,)
        )

    def suggestions(self, count: int, story_id: str | None) -> list[str]:
        """Return questions that this shelf answers, out of those that the story's own words suggest."""
        story = self.index(story_id).story
        if (story.id, count) not in self._suggestions:
            questions = islice(suggested_questions(story), _SUGGESTIONS_TRIED)
            good = (asked for asked in questions if self.answer(asked, story.id, 1)[1].verdict == "answered")
            self._suggestions[story.id, count] = list(islice(good, count))
        return self._suggestions[story.id, count]
