"""`/desk` on a simulated Discord: who may use it, what each setting does, and how it is taken back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
import simcord
from discord_desk import bot_with, buttons_of, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from matplotlib.figure import Figure

from bot.guild_settings import MOST_PLACES, GuildSettings
from bot.insights import chart, chart_text, csv_of
from bot.language import ENGLISH, LANGUAGES, phrases
from bot.phrase import TEXT_LIMIT
from bot.store.records import Insights, Unanswered
from bot.ui.desk_card import DeskCard

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf

TROOPS = "how many US troops have to go?"
TENNIS = "Who won the tennis in Paris?"


async def card_of(chief: simcord.MemberActor, channel: simcord.ChannelHandle) -> simcord.ResponseMessage:
    response = (await chief.slash(channel, "desk show")).response
    assert response is not None
    return response


async def settings(bot: StorydeskBot, env: simcord.Env) -> GuildSettings:
    return await bot.store.guild_settings(env.guild.id)


async def test_the_card_shows_every_setting_to_the_admin_alone(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    card = await card_of(chief, channel)
    assert card.ephemeral
    names = set(GuildSettings.model_fields) - {"questions_a_minute"}
    assert all(ENGLISH(f"setting-{name}") in said(card) for name in names)
    assert not [button for button in buttons_of(card.components) if button["label"] == "Undo"]


@pytest.mark.parametrize("name", ["desk show", "desk insights", "desk export"])
async def test_who_does_not_manage_the_guild_is_refused_even_if_discord_let_them(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, name: str
) -> None:
    (desk,) = [command for command in await bot.tree.fetch_commands() if command.name == "desk"]
    env.guild.set_command_permissions(desk, {alice: True})
    refused = (await alice.slash(channel, name)).response
    assert refused is not None
    assert refused.ephemeral
    assert said(refused) == ENGLISH("not-manager")


async def test_discord_hides_the_commands_from_members(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    assert not [name for name in alice.available_commands(channel) if name.startswith("desk")]


async def test_a_switch_is_confirmed_and_taken_back(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle,
    bot: StorydeskBot,
) -> None:  # fmt: skip
    changed = (await chief.click(await card_of(chief, channel), label="Private on/off")).response
    assert ENGLISH("changed", settings=ENGLISH("setting-private")) in said(changed)
    assert (await settings(bot, env)).private
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    assert answer.ephemeral
    public = (await alice.slash(channel, "ask", question=TROOPS, private=False)).response
    assert public is not None
    assert not public.ephemeral
    assert changed is not None
    undone = (await chief.click(changed, label="Undo")).response
    assert ENGLISH("undone") in said(undone)
    assert await settings(bot, env) == GuildSettings()


async def test_an_undo_that_comes_after_another_change_leaves_everything_as_it_is(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    first = (await chief.click(await card_of(chief, channel), label="Private on/off")).response
    await chief.click(await card_of(chief, channel), label="Threads on/off")
    assert first is not None
    assert ENGLISH("not-undone") in said((await chief.click(first, label="Undo")).response)
    assert await settings(bot, env) == GuildSettings(private=True, threads=True)


async def test_menus_set_channels_roles_strictness_language_and_the_feedback_channel(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    role = env.guild.create_role("Readers")

    async def choose(field: str, *values: Any) -> str:
        return said((await chief.select(await card_of(chief, channel), values, custom_id=f"desk:{field}")).response)

    await choose("channels", channel)
    await choose("roles", role)
    await choose("feedback_channel", channel)
    await choose("strictness", "strict")
    text = await choose("language", "de")
    assert await settings(bot, env) == GuildSettings(
        channels=(channel.id,), roles=(role.id,), feedback_channel=channel.id, strictness="strict", language="de"
    )
    assert phrases("de")("desk") in text
    await choose("strictness", "default")
    await choose("feedback_channel")
    await choose("roles")
    await choose("language", "default")
    assert await settings(bot, env) == GuildSettings(channels=(channel.id,))


@pytest.mark.parametrize(
    "name", ["channels", "listens", "roles", "librarians", "feedback_channel", "strictness", "language"]
)
async def test_what_a_menu_changed_is_taken_back(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, name: str
) -> None:
    before = GuildSettings(
        channels=(1,), listens=(2,), roles=(3,), librarians=(4,), feedback_channel=5, strictness="strict", language="fr"
    )
    await bot.store.change_guild_settings(env.guild.id, 1, before.model_dump(exclude_defaults=True))
    chosen: Any = {"strictness": "relaxed", "language": "de"}.get(name, channel)
    if name in ("roles", "librarians"):
        chosen = env.guild.create_role("Readers")
    changed = (await chief.select(await card_of(chief, channel), [chosen], custom_id=f"desk:{name}")).response
    now = await settings(bot, env)
    assert now != before
    assert now.model_copy(update={name: getattr(before, name)}) == before
    assert changed is not None
    undone = (await chief.click(changed, custom_id=undo_of(changed))).response
    assert phrases("de" if name == "language" else "fr")("undone") in said(undone)
    assert await settings(bot, env) == before


@pytest.mark.parametrize("name", ["private", "threads", "keeps_unanswered", "marks_outdated"])
async def test_every_switch_is_taken_back(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, name: str
) -> None:
    before = await settings(bot, env)
    changed = (await chief.click(await card_of(chief, channel), custom_id=f"desk-{name}")).response
    assert getattr(await settings(bot, env), name) is not getattr(before, name)
    assert changed is not None
    undone = (await chief.click(changed, custom_id=undo_of(changed))).response
    assert ENGLISH("undone") in said(undone)
    assert await settings(bot, env) == before


async def test_cooldowns_are_taken_back_together(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    before = {"cooldown_seconds": 5, "questions_a_minute": 7}
    await bot.store.change_guild_settings(env.guild.id, 1, before)
    form = await chief.click(await card_of(chief, channel), label="Cooldowns …")
    changed = (await chief.submit_modal(form, {"seconds": "60", "questions": "30"})).response
    assert (await settings(bot, env)).model_dump(include=set(before)) == {
        "cooldown_seconds": 60,
        "questions_a_minute": 30,
    }
    assert changed is not None
    await chief.click(changed, custom_id=undo_of(changed))
    assert (await settings(bot, env)).model_dump(include=set(before)) == before


@pytest.mark.parametrize("on", [True, False])
async def test_listening_is_taken_back(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, *, on: bool
) -> None:
    before = (1,) if on else (1, channel.id)
    await bot.store.change_guild_settings(env.guild.id, 1, {"listens": before})
    changed = (await chief.slash(channel, "desk listen", channel=channel, on=on)).response
    assert (await settings(bot, env)).listens == ((1, channel.id) if on else (1,))
    assert changed is not None
    await chief.click(changed, custom_id=undo_of(changed))
    assert (await settings(bot, env)).listens == before


def undo_of(card: simcord.ResponseMessage) -> str:
    """Return the id of the button that takes a change back."""
    ids: list[str] = [button["custom_id"] for button in buttons_of(card.components)]
    (found,) = [custom_id for custom_id in ids if custom_id.startswith("desk-undo")]
    return found


async def test_an_old_card_works_after_a_restart(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, shelf: Shelf, tmp_path: Path
) -> None:
    card = await card_of(chief, channel)
    fresh = bot_with(lambda: shelf, tmp_path)
    await env.restart_bot(fresh)
    await chief.select(card, ["strict"], custom_id="desk:strictness")
    assert (await settings(fresh, env)).strictness == "strict"


async def test_outside_the_chosen_channels_whoever_asks_is_told_where_to(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    here = env.guild.create_text_channel("ask-here")
    await bot.store.change_guild_settings(env.guild.id, 1, {"channels": (here.id,)})
    told = ENGLISH("not-here", channels=f"<#{here.id}>")
    refused = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert refused is not None
    assert refused.ephemeral
    assert said(refused) == told
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert said(channel.last_message) == told
    await env.advance_time(30)
    assert said(channel.last_message) == f"{mention(env)} {TROOPS}"
    assert "1,000" in said((await alice.slash(here, "ask", question=TROOPS)).response)


async def test_a_category_stands_for_its_channels(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    category = env.guild.create_category("News")
    inside = env.guild.create_text_channel("inside", category=category)
    await bot.store.change_guild_settings(env.guild.id, 1, {"channels": (category.id,)})
    assert "1,000" in said((await alice.slash(inside, "ask", question=TROOPS)).response)
    assert "1,000" not in said((await alice.slash(channel, "ask", question=TROOPS)).response)


async def test_who_asks_too_soon_is_told_when_to_come_back(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    form = await chief.click(await card_of(chief, channel), label="Cooldowns …")
    await chief.submit_modal(form, {"seconds": "60", "questions": "0"})
    await alice.slash(channel, "ask", question=TROOPS)
    refused = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert refused is not None
    assert refused.ephemeral
    assert said(refused).startswith("One moment, please: ask me again <t:")
    assert "1,000" in said((await chief.slash(channel, "ask", question=TROOPS)).response)


@pytest.mark.parametrize(("seconds", "questions"), [("soon", "0"), ("4000", "0"), ("0", "601"), ("-1", "0")])
async def test_a_cooldown_that_cannot_be_is_refused_and_changes_nothing(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot,
    seconds: str, questions: str,
) -> None:  # fmt: skip
    card = await card_of(chief, channel)
    form = await chief.click(card, label="Cooldowns …")
    told = await chief.submit_modal(form, {"seconds": seconds, "questions": questions})
    assert [said(line) for line in told.followups] == [ENGLISH("form-wrong")]
    assert said(told.response) == said(card)
    assert await settings(bot, env) == GuildSettings()


async def test_strictness_of_a_guild_changes_what_is_called_an_answer(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    question = "who governs niger"
    verdicts = []
    for strictness in ("relaxed", "strict"):
        await bot.store.change_guild_settings(env.guild.id, 1, {"strictness": strictness})
        text = said((await alice.slash(channel, "ask", question=question)).response)
        verdicts.append("I find no answer" in text)
    assert verdicts == [False, True]


async def test_listening_says_what_it_needs_when_the_bot_cannot_read(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    opened = said((await chief.slash(channel, "desk listen", channel=channel)).response)
    assert ENGLISH("listen-needs-intent") in opened
    assert (await settings(bot, env)).listens == (channel.id,)
    closed = said((await chief.slash(channel, "desk listen", channel=channel, on=False)).response)
    assert ENGLISH("listen-needs-intent") not in closed
    assert (await settings(bot, env)).listens == ()


async def test_the_channel_beyond_the_most_is_refused_with_the_limit(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    most = tuple(range(1, MOST_PLACES + 1))
    await bot.store.change_guild_settings(env.guild.id, 1, {"listens": most})
    told = said((await chief.slash(channel, "desk listen", channel=channel)).response)
    assert told == ENGLISH("too-many-places", most=MOST_PLACES)
    await chief.select(await card_of(chief, channel), [channel], custom_id="desk:listens")
    assert (await settings(bot, env)).listens == (channel.id, *most[25:])


async def test_a_menu_keeps_what_it_has_no_room_to_show(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    channels = [env.guild.create_text_channel(f"room-{number}") for number in range(30)]
    places = tuple(room.id for room in channels)
    await bot.store.change_guild_settings(env.guild.id, 1, {"listens": places, "channels": places, "roles": places})
    card = await card_of(chief, channel)
    assert said(card).count("… (+5)") == 3
    await chief.select(card, channels[:20], custom_id="desk:listens")
    assert (await settings(bot, env)).listens == (*places[:20], *places[25:])


def test_the_fullest_card_fits_into_a_message() -> None:
    most = tuple(10**19 + number for number in range(MOST_PLACES))
    fullest = GuildSettings(channels=most, roles=most, librarians=most, listens=most, feedback_channel=most[0])
    for language in LANGUAGES:
        card = DeskCard(fullest, phrases(language), note="x" * 400, undo=10**9)
        assert card.content_length() <= TEXT_LIMIT
        assert card.total_children_count <= 40


async def file_of(response: simcord.ResponseMessage | None, name: str) -> bytes:
    """Return the contents of a file that was sent with a response."""
    assert response is not None
    (attachment,) = [file for file in response.attachments if file.filename == name]
    return await attachment.read()


async def test_insights_count_what_was_asked_in_this_guild_only(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    nothing = said((await chief.slash(channel, "desk insights")).response)
    assert nothing == ENGLISH("insights-none", days=30)
    await alice.slash(channel, "ask", question=TROOPS)
    await alice.send(channel, f"{mention(env)} {TENNIS}")
    other = env.create_guild("Club")
    elsewhere = other.create_text_channel("general")
    await other.add_member(env.create_user("bob")).slash(elsewhere, "ask", question=TROOPS)
    insights = (await chief.slash(channel, "desk insights")).response
    text = said(insights)
    assert "Questions: 2, from 1 members" in text
    assert "Answered: 1 (50%)" in text
    assert "about something else: 1" in text
    picture = await file_of(insights, "insights.png")
    assert picture.startswith(b"\x89PNG")
    assert TENNIS not in text
    assert ENGLISH("insights-unanswered-off") in text


async def test_unanswered_questions_are_kept_only_where_the_guild_turned_it_on(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.slash(channel, "ask", question="Who won the chess in Madrid?")
    await chief.click(await card_of(chief, channel), label="Keep unanswered on/off")
    await alice.slash(channel, "ask", question=TENNIS)
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    await alice.click(answer, label="Not helpful")
    text = said((await chief.slash(channel, "desk insights")).response)
    assert f"- {TENNIS}" in text
    assert "chess" not in text
    exported = (await chief.slash(channel, "desk export")).response
    assert exported is not None
    assert exported.ephemeral
    rows = list(csv.reader(io.StringIO((await file_of(exported, "storydesk.csv")).decode())))
    assert rows[-1][-2:] == [TENNIS, "silent"]
    today, total = rows[1], rows[2]
    assert today[1:7] == total[1:7] == ["1", "0", "2", "0", "1", "1"]


def test_the_chart_says_in_words_what_it_shows() -> None:
    days = {1: {"answered": 2, "silent": 1}, 4: {"closest": 5}}
    insights = Insights({"answered": 2, "silent": 1, "closest": 5}, days, 0, 0, 1)
    assert chart_text(insights, ENGLISH) == (
        "1970-01-02: answered 2, about something else 1; 1970-01-05: closest passages 5"
    )
    assert "beantwortet 2" in chart_text(insights, phrases("de"))
    many = {day: {"answered": 10**9, "closest": 10**9, "silent": 10**9} for day in range(30)}
    described = chart_text(Insights({}, many, 0, 0, 1), phrases("fr"))
    assert 800 < len(described) <= 1024
    assert described.endswith("1000000000")
    assert "1970-01-30: " in described


def test_the_bars_of_the_chart_are_told_apart_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    save = Figure.savefig

    def saved(figure: Figure, *args: Any, **options: Any) -> None:
        drawn.extend(figure.axes[0].containers)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", saved)
    insights = Insights({"answered": 2}, {1: {"answered": 2, "silent": 1, "closest": 5}}, 0, 0, 1)
    assert chart(insights, ENGLISH).startswith(b"\x89PNG")
    assert len({container.patches[0].get_hatch() for container in drawn}) == 3


def test_the_csv_has_a_line_a_day_and_opens_harmlessly() -> None:
    unanswered = (Unanswered("=1+1, who?", "silent", 90_000),)
    insights = Insights({"answered": 3}, {0: {"answered": 3}}, 1, 0, 2, unanswered, {0: (1, 0)}, {0: 2})
    rows = list(csv.reader(io.StringIO(csv_of(insights))))
    assert rows == [
        ["date", "answered", "closest", "silent", "helpful", "not helpful", "members", "question", "verdict"],
        ["1970-01-01", "3", "0", "0", "1", "0", "2", "", ""],
        ["all", "3", "0", "0", "1", "0", "2", "", ""],
        ["1970-01-02", "", "", "", "", "", "", "'=1+1, who?", "silent"],
    ]


async def test_a_guild_that_takes_the_bot_out_is_forgotten(
    env: simcord.Env, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"private": True})
    guild = bot.get_guild(env.guild.id)
    assert guild is not None
    await bot.on_guild_remove(guild)
    assert await settings(bot, env) == GuildSettings()
