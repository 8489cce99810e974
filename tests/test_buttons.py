"""The buttons below replies, pressed on a simulated Discord."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from discord_desk import bot_with, buttons_of, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name

from bot.cogs.told_votes import ToldVotes
from bot.language import ENGLISH
from bot.ui.buttons import parsed_numbers
from index.load import shipped_story

if TYPE_CHECKING:
    from pathlib import Path

    import simcord

    from bot.app import StorydeskBot
    from bot.shelf import Shelf

TROOPS = "how many US troops have to go?"


async def answered(alice: simcord.MemberActor, channel: simcord.ChannelHandle) -> simcord.ResponseMessage:
    response = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert response is not None
    return response


async def test_an_answer_has_four_buttons_that_say_in_words_what_they_do(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    answer = await answered(alice, channel)
    assert [button["label"] for button in buttons_of(answer.components)] == [
        "In context",
        "More passages",
        "Helpful",
        "Not helpful",
    ]


async def test_in_context_shows_the_paragraph_with_the_quote_in_bold_to_whoever_presses(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    shown = (await alice.click(await answered(alice, channel), label="In context")).response
    assert shown is not None
    assert shown.ephemeral
    paragraph = shipped_story().paragraphs[2]
    text = said(shown).replace("\n> ", " ").replace("*", "").replace("\\", "")
    assert shipped_story().text(paragraph.span) in text
    assert "**More than 1,000 American troops are stationed in Niger" in said(shown)


async def test_more_passages_are_paged_and_the_pages_replace_each_other(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    first = (await alice.click(await answered(alice, channel), label="More passages")).response
    assert first is not None
    assert first.ephemeral
    assert "Page 1 of 2" in said(first)
    before, after = buttons_of(first.components)
    assert (before["disabled"], after["disabled"]) == (True, False)
    second = (await alice.click(first, label="Next page")).response
    assert second is not None
    assert second.id == first.id
    assert "Page 2 of 2" in said(second)
    assert set(re.findall(r"^> .*", said(second), re.MULTILINE)).isdisjoint(re.findall(r"^> .*", said(first)))
    back = (await alice.click(second, label="Previous page")).response
    assert "Page 1 of 2" in said(back)


async def test_lookup_is_paged_with_its_scores(alice: simcord.MemberActor, channel: simcord.ChannelHandle) -> None:
    first = (await alice.slash(channel, "lookup", query="drone base", count=8)).response
    scores = re.findall(r"score (-?\d\.\d\d)", said(first))
    assert len(scores) == 5
    assert first is not None
    second = (await alice.click(first, label="Next page")).response
    scores += re.findall(r"score (-?\d\.\d\d)", said(second))
    assert len(scores) == 8
    assert sorted(scores, key=float, reverse=True) == scores


async def test_votes_are_counted_changed_and_taken_back(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    answer = await answered(alice, channel)
    bob = env.guild.add_member(env.create_user("bob"))
    counted = (await alice.click(answer, label="Helpful")).response
    assert said(counted) == ENGLISH("vote-counted")
    assert counted is not None
    assert counted.ephemeral
    await bob.click(answer, label="Helpful")
    assert said((await alice.click(answer, label="Not helpful")).response) == ENGLISH("vote-changed")
    insights = await bot.given_answers.insights(env.guild.id, 0)
    assert (insights.helpful, insights.unhelpful) == (1, 1)
    assert said((await alice.click(answer, label="Not helpful")).response) == ENGLISH("vote-withdrawn")
    assert (await bot.given_answers.insights(env.guild.id, 0)).unhelpful == 0


async def test_every_button_works_after_a_restart(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, shelf: Shelf, tmp_path: Path
) -> None:
    answer = await answered(alice, channel)
    more = (await alice.click(answer, label="More passages")).response
    assert more is not None
    await env.restart_bot(bot_with(lambda: shelf, tmp_path))
    assert "Page 2 of 2" in said((await alice.click(more, label="Next page")).response)
    assert ENGLISH("in-context") in said((await alice.click(answer, label="In context")).response)
    assert said((await alice.click(answer, label="Helpful")).response) == ENGLISH("vote-counted")


async def test_a_vote_on_an_answer_that_is_forgotten_says_so(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    answer = await answered(alice, channel)
    await bot.store.forget_guild(env.guild.id)
    assert said((await alice.click(answer, label="Helpful")).response) == ENGLISH("vote-unknown")


async def test_a_vote_against_an_answer_is_told_in_the_feedback_channel_without_the_voter(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    feedback = env.guild.create_text_channel("feedback")
    await bot.store.change_guild_settings(env.guild.id, 1, {"feedback_channel": feedback.id})
    answer = await answered(alice, channel)
    await alice.click(answer, label="Helpful")
    assert feedback.last_message is None
    await alice.click(answer, label="Not helpful")
    assert f"/{channel.id}/{answer.id}" in said(feedback.last_message)
    assert str(alice.id) not in said(feedback.last_message)


async def test_a_vote_against_an_answer_is_told_once_for_each_member_however_often_they_press(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    feedback = env.guild.create_text_channel("feedback")
    await bot.store.change_guild_settings(env.guild.id, 1, {"feedback_channel": feedback.id})
    answer = await answered(alice, channel)
    for label in ("Not helpful", "Not helpful", "Not helpful", "Helpful", "Not helpful"):
        await alice.click(answer, label=label)
    assert len(feedback.history()) == 1
    await env.guild.add_member(env.create_user("bob")).click(answer, label="Not helpful")
    assert len(feedback.history()) == 2
    await alice.slash(channel, "privacy forget")
    await alice.click(answer, label="Not helpful")
    assert len(feedback.history()) == 3


def test_of_many_votes_that_were_told_the_oldest_is_forgotten() -> None:
    told = ToldVotes()
    assert all(told.note(number, 1) for number in range(5_001))
    assert not told.note(5_000, 1)
    assert told.note(0, 1)


async def test_a_member_without_the_role_is_told_so_at_the_button(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    answer = await answered(alice, channel)
    role = env.guild.create_role("Readers")
    await bot.store.change_guild_settings(env.guild.id, 1, {"roles": (role.id,)})
    refused = (await alice.click(answer, label="In context")).response
    assert refused is not None
    assert refused.ephemeral
    assert said(refused) == ENGLISH("not-for-you", roles=f"<@&{role.id}>")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3", [(3, None)]), ("3~71.12~-5", [(3, 0.71), (12, -0.05)]), ("3.4", [(3, None), (4, None)])],
)
def test_a_buttons_id_holds_numbers_and_scores(text: str, numbers: list[tuple[int, float | None]]) -> None:
    assert parsed_numbers(text) == numbers
