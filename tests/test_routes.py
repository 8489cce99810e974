"""Faults on every route that the bot uses: whatever Discord answers, whoever asked reads what they were to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import simcord
from discord_desk import as_if_updated, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot.language import ENGLISH
from index.load import shipped_story
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.app import StorydeskBot

SETTINGS = {"discord": {"read_all_messages": True}}
TROOPS = "how many US troops have to go?"
TENNIS = "Who won the tennis in Paris?"
HEADCOUNT = "More than 1,000"
CALLBACK = "/interactions/*/*/callback"
ORIGINAL = "/webhooks/*/*/messages/@original"
MESSAGES = "/channels/*/messages"
MESSAGE = "/channels/*/messages/*"
FAULTS = [(400, 50035), (403, 50013), (404, 10008), (500, 0)]


@dataclass
class Scene:
    """A guild with two people, and a fault that comes with the next request to a route."""

    env: simcord.Env
    bot: StorydeskBot
    alice: simcord.MemberActor
    chief: simcord.MemberActor
    channel: simcord.ChannelHandle
    status: int
    code: int

    def fail(self, method: str, path: str, times: int | None = 1) -> None:
        self.env.inject_error(method, path, status=self.status, code=self.code, times=times)

    def read_by(self, actor: simcord.MemberActor, *results: simcord.InteractionResult) -> str:
        """Return all that somebody can read: the channel, direct messages and what replied to them alone."""
        messages = [*self.channel.history(viewer=actor), *actor.user.dm_channel.history()]
        replies = [result.response for result in results if result.response is not None]
        return "\n".join([*map(said, messages), *map(said, replies)])

    async def card(self) -> simcord.ResponseMessage:
        card = (await self.chief.slash(self.channel, "desk show")).response
        assert card is not None
        return card

    async def answer(self) -> simcord.ResponseMessage:
        answer = (await self.alice.slash(self.channel, "ask", question=TROOPS)).response
        assert answer is not None
        return answer

    async def change(self, **changes: Any) -> None:
        await self.bot.store.change_guild_settings(self.env.guild.id, 1, changes)


@pytest.fixture(params=FAULTS, ids=lambda fault: str(fault[0]))
def scene(
    request: pytest.FixtureRequest,
    env: simcord.Env,
    bot: StorydeskBot,
    alice: simcord.MemberActor,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
) -> Scene:
    return Scene(env, bot, alice, chief, channel, *request.param)


async def a_slash_command_is_not_deferred(scene: Scene) -> tuple[str, str]:
    scene.fail("POST", CALLBACK)
    asked = await scene.alice.slash(scene.channel, "ask", question=TROOPS)
    return HEADCOUNT, scene.read_by(scene.alice, asked)


async def an_answer_is_not_shown(scene: Scene) -> tuple[str, str]:
    scene.fail("PATCH", ORIGINAL)
    asked = await scene.alice.slash(scene.channel, "ask", question=TROOPS)
    return HEADCOUNT, scene.read_by(scene.alice, asked)


async def an_answer_that_is_not_shown_is_not_sent_either(scene: Scene) -> tuple[str, str]:
    scene.fail("PATCH", ORIGINAL)
    scene.fail("POST", MESSAGES)
    asked = await scene.alice.slash(scene.channel, "ask", question=TROOPS)
    return HEADCOUNT, scene.read_by(scene.alice, asked)


async def a_refusal_is_not_shown(scene: Scene) -> tuple[str, str]:
    here = scene.env.guild.create_text_channel("ask-here")
    await scene.change(channels=(here.id,))
    scene.fail("POST", CALLBACK)
    asked = await scene.alice.slash(scene.channel, "ask", question=TROOPS)
    return ENGLISH("not-here", channels=f"<#{here.id}>"), scene.read_by(scene.alice, asked)


async def a_refusal_is_not_sent_privately_either(scene: Scene) -> tuple[str, str]:
    role = scene.env.guild.create_role("Readers")
    await scene.change(roles=(role.id,))
    scene.fail("POST", CALLBACK)
    scene.fail("POST", "/users/@me/channels")
    asked = await scene.alice.slash(scene.channel, "ask", question=TROOPS)
    told = scene.read_by(scene.alice, asked)
    await scene.env.advance_time(30)
    assert scene.channel.last_message is None
    return ENGLISH("not-for-you", roles=f"<@&{role.id}>"), told


async def a_form_is_not_shown(scene: Scene) -> tuple[str, str]:
    card = await scene.card()
    scene.fail("POST", CALLBACK)
    return ENGLISH("form-not-shown"), scene.read_by(scene.chief, await scene.chief.click(card, label="Cooldowns …"))


async def a_form_for_a_story_is_not_shown_nor_any_line(scene: Scene) -> tuple[str, str]:
    scene.fail("POST", CALLBACK, times=None)
    return ENGLISH("form-not-shown"), scene.read_by(scene.chief, await scene.chief.slash(scene.channel, "story add"))


async def a_form_that_was_filled_in_is_not_taken(scene: Scene) -> tuple[str, str]:
    form = await scene.chief.click(await scene.card(), label="Cooldowns …")
    scene.fail("POST", CALLBACK)
    scene.fail("PATCH", ORIGINAL)
    await scene.chief.submit_modal(form, {"seconds": "60", "questions": "0"})
    assert scene.channel.last_message is None, "settings are for the admin alone"
    return ENGLISH(
        "changed", settings=", ".join(map(ENGLISH, ("setting-cooldown_seconds", "setting-questions_a_minute")))
    ), (scene.read_by(scene.chief))


async def a_button_is_not_taken(scene: Scene) -> tuple[str, str]:
    answer = await scene.answer()
    scene.fail("POST", CALLBACK)
    return ENGLISH("in-context"), scene.read_by(scene.alice, await scene.alice.click(answer, label="In context"))


async def a_menu_is_not_taken(scene: Scene) -> tuple[str, str]:
    card = await scene.card()
    scene.fail("POST", CALLBACK)
    scene.fail("PATCH", ORIGINAL)
    await scene.chief.select(card, ["strict"], custom_id="desk:strictness")
    return ENGLISH("changed", settings=ENGLISH("setting-strictness")), scene.read_by(scene.chief)


async def a_chart_is_not_shown_and_sent_privately_with_its_file(scene: Scene) -> tuple[str, str]:
    await scene.answer()
    scene.fail("PATCH", ORIGINAL)
    await scene.chief.slash(scene.channel, "desk insights")
    note = scene.chief.user.dm_channel.last_message
    assert note is not None
    assert [file.filename for file in note.attachments] == ["insights.png"]
    return "Questions: 1", scene.read_by(scene.chief)


async def choices_are_not_taken(scene: Scene) -> tuple[str, str]:
    scene.fail("POST", CALLBACK)
    await scene.alice.autocomplete(scene.channel, "ask", "story", "niger")
    return HEADCOUNT, scene.read_by(scene.alice, await scene.alice.slash(scene.channel, "ask", question=TROOPS))


async def a_reply_to_a_message_is_not_sent(scene: Scene) -> tuple[str, str]:
    scene.fail("POST", MESSAGES)
    await scene.alice.send(scene.channel, f"{mention(scene.env)} {TROOPS}")
    return HEADCOUNT, scene.read_by(scene.alice)


async def the_bot_may_not_type(scene: Scene) -> tuple[str, str]:
    scene.fail("POST", "/channels/*/typing")
    await scene.alice.send(scene.channel, f"{mention(scene.env)} {TROOPS}")
    return HEADCOUNT, scene.read_by(scene.alice)


async def a_thread_is_not_opened(scene: Scene) -> tuple[str, str]:
    await scene.change(listens=(scene.channel.id,), threads=True)
    scene.fail("POST", "/channels/*/messages/*/threads")
    await scene.alice.send(scene.channel, TROOPS)
    return HEADCOUNT, scene.read_by(scene.alice)


async def an_answer_is_not_edited_along(scene: Scene) -> tuple[str, str]:
    question = await scene.alice.send(scene.channel, f"{mention(scene.env)} {TENNIS}")
    scene.fail("PATCH", MESSAGE)
    await scene.alice.edit(question, f"{mention(scene.env)} {TROOPS}")
    # What is not there any more was taken away by somebody, and stays away.
    return HEADCOUNT if scene.status != 404 else "says nothing about that", scene.read_by(scene.alice)


async def an_answer_is_neither_edited_along_nor_written_anew(scene: Scene) -> tuple[str, str]:
    question = await scene.alice.send(scene.channel, f"{mention(scene.env)} {TENNIS}")
    scene.fail("PATCH", MESSAGE)
    scene.fail("POST", MESSAGES)
    await scene.alice.edit(question, f"{mention(scene.env)} {TROOPS}")
    return "on my side" if scene.status != 404 else "says nothing about that", scene.read_by(scene.alice)


async def a_refusal_is_not_taken_away(scene: Scene) -> tuple[str, str]:
    here = scene.env.guild.create_text_channel("ask-here")
    await scene.change(channels=(here.id,))
    scene.fail("DELETE", MESSAGE)
    await scene.alice.send(scene.channel, f"{mention(scene.env)} {TROOPS}")
    await scene.env.advance_time(30)
    return ENGLISH("not-here", channels=f"<#{here.id}>"), scene.read_by(scene.alice)


async def a_vote_is_not_told_in_the_feedback_channel(scene: Scene) -> tuple[str, str]:
    feedback = scene.env.guild.create_text_channel("feedback")
    await scene.change(feedback_channel=feedback.id)
    answer = await scene.answer()
    scene.fail("POST", MESSAGES)
    voted = await scene.alice.click(answer, label="Not helpful")
    assert feedback.last_message is None
    return ENGLISH("vote-counted"), scene.read_by(scene.alice, voted)


async def the_outdated_answer_is_not_found(scene: Scene) -> tuple[str, str]:
    return await _outdated(scene, "GET")


async def the_outdated_answer_is_not_marked(scene: Scene) -> tuple[str, str]:
    return await _outdated(scene, "PATCH")


async def _outdated(scene: Scene, method: str) -> tuple[str, str]:
    """Mark two answers, the first of which fails: the second is marked all the same."""
    for _ in range(2):
        await scene.alice.send(scene.channel, f"{mention(scene.env)} {TROOPS}")
    scene.fail(method, MESSAGE)
    newer = Story(body="Nothing is as it was.", title="News")
    as_if_updated(scene.bot, scene.env.guild.id, shipped_story(), newer)
    assert await scene.bot.outdated.mark() == 1
    return ENGLISH("outdated"), scene.read_by(scene.alice)


@pytest.mark.parametrize(
    "act",
    [
        a_slash_command_is_not_deferred,
        an_answer_is_not_shown,
        an_answer_that_is_not_shown_is_not_sent_either,
        a_refusal_is_not_shown,
        a_refusal_is_not_sent_privately_either,
        a_form_is_not_shown,
        a_form_for_a_story_is_not_shown_nor_any_line,
        a_form_that_was_filled_in_is_not_taken,
        a_button_is_not_taken,
        a_menu_is_not_taken,
        a_chart_is_not_shown_and_sent_privately_with_its_file,
        choices_are_not_taken,
        a_reply_to_a_message_is_not_sent,
        the_bot_may_not_type,
        a_thread_is_not_opened,
        an_answer_is_not_edited_along,
        an_answer_is_neither_edited_along_nor_written_anew,
        a_refusal_is_not_taken_away,
        a_vote_is_not_told_in_the_feedback_channel,
        the_outdated_answer_is_not_found,
        the_outdated_answer_is_not_marked,
    ],
    ids=lambda act: act.__name__,
)
async def test_a_fault_on_any_route_ends_in_a_reply(
    scene: Scene, act: Callable[[Scene], Awaitable[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    expected, read = await act(scene)
    assert expected in read


async def test_a_reply_that_discord_refuses_everywhere_becomes_a_plain_line_with_a_code(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    env.inject_error("PATCH", ORIGINAL, status=400, code=50035)
    env.inject_error("POST", MESSAGES, status=400, code=50035, times=2)
    told = said((await alice.slash(channel, "ask", question=TROOPS)).response)
    assert told.startswith("Something went wrong on my side")
    code = told.rpartition("under `")[2][:8]
    assert f"error {code}" in caplog.text


@pytest.mark.parametrize("error", [None, aiohttp.ClientConnectionError("reset"), TimeoutError()])
async def test_a_file_that_discord_does_not_give_is_no_bug_of_ours(
    env: simcord.Env,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
) -> None:
    def lost(_: str) -> bytes | None:
        if error is not None:
            raise error
        return None  # which simcord answers with 404

    monkeypatch.setattr(env.backend.cdn, "get", lost)
    told = (await chief.slash(channel, "story add", file=("bridge.md", b"# Bridge\n\nIt closes."))).response
    assert said(told) == ENGLISH("story-not-downloaded")
