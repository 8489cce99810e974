"""The one place where questions and stories meet; it knows no Discord.

Everything below the desk is synchronous and runs in its one worker thread, everything above is
async: this is the only boundary. One thread, since the model computes on one; questions queue up
in the order in which they came. The model loads in that thread too, and whoever asks meanwhile
waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

import numpy as np

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

    from numpy.typing import NDArray

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
_READ = 2  # stories, of those that a question may go to
_VERDICTS = ("answered", "closest", "silent")  # best first
_TEXTS_A_TURN = 16
_SUGGESTIONS_TRIED = 24
_CONTEXT_CHARACTERS = 1_700  # which fit into a message even where every one must be escaped


class Desk:
    """Answers questions about the stories that lie on it.

    `load` is called once, in the worker thread, by `open`: it returns what the desk works with. Other
    stories are placed when they are first asked for, in a second thread, whose embedding takes turns
    with the questions.
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
        self._placer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-placer")
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
        self._placer.shutdown(wait=False, cancel_futures=True)
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

    async def place(self, story_id: str) -> None:
        """Read or build the index of a story, if that is not done yet.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        await self._shelf_with(story_id)

    async def ask(
        self,
        question: str,
        story_id: str | Sequence[str] | None = None,
        *,
        strictness: Strictness | None = None,
    ) -> Reply:
        """Return the reply to `question` from one story, the first unless it is named, or the best of several.

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
            several = _several(story_id)
            shelf = await self._shelf_with(*several)
            began, reply, ended = await self._run(shelf.answer_best, asked, several, self._closest, strictness)
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

    async def lookup(self, query: str, count: int = 5, story_id: str | Sequence[str] | None = None) -> list[Quote]:
        """Return the `count` passages closest to `query`, best first; of several stories, those of the nearest one.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        asked = self._checked(query)
        several = _several(story_id)
        shelf = await self._shelf_with(*several)
        return await self._run(shelf.lookup, asked, count, several)

    async def find(self, claim: str, story_id: str | Sequence[str] | None = None) -> Mention:
        """Return where the story mentions what `claim` says, or the passages closest to it; as `lookup`.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        asked = self._checked(claim)
        several = _several(story_id)
        shelf = await self._shelf_with(*several)
        return await self._run(shelf.find, asked, self._closest, several)

    async def passages(self, numbers: Sequence[int], story_id: str | None = None) -> list[Quote]:
        """Return the passages of these numbers, in that order; numbers the story does not have are left out.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf_with(story_id)).passages(numbers, story_id)

    async def context(self, number: int, story_id: str | None = None) -> Quote:
        """Return the paragraph around a passage, with the passage in bold; of a long one, the sentences nearest to it.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf_with(story_id)).context(number, story_id)

    async def story(self, story_id: str | None = None) -> Story:
        """Return a story on the desk, the first one unless it is named.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return (await self._shelf_with(story_id)).index(story_id).story

    async def stories(self) -> list[Story]:
        """Return the stories on the desk, in their order.

        Raises:
            StoryError, StorydeskError: the model or a story could not be loaded.
        """
        return (await self._shelf()).stories()

    async def suggestions(self, count: int = 2, story_id: str | None = None) -> list[str]:
        """Return up to `count` questions that the story answers, each tried before it is suggested."""
        shelf = await self._shelf_with(story_id)
        return await self._run(shelf.suggestions, count, story_id)

    async def _shelf(self) -> Shelf:
        self.open()
        assert self._opened is not None  # noqa: S101 - `open` has just seen to it
        return await asyncio.shield(self._opened)

    async def _shelf_with(self, *story_ids: str | None) -> Shelf:
        """Return the shelf, with these stories on it."""
        shelf = await self._shelf()
        loop = asyncio.get_running_loop()
        for story_id in story_ids:
            if story_id is not None and not shelf.has(story_id):
                embedder = _TakingTurns(shelf.embedder, self._worker)
                await loop.run_in_executor(self._placer, shelf.place, story_id, embedder)
        return shelf

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


def _several(story_id: str | Sequence[str] | None) -> list[str | None]:
    """Return story ids as a list; None in it stands for the first story on the desk."""
    return [story_id] if story_id is None or isinstance(story_id, str) else [*story_id] or [None]


class _TakingTurns:
    """An embedder for long texts that works in the desk's thread, a few texts at a time, between the questions."""

    def __init__(self, inner: Embedder, worker: ThreadPoolExecutor) -> None:
        self._inner = inner
        self._worker = worker
        self.name = inner.name
        self.fingerprint = inner.fingerprint
        self.dimensions = inner.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        parts = [texts[at : at + _TEXTS_A_TURN] for at in range(0, len(texts), _TEXTS_A_TURN)]
        return np.concatenate([self._worker.submit(self._inner.encode, part).result() for part in parts])


