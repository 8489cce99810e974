from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from bot_fakes import ANSWERS, BODY, IS_SILENT, SHOWS_CLOSEST, STORY, SlowEmbedder, shelf_of
from fakes import CountingEmbedder, WordReader

from bot.desk import Desk
from bot.errors import BusyError, EmptyQuestionError, QuestionTooLongError, UnknownStoryError
from bot.shelf import Shelf
from index.errors import ModelError
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.telemetry import QuestionAnswered

QUESTION = "How many troops are stationed there?"
OTHER = Story(body="The base is big.", title="Another")


def shelf_once(may_load: threading.Event) -> Shelf:
    assert may_load.wait(10)
    return shelf_of()


async def test_questions_wait_while_the_stories_load() -> None:
    may_load = threading.Event()
    async with Desk(lambda: shelf_once(may_load)) as desk:
        asked = asyncio.create_task(desk.ask(QUESTION))
        await asyncio.sleep(0.05)
        assert not desk.is_ready
        assert not asked.done()
        may_load.set()
        assert (await asked).short == "More than 1,000"
        assert desk.is_ready


async def test_the_desk_opens_by_itself_and_loads_once_in_its_own_thread() -> None:
    threads: list[str] = []

    def load() -> Shelf:
        threads.append(threading.current_thread().name)
        return shelf_of()

    desk = Desk(load)
    assert not desk.is_ready
    await asyncio.gather(desk.ask(QUESTION), desk.lookup("base"), desk.wait_ready())
    desk.open()
    await desk.wait_ready()
    await desk.close()
    assert len(threads) == 1
    assert threads[0].startswith("desk")


async def test_questions_are_answered_in_the_order_in_which_they_came() -> None:
    embedder = CountingEmbedder()
    shelf = shelf_of(embedder=embedder)
    embedder.seen.clear()
    questions = [f"What about troops number {number}?" for number in range(20)]
    async with Desk(lambda: shelf) as desk:
        replies = await asyncio.gather(*map(desk.ask, questions))
    assert embedder.seen == questions
    assert [reply.question for reply in replies] == questions


@pytest.mark.parametrize("question", ["", "  \n", "?!", "👍", "…"])
async def test_a_question_without_a_word_is_refused(question: str) -> None:
    async with Desk(shelf_of) as desk:
        with pytest.raises(EmptyQuestionError, match=r"^There is no question in that\. Ask me something"):
            await desk.ask(question)
        with pytest.raises(EmptyQuestionError):
            await desk.lookup(question)


async def test_a_question_may_be_as_long_as_the_limit_and_no_longer() -> None:
    async with Desk(shelf_of, max_question_characters=1000) as desk:
        await desk.ask(f"  {'x' * 1000}  ")
        with pytest.raises(QuestionTooLongError, match=r"^That is 1,001 characters; I read questions of up to 1,000\."):
            await desk.ask("x" * 1001)


async def test_a_bad_question_is_refused_without_waiting_for_the_model() -> None:
    may_load = threading.Event()
    desk = Desk(lambda: shelf_once(may_load))
    desk.open()
    with pytest.raises(EmptyQuestionError):
        await asyncio.wait_for(desk.ask("?"), 1)
    may_load.set()
    await desk.close()


async def test_a_story_that_is_not_on_the_desk_is_refused() -> None:
    async with Desk(shelf_of) as desk:
        for asking in (desk.ask(QUESTION, "0" * 16), desk.lookup("base", 3, "0" * 16), desk.story("0" * 16)):
            with pytest.raises(UnknownStoryError, match="not on my desk"):
                await asking


async def test_the_first_story_is_asked_unless_another_is_named() -> None:
    async with Desk(lambda: shelf_of(STORY, OTHER)) as desk:
        assert (await desk.ask("Is the base big?")).quotes[0].story_id == STORY.id
        assert (await desk.ask("Is the base big?", OTHER.id)).quotes[0].text == "The base is big."
        assert (await desk.lookup("base", 5, OTHER.id))[0].story_id == OTHER.id
        assert await desk.story() is STORY
        assert await desk.story(OTHER.id) is OTHER


