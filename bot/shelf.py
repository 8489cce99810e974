"""The loaded stories and what answers from them; synchronous, for one thread at a time."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from bot.answer import Answer, Quote, answer_question
from bot.claim import Mention, mention_of
from bot.differing import figures_differ
from bot.errors import UnknownStoryError
from bot.loaded import Loaded
from bot.question import focus
from bot.ranking import Candidate, rank
from bot.suggest import suggested_questions
from bot.together import Texts, alone, together
from index.errors import SavedIndexError
from index.kinds import kind_of
from index.spelling import Speller
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from bot.answer import Reply
    from bot.calibration import Calibration, Strictness
    from bot.ranking import Ranking, Reads
    from bot.together import Spent, Work
    from index.embed import Embedder
    from index.story_index import Progress, StoryIndex

_T = TypeVar("_T")

_HITS = 10
_log = logging.getLogger("storydesk")

_READ = 2  # stories, of those that a question may go to
_VERDICTS = ("answered", "closest", "silent")  # best first
_SUGGESTIONS_TRIED, _SUGGESTIONS_AT_ONCE = 24, 4
_CONTEXT_CHARACTERS = 1_700  # which fit into a message even where every one must be escaped


class OpenIndex(Protocol):
    """Returns the index of a story by its id: the saved one, or one that it builds where it may."""

    def __call__(
        self, story_id: str, embedder: Embedder, progress: Progress | None = None, *, builds: bool = True
    ) -> StoryIndex:
        """Open the index.

        Raises:
            UnknownStoryError: there is no such story.
            SavedIndexError: none is saved that can be used, and it does not build.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and which stories it goes to; None among them is the first on the shelf."""

    question: str
    story_ids: tuple[str | None, ...] = (None,)
    strictness: Strictness | None = None


@dataclass(slots=True)
class _Placed:
    """A story on the shelf: its index, what mends questions to it, and the questions it was found to answer."""

    index: StoryIndex
    speller: Speller
    suggestions: dict[int, list[str]] = field(default_factory=dict)


class Shelf:
    """The loaded stories and what answers from them; synchronous, used in the desk's worker thread."""

    def __init__(
        self,
        indexes: Sequence[StoryIndex],
        embedder: Embedder,
        reader: Reads,
        calibration: Calibration,
        *,
        open_index: OpenIndex | None = None,
        most_sentences: int = 100_000,
    ) -> None:
        """Put the indexed stories on the shelf for good; the first one is asked unless another is named.

        `open_index` opens further stories. Of those, the ones used last stay, up to `most_sentences` together.
        """
        self._first = indexes[0].story.id if indexes else ""
        self._loaded: Loaded[_Placed] = Loaded(most_sentences)
        for index in indexes:
            self._loaded.pin(index.story.id, _Placed(index, Speller(index.story.body, reader.knows)))
        self._open_index = open_index
        self.embedder = embedder
        self._reader = reader
        self._calibration = calibration
        self._lost: set[str | None] = set()  # stories that were told to be missing

    def has(self, story_id: str) -> bool:
        """Say whether a story is on the shelf."""
        return story_id in self._loaded

    def read(self, story_id: str) -> bool:
        """Put a further story on the shelf as `place` does; return False where its index has to be built first."""
        try:
            self.place(story_id, self.embedder, builds=False)
        except SavedIndexError:
            return False
        return True

    def place(
        self, story_id: str, embedder: Embedder, progress: Progress | None = None, *, builds: bool = True
    ) -> None:
        """Put a further story on the shelf; one that is not known stays away, and asking it says so.

        It may be taken off again at once unless it is held.

        Raises:
            SavedIndexError: its index is not saved, and this does not build it.
        """
        if self._open_index is None or story_id in self._loaded:
            return
        with contextlib.suppress(UnknownStoryError):
            index = self._open_index(story_id, embedder, progress, builds=builds)
            speller = Speller(index.story.body, self._reader.knows)
            # From here on it is used in the desk's thread, where taking turns with itself would never end.
            self._loaded.add(story_id, _Placed(index.with_embedder(self.embedder), speller), len(index))

    def holding(self, story_ids: Iterable[str | None]) -> AbstractContextManager[None]:
        """Let these stories stay on the shelf, once they are placed, until the block is left."""
        return self._loaded.holding([story_id for story_id in story_ids if story_id is not None])

    def drop(self, story_id: str) -> None:
        """Take a story off the shelf, when nobody uses it any more; it can be placed again."""
        self._loaded.drop(story_id)

    def index(self, story_id: str | None) -> StoryIndex:
        """Return the index of a story.

        Raises:
            UnknownStoryError: there is no such story.
        """
        return self._placed(story_id).index

    def _placed(self, story_id: str | None) -> _Placed:
        found = self._loaded.get(story_id or self._first)
        if found is None:
            message = "That story is not on my desk any more. Ask your question again."
            raise UnknownStoryError(message)
        return found

    @property
    def size(self) -> tuple[int, int]:
        """Return how many stories are on the shelf, and how many passages they have."""
        placed = self._loaded.things()
        return len(placed), sum(len(one.index) for one in placed)

    def answer_all(self, asked: Sequence[Asked], closest: int, spent: Spent | None = None) -> list[Reply | Exception]:
        """Return the reply to each question, or why there is none; the models work on all of them at once."""
        return together([self._best(one, closest) for one in asked], self.embedder, self._reader, spent)

    def answer(self, question: str, story_id: str | None, closest: int, strictness: Strictness | None = None) -> Reply:
        """Return the reply to a question from one story."""
        return self._alone(self._reply(question, story_id, closest, strictness))

    def answer_with_ranking(
        self, question: str, story_id: str | None, count: int, closest: int
    ) -> tuple[Reply, list[Quote]]:
        """Return the reply to a question and the `count` first of the ranking that it was made from."""
        ranking = self.ranking(question, story_id, count)
        named = self.index(story_id).story.id
        reply = answer_question(question, ranking, named, self._calibration, closest=closest)
        return reply, [Quote.of(candidate, named) for candidate in ranking.candidates]

    def ranking(self, question: str, story_id: str | None, count: int) -> Ranking:
        """Return the `count` best passages for `question` in their final order."""
        return self._alone(self._ranking(question, story_id, count))

    def _best(self, asked: Asked, closest: int) -> Work[Reply]:
        """Return the reply from the story that answers surest; the nearest two are read.

        An answer of the other one that gives another figure or date stands beside it.
        """
        nearest = (yield from self._nearest(asked.question, asked.story_ids))[:_READ]
        replies = []
        for story_id in nearest:
            reply = yield from self._reply(asked.question, story_id, closest, asked.strictness)
            replies.append(reply)
        best = max(replies, key=lambda reply: (-_VERDICTS.index(reply.verdict), reply.confidence))
        if isinstance(best, Answer):
            rivals = [reply for reply in replies if isinstance(reply, Answer) and _contradict(best, reply)]
            best = replace(best, rivals=tuple(rivals))
        return best

    def _nearest(self, text: str, story_ids: Sequence[str | None]) -> Work[list[str | None]]:
        """Return the stories in the order of their best cosine with a text; where there is one, at no cost."""
        if len(story_ids) <= 1:
            return list(story_ids) or [None]
        known = [story_id for story_id in story_ids if story_id is None or self.has(story_id)]
        if lost := set(story_ids) - set(known) - self._lost:
            self._lost |= lost
            names = ", ".join(map(str, lost))
            _log.error("the text of %s cannot be read and is left out; remove the story or bring it again", names)
        vector = (yield Texts((text,)))[0]
        return sorted(known or story_ids, key=lambda story_id: -self.index(story_id).best_cosine(vector))

    def _reply(self, question: str, story_id: str | None, closest: int, strictness: Strictness | None) -> Work[Reply]:
        ranking = yield from self._ranking(question, story_id, _HITS)
        named = self.index(story_id).story.id
        return answer_question(question, ranking, named, self._calibration.at(strictness), closest=closest)

    def _ranking(self, question: str, story_id: str | None, count: int) -> Work[Ranking]:
        placed = self._placed(story_id)
        return (yield from rank(question, placed.index, count, placed.speller))

    def _alone(self, work: Work[_T]) -> _T:
        return alone(work, self.embedder, self._reader)

    def lookup(self, query: str, count: int, story_ids: Sequence[str | None] = (None,)) -> list[Quote]:
        """Return the closest passages of the nearest story; not read, since a query need not ask anything."""
        placed = self._placed(self._alone(self._nearest(query, story_ids))[0])
        hits = placed.index.search(placed.speller.mended(query), count)
        return [Quote.of(Candidate(hit, hit.score), placed.index.story.id) for hit in hits]

    def find(self, claim: str, count: int, story_ids: Sequence[str | None] = (None,)) -> Mention:
        """Return the passage that says what `claim` does, or the `count` closest ones, of the nearest story."""
        placed = self._placed(self._alone(self._nearest(claim, story_ids))[0])
        hits = placed.index.search(placed.speller.mended(claim), count)
        return mention_of(claim, hits, placed.index.story)

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
        placed = self._placed(story_id)
        story = placed.index.story
        if count not in placed.suggestions:
            good: list[str] = []
            tried = islice(suggested_questions(story), _SUGGESTIONS_TRIED)
            while len(good) < count and (some := list(islice(tried, _SUGGESTIONS_AT_ONCE))):
                replies = self.answer_all([Asked(question, (story.id,)) for question in some], 1)
                good += [one for one, reply in zip(some, replies, strict=True) if isinstance(reply, Answer)]
            placed.suggestions[count] = good[:count]
        return placed.suggestions[count]


def _contradict(first: Answer, second: Answer) -> bool:
    """Say whether two answers to the same question give different figures."""
    if first.short is None or second.short is None:
        return False
    return figures_differ(kind_of(focus(first.question)), first.short, second.short)