class Shelf:
    """The loaded stories and what answers from them; synchronous, used in the desk's worker thread."""

    def __init__(
        self,
        indexes: Sequence[StoryIndex],
        embedder: Embedder,
        reader: Reads,
        calibration: Calibration,
        *,
        open_index: Callable[[str, Embedder], StoryIndex] | None = None,
    ) -> None:
        """Put the indexed stories on the shelf; the first one is asked unless another is named.

        `open_index` reads or builds the index of a further story by its id.
        """
        self._indexes = {index.story.id: index for index in indexes}
        self._spellers = {index.story.id: Speller(index.story.body, reader.knows) for index in indexes}
        self._open_index = open_index
        self.embedder = embedder
        self._reader = reader
        self._calibration = calibration
        self._suggestions: dict[tuple[str, int], list[str]] = {}

    def has(self, story_id: str) -> bool:
        """Say whether a story is on the shelf."""
        return story_id in self._indexes

    def place(self, story_id: str, embedder: Embedder) -> None:
        """Put a further story on the shelf; one that is not known stays away, and asking it says so."""
        if self._open_index is None or story_id in self._indexes:
            return
        with contextlib.suppress(UnknownStoryError):
            index = self._open_index(story_id, embedder)
            self._spellers[story_id] = Speller(index.story.body, self._reader.knows)
            # From here on it is used in the desk's thread, where taking turns with itself would never end.
            self._indexes[story_id] = index.with_embedder(self.embedder)

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

    def answer_best(
        self, question: str, story_ids: Sequence[str | None], closest: int, strictness: Strictness | None = None
    ) -> tuple[float, Reply, float]:
        """Return what `answer` does, from the story that answers surest; the nearest two are read."""
        began = time.perf_counter()
        nearest = self.nearest(question, story_ids)[:_READ]
        replies = [self.answer(question, story_id, closest, strictness)[1] for story_id in nearest]
        best = max(replies, key=lambda reply: (-_VERDICTS.index(reply.verdict), reply.confidence))
        return began, best, time.perf_counter()

    def nearest(self, text: str, story_ids: Sequence[str | None]) -> list[str | None]:
        """Return the stories in the order of their best cosine with a text; where there is one, at no cost."""
        if len(story_ids) <= 1:
            return list(story_ids) or [None]
        vector = self.embedder.encode([text])[0]
        return sorted(story_ids, key=lambda story_id: -self.index(story_id).best_cosine(vector))

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
        return rank(question, index, count, embedder=self.embedder, reader=self._reader, speller=speller)

    def lookup(self, query: str, count: int, story_ids: Sequence[str | None] = (None,)) -> list[Quote]:
        """Return the closest passages of the nearest story; not read, since a query need not ask anything."""
        index = self.index(self.nearest(query, story_ids)[0])
        hits = index.search(self._spellers[index.story.id].mended(query), count)
        return [Quote.of(Candidate(hit, hit.score), index.story.id) for hit in hits]

    def find(self, claim: str, count: int, story_ids: Sequence[str | None] = (None,)) -> Mention:
        """Return the passage that says what `claim` does, or the `count` closest ones, of the nearest story."""
        index = self.index(self.nearest(claim, story_ids)[0])
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