async def test_a_failure_to_load_reaches_everyone_who_asks() -> None:
    def load() -> Shelf:
        message = "The embedding model is not installed."
        raise ModelError(message)

    async with Desk(load) as desk:
        asked = [desk.ask(QUESTION), desk.lookup("base"), desk.story(), desk.suggestions(), desk.wait_ready()]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in found] == [ModelError] * 5
        assert not desk.is_ready


async def test_who_gives_up_waiting_does_not_stop_the_loading() -> None:
    may_load = threading.Event()
    async with Desk(lambda: shelf_once(may_load)) as desk:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.ask(QUESTION), 0.05)
        may_load.set()
        assert (await desk.ask(QUESTION)).verdict == "answered"


async def test_closing_twice_is_fine() -> None:
    desk = Desk(shelf_of)
    await desk.ask(QUESTION)
    await desk.close()
    await desk.close()


async def test_closing_what_was_never_opened_is_fine() -> None:
    await Desk(shelf_of).close()


async def test_closing_before_loading_began_is_fine() -> None:
    desk = Desk(shelf_of)
    desk.open()
    await desk.close()
    assert not desk.is_ready


async def test_closing_after_a_failure_to_load_is_fine() -> None:
    def load() -> Shelf:
        raise ModelError

    desk = Desk(load)
    desk.open()
    await desk.close()
    assert not desk.is_ready


async def test_closing_waits_for_no_queued_question() -> None:
    desk = Desk(lambda: shelf_of(embedder=SlowEmbedder(0.1)))
    await desk.wait_ready()
    asked = [asyncio.create_task(desk.ask(f"{QUESTION} {number}")) for number in range(40)]
    await asyncio.sleep(0.02)
    began = time.perf_counter()
    await desk.close()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert time.perf_counter() - began < 1
    assert sum(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes) >= 20


async def test_the_event_loop_runs_on_while_the_model_works() -> None:
    lags: list[float] = []

    async def heartbeat() -> None:
        while True:
            slept = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append(time.perf_counter() - slept - 0.01)

    async with Desk(lambda: shelf_of(embedder=SlowEmbedder(0.3))) as desk:
        await desk.wait_ready()
        beating = asyncio.create_task(heartbeat())
        await asyncio.gather(desk.ask(QUESTION), desk.lookup("base"))
        beating.cancel()
    # Blocked, it would miss 0.3 s at a stretch; a busy machine misses a little.
    assert max(lags) < 0.15
    assert len(lags) > 15


