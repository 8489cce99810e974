"""The one place where questions and stories meet; it knows no Discord.

Everything below the desk is synchronous and runs in its one worker thread, everything above is
async: this is the only boundary. One thread, since the model computes on one; questions wait for it
in a line. The model loads in that thread too, and whoever asks meanwhile waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from bot.errors import EmptyQuestionError, QuestionTooLongError
from bot.line import Line
from bot.placing import Placing
from bot.shelf import Asked
from bot.telemetry import QuestionAnswered, log_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bot.answer import Quote, Reply, Verdict
    from bot.calibration import Strictness
    from bot.claim import Mention
    from bot.shelf import Shelf
    from bot.telemetry import Kind, QuestionHook
    from bot.together import Spent
    from index.story import Story
    from index.story_index import Progress

_P = ParamSpec("_P")
_T = TypeVar("_T")

_REMEMBERED = 256  # replies


class Desk:
    """Answers questions about the stories that lie on it.

    `load` is called once, in the worker thread, by `open`: it returns what the desk works with. Other
    stories are placed when they are first asked for.
    """

    def __init__(
        self,
        load: Callable[[], Shelf],
        *,
        max_question_characters: int = 500,
        most_waiting: int = 100,
        closest: int = 3,
        hook: QuestionHook = log_event,
        tells_questions: bool = False,
    ) -> None:
        """Prepare the desk; nothing is loaded before `open`. `tells_questions` gives the hook the questions' texts."""
        self._load = load
        self._max_question_characters = max_question_characters
        self._replies: OrderedDict[Asked, Reply] = OrderedDict()
        self._closest = closest
        self._hook = hook
        self._tells_questions = tells_questions
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._line = Line(self._worker, most=most_waiting)
        self._placing = Placing(self._worker)
        self._opened: asyncio.Task[Shelf] | None = None
        self._when: asyncio.Event | None = None

    async def __aenter__(self) -> Self:
        """Begin to load and return at once."""
        self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close the desk."""
        await self.close()

    def open(self, when: asyncio.Event | None = None) -> None:
        """Begin to load in the background, as soon as `when` is set if it is given; a second call does nothing."""
        if self._opened is None:
            self._when = when
            # In a context of its own: loading belongs to no request, even if one was the first to need it.
            self._opened = asyncio.create_task(self._load_when(when), name="desk-load", context=Context())

    async def _load_when(self, when: asyncio.Event | None) -> Shelf:
        if when is not None:
            await when.wait()
        return await self._run(self._load)

    async def close(self) -> None:
        """Let go of the threads; questions that have not begun are cancelled."""
        self._placing.close()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._line.cancel()
        if self._opened is not None:
            if self._when is not None and not self._when.is_set():
                self._opened.cancel()  # it would wait for ever
            await asyncio.gather(self._opened, return_exceptions=True)

    @property
    def is_ready(self) -> bool:
        """Say whether a question would be answered without waiting for the model."""
        return (
            self._opened is not None
            and self._opened.done()
            and not self._opened.cancelled()
            and not self._opened.exception()
        )

    @property
    def failure(self) -> BaseException | None:
        """Return why the model or the stories could not be loaded; None where they were, or still load."""
        if self._opened is None or not self._opened.done() or self._opened.cancelled():
            return None
        return self._opened.exception()

    @property
    def under_way(self) -> int:
        """Return how many questions, lookups and claims wait or are worked on."""
        return self._line.under_way

    @property
    def loaded(self) -> tuple[int, int]:
        """Return how many stories lie on the desk, and how many passages they have."""
        return self._opened.result().size if self._opened is not None and self.is_ready else (0, 0)

    async def wait_ready(self) -> None:
        """Wait until the model and the stories are loaded.

        Raises:
            StoryError, StorydeskError: they could not be loaded.
        """
        await self._shelf()

    async def place(self, story_id: str, progress: Progress | None = None) -> None:
        """Read or build the index of a story, if that is not done yet; `progress` is called in another thread.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        async with self._shelf_with(story_id, progress=progress):
            self.forget_replies()

    def drop_story(self, story_id: str) -> None:
        """Keep a story in memory no longer than it is used; it is read again when it is asked for again."""
        if self._opened is not None and self.is_ready:
            self._opened.result().drop(story_id)

    def forget_replies(self) -> None:
        """Work on every question again, also on those that were just answered."""
        self._replies.clear()

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
        checked = self._checked(question)
        asked = Asked(checked, tuple(_several(story_id)), strictness)
        with self._line.admitted():
            async with self._shelf_with(*asked.story_ids) as shelf:
                known = self._replies.get(asked)
                if known is not None:
                    self._replies.move_to_end(asked)
                    self._tell(known, asked, came, time.perf_counter())
                    return known
                waiting = self._line.join(asked, shelf, self._closest)
                reply = await waiting.reply
        self._replies[asked] = reply
        if len(self._replies) > _REMEMBERED:
            self._replies.popitem(last=False)
        self._tell(reply, asked, came, waiting.began, waiting.spent)
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
        return await self._search(
            "lookup",
            query,
            _several(story_id),
            lambda shelf, asked, several: shelf.lookup(asked, count, several),
            lambda quotes: "closest" if quotes else "silent",
        )

    async def find(self, claim: str, story_id: str | Sequence[str] | None = None) -> Mention:
        """Return where the story mentions what `claim` says, or the passages closest to it; as `lookup`.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        return await self._search(
            "claim",
            claim,
            _several(story_id),
            lambda shelf, asked, several: shelf.find(asked, self._closest, several),
            lambda mention: "answered" if mention.is_found else "closest" if mention.quotes else "silent",
        )

    async def _search(
        self,
        kind: Kind,
        text: str,
        story_ids: Sequence[str | None],
        search: Callable[[Shelf, str, Sequence[str | None]], _T],
        verdict: Callable[[_T], Verdict],
    ) -> _T:
        """Return what `search` finds, measured as a question is."""
        came = time.perf_counter()
        asked = self._checked(text)
        with self._line.admitted():
            async with self._shelf_with(*story_ids) as shelf:
                began, found = await self._run(lambda: (time.perf_counter(), search(shelf, asked, story_ids)))
        waited, worked = began - came, time.perf_counter() - began
        self._hook(QuestionAnswered(verdict(found), None, len(asked), waited, worked, kind=kind))
        return found

    async def passages(self, numbers: Sequence[int], story_id: str | None = None) -> list[Quote]:
        """Return the passages of these numbers, in that order; numbers the story does not have are left out.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        async with self._shelf_with(story_id) as shelf:
            return await self._run(shelf.passages, numbers, story_id)

    async def context(self, number: int, story_id: str | None = None) -> Quote:
        """Return the paragraph around a passage, with the passage in bold; of a long one, the sentences nearest to it.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        async with self._shelf_with(story_id) as shelf:
            return await self._run(shelf.context, number, story_id)

    async def story(self, story_id: str | None = None) -> Story:
        """Return a story on the desk, the first one unless it is named.

        Raises:
            AskError, StoryError, StorydeskError: as `ask`.
        """
        async with self._shelf_with(story_id) as shelf:
            return shelf.index(story_id).story

    async def suggestions(self, count: int = 2, story_id: str | None = None) -> list[str]:
        """Return up to `count` questions that the story answers, each tried before it is suggested."""
        async with self._shelf_with(story_id) as shelf:
            return await self._run(shelf.suggestions, count, story_id)

    async def _shelf(self) -> Shelf:
        self.open()
        assert self._opened is not None  # noqa: S101 - `open` has just seen to it
        return await asyncio.shield(self._opened)

    @contextlib.asynccontextmanager
    async def _shelf_with(self, *story_ids: str | None, progress: Progress | None = None) -> AsyncIterator[Shelf]:
        """Give the shelf, with these stories on it until the block is left."""
        shelf = await self._shelf()
        async with self._placing.holding(shelf, story_ids, progress):
            yield shelf

    async def _run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, lambda: function(*args, **kwargs))

    def _tell(self, reply: Reply, asked: Asked, came: float, began: float, spent: Spent | None = None) -> None:
        """Give the hook a question and its reply, for which the models `spent` nothing where it was just answered."""
        event = QuestionAnswered(
            reply.verdict,
            reply.confidence,
            len(asked.question),
            began - came,
            time.perf_counter() - began,
            is_repeated=spent is None,
            question=asked.question if self._tells_questions else None,
            spent=spent,
        )
        self._hook(event)

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