async def test_the_hook_gets_one_event_a_question_and_never_its_text() -> None:
    events: list[QuestionAnswered] = []
    has_begun, may_go_on = threading.Event(), threading.Event()

    class Held(SlowEmbedder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if any("?" in text for text in texts):
                has_begun.set()
                assert may_go_on.wait(10)
            return super().encode(texts)

    async with Desk(lambda: shelf_of(embedder=Held(0)), hook=events.append) as desk:
        await desk.wait_ready()
        asked = [asyncio.create_task(desk.ask(f" {QUESTION} "))]
        await asyncio.to_thread(has_begun.wait, 10)
        asked.append(asyncio.create_task(desk.ask("Where is the xylophone?")))
        await asyncio.sleep(0.05)
        may_go_on.set()
        first, second = await asyncio.gather(*asked)
        with pytest.raises(EmptyQuestionError):
            await desk.ask("?")
    assert [event.verdict for event in events] == [first.verdict, second.verdict]
    assert [event.question_characters for event in events] == [len(QUESTION), len("Where is the xylophone?")]
    assert events[0].worked_seconds >= 0.05
    assert events[1].waited_seconds >= 0.05
    assert events[0].stages["embedded"] >= 0.05  # where it was held
    assert sum(events[0].stages[stage] for stage in ("embedded", "searched", "read")) == pytest.approx(
        events[0].worked_seconds
    )
    assert "xylophone" not in repr(events)


async def test_lookups_and_claims_are_measured_as_questions_are_and_their_text_is_never_told() -> None:
    events: list[QuestionAnswered] = []
    shelf = shelf_of(embedder=SlowEmbedder(0.05))
    async with Desk(lambda: shelf, hook=events.append, tells_questions=True) as desk:
        await desk.wait_ready()
        await asyncio.gather(
            desk.ask(QUESTION),
            desk.lookup(" base? "),
            desk.find("The base near Agadez cost $100 million."),
            desk.find("A xylophone was played in Paris."),
        )
        with pytest.raises(EmptyQuestionError):
            await desk.lookup("?")
    asked, looked_up, mentioned, unmentioned = events
    assert [event.kind for event in events] == ["question", "lookup", "claim", "claim"]
    assert (looked_up.verdict, mentioned.verdict, unmentioned.verdict) == ("closest", "answered", "closest")
    assert [event.question_characters for event in events[1:]] == [5, 39, 32]
    assert [event.question for event in events] == [QUESTION, None, None, None]
    assert asked.worked_seconds >= 0.05
    assert looked_up.waited_seconds >= 0.05  # the question came first
    assert looked_up.worked_seconds >= 0.05


async def test_lookups_and_claims_count_among_what_may_wait() -> None:
    def work(desk: Desk) -> list[Coroutine[Any, Any, object]]:
        return [desk.ask(QUESTION), desk.lookup("base"), desk.find("The base is closed.")]

    async with Desk(lambda: shelf_of(embedder=SlowEmbedder(0.05)), most_waiting=2, hook=lambda _: None) as desk:
        await desk.wait_ready()
        for at in range(3):
            desk.forget_replies()
            several = work(desk)
            done = await asyncio.gather(*several[at:], *several[:at], return_exceptions=True)
            assert [type(made) for made in done if isinstance(made, Exception)] == [BusyError]
            assert isinstance(done[2], BusyError)
        assert desk.under_way == 0


async def test_the_ranking_is_the_one_the_reply_was_made_from() -> None:
    async with Desk(lambda: shelf_of(calibration=SHOWS_CLOSEST), closest=2, hook=lambda _: None) as desk:
        reply, ranking = await desk.ask_with_ranking("How many troops?", None, 4)
    assert len(ranking) == 4
    assert [quote.span for quote in reply.quotes] == [quote.span for quote in ranking[:2]]


async def test_measuring_asks_questions_over_the_limit_and_counts_nothing() -> None:
    events: list[QuestionAnswered] = []
    async with Desk(shelf_of, max_question_characters=20, hook=events.append) as desk:
        reply, _ = await desk.ask_with_ranking("troops " * 20, None, 10)
    assert reply.quotes
    assert events == []


async def test_lookup_gives_as_many_passages_as_asked_best_first() -> None:
    async with Desk(shelf_of) as desk:
        found = await desk.lookup("the cost of the base", 3)
        everything = await desk.lookup("the cost of the base", 100)
    assert [quote.text for quote in found][:1] == ["The base near Agadez cost $100 million."]
    assert [quote.score for quote in everything] == sorted((quote.score for quote in everything), reverse=True)
    assert found == everything[:3]
    assert len(everything) == 6
    assert all(quote.text == BODY[quote.span.start : quote.span.end] for quote in everything)


async def test_passages_come_in_the_order_of_their_numbers_and_unknown_ones_are_left_out() -> None:
    async with Desk(shelf_of) as desk:
        found = await desk.passages([3, -1, 0, 99])
    assert [(quote.number, quote.text) for quote in found] == [
        (3, "The base near Agadez cost $100 million."),
        (0, "The United States will pull its troops out of Niger."),
    ]


async def test_only_questions_that_are_answered_are_suggested() -> None:
    async with Desk(shelf_of) as desk:
        found = await desk.suggestions(2)
        assert found[0] == "How many American troops are there?"
        assert len(found) == 2
        assert [(await desk.ask(question)).verdict for question in found] == ["answered", "answered"]
    async with Desk(lambda: shelf_of(calibration=IS_SILENT)) as desk:
        assert await desk.suggestions(2) == []


async def test_a_lookup_is_ranked_by_nearness_alone_on_its_scale() -> None:
    reader = WordReader({"closed": 12.0}, unknown=("trops",))
    async with Desk(lambda: shelf_of(reader=reader)) as desk:
        found = await desk.lookup("trops", 6)
    assert found[0].text == "The United States will pull its troops out of Niger."
    assert reader.seen == []
    assert all(quote.score >= 0 for quote in found)


async def test_questions_that_wait_are_answered_together_and_each_gets_its_own_reply() -> None:
    embedder, calls = CountingEmbedder(), []

    class Seen(SlowEmbedder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            calls.append(list(texts))
            return super().encode(texts)

    shelf = shelf_of(embedder=Seen(0.05, embedder))
    calls.clear()
    questions = [f"What about troops number {number}?" for number in range(30)]
    async with Desk(lambda: shelf) as desk:
        await desk.wait_ready()
        replies = await asyncio.gather(
            *map(desk.ask, questions), desk.ask(questions[3], OTHER.id), return_exceptions=True
        )
    assert [reply.question for reply in replies[:-1] if not isinstance(reply, BaseException)] == questions
    assert isinstance(replies[-1], UnknownStoryError)  # and the others of its turn did not suffer
    assert len(calls) < 6
    assert [text for call in calls for text in call] == questions


async def test_what_was_just_answered_is_not_worked_on_again_until_a_story_comes() -> None:
    embedder = CountingEmbedder()
    events: list[QuestionAnswered] = []
    shelf = shelf_of(embedder=embedder, calibration=replace(ANSWERS, thresholds={"strict": 0.5}))
    embedder.seen.clear()
    async with Desk(lambda: shelf, hook=events.append) as desk:
        first = await desk.ask(QUESTION)
        assert await desk.ask(f" {QUESTION}") is first
        assert embedder.seen == [QUESTION]
        await desk.ask(QUESTION, strictness="strict")
        assert len(embedder.seen) == 2
        await desk.place(STORY.id)
        assert await desk.ask(QUESTION) == first
        assert len(embedder.seen) == 3
    assert [event.is_repeated for event in events] == [False, True, False, False]


async def test_only_so_many_replies_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.desk._REMEMBERED", 3)
    async with Desk(shelf_of) as desk:
        for number in range(9):
            await desk.ask(f"What about troops number {number}?")
        assert len(desk._replies) == 3


async def test_a_model_that_fails_is_told_to_everyone_of_that_turn_and_the_desk_goes_on() -> None:
    class Fails(SlowEmbedder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if any("fail" in text for text in texts):
                message = "no memory"
                raise MemoryError(message)
            return super().encode(texts)

    async with Desk(lambda: shelf_of(embedder=Fails(0.02))) as desk:
        await desk.wait_ready()
        outcomes = await asyncio.gather(desk.ask("Does it fail?"), desk.ask("fail?"), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [MemoryError, MemoryError]
        assert (await desk.ask(QUESTION)).verdict == "answered"


async def test_it_begins_to_load_when_it_is_told_and_closes_also_if_it_never_was() -> None:
    calls: list[str] = []

    def load() -> Shelf:
        calls.append("load")
        return shelf_of()

    told = asyncio.Event()
    for is_told in (False, True):
        calls.clear()
        told.clear()
        desk = Desk(load, hook=lambda _: None)
        desk.open(when=told)
        await asyncio.sleep(0)
        assert not calls
        if is_told:
            told.set()
            await desk.wait_ready()
            assert calls == ["load"]
        await desk.close()
        assert desk.is_ready is is_told
