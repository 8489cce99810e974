"""`storydesk run` as a process of its own, driven over HTTP and a gateway that speak Discord's protocol."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import discord
import pytest
import pytest_asyncio
from discord_desk import buttons_of
from discord_server import DiscordServer

from bot.language import ENGLISH
from bot.store.database import FILE
from bot.store.store import Store

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import simcord

TROOPS = "how many US troops have to go?"
HEADCOUNT = "> **More than 1,000** American troops are stationed in Niger at present, and all of them are to go."
COMMANDS = "/applications/*/commands"
CALLBACK = "/interactions/*/*/callback"


def storydesk_run(server: DiscordServer, folder: Path) -> AbstractAsyncContextManager[Process]:
    """Start the bot as an operator would, with state and index in `folder`."""
    return server.process(
        sys.executable, "-W", "ignore", "-m", "bot.cli", "run", env={"STORYDESK_STORAGE__FOLDER": str(folder)}
    )  # fmt: skip


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(patience=90) as server:
        yield server


@pytest.fixture
def channel(server: DiscordServer) -> simcord.ChannelHandle:
    return server.world.create_guild("Newsroom").create_text_channel("general")


@pytest.fixture
def alice(server: DiscordServer, channel: simcord.ChannelHandle) -> simcord.MemberActor:
    return server.world.guild.add_member(server.world.create_user("alice"))


async def test_a_member_asks_in_every_way_from_the_first_second_on(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    async with storydesk_run(server, tmp_path) as process:
        (sync,) = server.calls("PUT", COMMANDS)
        assert sorted(command["name"] for command in sync.json) == [
            "Ask about this message",
            "Find this in the story",
            "ask",
            "desk",
            "help",
            "lookup",
            "privacy",
            "story",
        ]

        early = await alice.slash(channel, "ask", question=TROOPS)
        await server.until(lambda: ENGLISH("loading") in str(server.calls("PATCH", "/webhooks/*")))
        await server.until(lambda: early.response is not None and HEADCOUNT in server.text(early.response))

        found = await server.answer(await alice.slash(channel, "lookup", query="drone base", count=2))
        assert server.text(found).count("score") == 2

        mentioned = await server.reply(await alice.send(channel, f"{server.mention} {TROOPS}"))
        assert HEADCOUNT in server.text(mentioned)
        replied = await server.reply(await alice.send(channel, "who met Kurt Campbell?", reply_to=mentioned))
        assert "**Ali Mahaman Lamine Zeine**" in server.text(replied)
        statement = await alice.send(channel, TROOPS)
        asked = await server.answer(await alice.context_menu(channel, "Ask about this message", statement))
        assert HEADCOUNT in server.text(asked)
        direct = await server.reply(await alice.send_dm(TROOPS))
        assert HEADCOUNT in server.text(direct)

        assert early.response is not None
        assert [button["label"] for button in buttons_of(early.response.components)] == [
            "In context",
            "More passages",
            "Helpful",
            "Not helpful",
        ]
        more = await server.answer(await alice.click(early.response, label="More passages"))
        assert server.text(more).count("\n> ") == 5
    assert process.returncode == 0

    async with storydesk_run(server, tmp_path):
        again = await server.answer(await alice.click(early.response, label="More passages"))
        await server.until(lambda: server.text(again).count("\n> ") == 5)
        assert len(server.calls("PUT", COMMANDS)) == 1


async def test_a_lost_gateway_session_is_taken_up_again_at_the_same_server(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    async with storydesk_run(server, tmp_path):
        await server.disconnect(forget=True)
        await server.until(lambda: server.online)
        answer = await server.reply(await alice.send(channel, f"{server.mention} {TROOPS}"))
        await server.until(lambda: HEADCOUNT in server.text(answer))


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "Discord refuses the token"), (404, "refuses to log the bot in: HTTP 404")],
)
async def test_a_login_that_fails_is_told_in_one_line_without_the_token(
    server: DiscordServer, tmp_path: Path, status: int, told: str
) -> None:
    server.fail("GET", "/users/@me", status=status)
    environment = {
        **os.environ,
        "DISCORD_TOKEN": "a.secret.token",
        "STORYDESK_DISCORD_API": server.api,
        "STORYDESK_STORAGE__FOLDER": str(tmp_path),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "bot.cli", "run", env=environment, stderr=asyncio.subprocess.PIPE
    )  # fmt: skip
    _, errors = await process.communicate()
    lines = errors.decode().splitlines()
    assert process.returncode == 1
    assert told in lines[-1]
    assert "Traceback" not in errors.decode()
    assert "a.secret.token" not in errors.decode()


async def doctor(server: DiscordServer, folder: Path, **settings: str) -> tuple[int | None, str]:
    """Run `storydesk doctor --discord`; return its exit code and what it prints."""
    environment = {
        **os.environ,
        "DISCORD_TOKEN": server.token,
        "STORYDESK_DISCORD_API": server.api,
        "STORYDESK_STORAGE__FOLDER": str(folder),
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "bot.cli", "doctor", "--discord",
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_doctor_finds_a_healthy_bot_on_discord(
    server: DiscordServer, channel: simcord.ChannelHandle, tmp_path: Path
) -> None:
    code, text = await doctor(server, tmp_path)
    assert code == 0, text
    assert "ok   discord: the token is that of" in text
    assert "ok   intents: no privileged intent is needed." in text
    assert "ok   scope: the servers show its commands." in text
    assert "ok   permissions: its role may do what it needs, also in the channels that are set." in text
    assert server.token not in text
    assert not [request for request in server.requests if request.method != "GET"]


async def test_the_doctor_says_what_to_fix_on_discord(server: DiscordServer, tmp_path: Path) -> None:
    code, text = await doctor(server, tmp_path, STORYDESK_DISCORD__READ_ALL_MESSAGES="true")
    assert code == 1
    assert "BAD  intents: discord.read_all_messages is set, but the Message Content Intent is off" in text
    assert "BAD  servers: the bot is in none; invite it: https://discord.com/oauth2/authorize?client_id=" in text
    server.fail("GET", "/users/@me", status=401)
    code, text = await doctor(server, tmp_path)
    assert code == 1
    assert "BAD  discord: Discord refuses the token" in text
    assert server.token not in text


async def test_the_doctor_looks_at_the_channels_that_are_set_and_at_the_commands_scope(
    server: DiscordServer, channel: simcord.ChannelHandle, tmp_path: Path
) -> None:
    guild = server.world.guild

    def closed(name: str, **denied: bool) -> simcord.ChannelHandle:
        return guild.create_text_channel(name, overwrites={guild.default_role: discord.PermissionOverwrite(**denied)})

    places = {
        "channels": (closed("ask", send_messages=False).id, channel.id),
        "listens": (closed("open", create_public_threads=False).id,),
        "feedback_channel": closed("votes", view_channel=False).id,
        "threads": True,
    }
    closed("elsewhere", send_messages=False)
    store = Store(tmp_path)
    await store.open()
    await store.change_guild_settings(guild.id, 1, places)
    await store.close()
    server.fail(
        "GET", "/applications/*/guilds/*/commands", status=403, body={"code": 50001, "message": "Missing Access"}
    )
    code, text = await doctor(server, tmp_path, STORYDESK_DISCORD__READ_ALL_MESSAGES="true")
    assert code == 1
    assert "BAD  scope: applications.commands is missing in “Newsroom”: invite it anew: https://" in text
    assert "in #ask send messages" in text
    assert "in #open create public threads" in text
    assert "in #votes view channel" in text
    assert "#general" not in text
    assert "#elsewhere" not in text


async def test_the_doctor_looks_at_the_database_that_is_configured(
    server: DiscordServer, channel: simcord.ChannelHandle, tmp_path: Path
) -> None:
    """It makes no other one: what is set in a database that cannot be reached is not known, and its finding says so."""
    url = "postgresql://storydesk:secret@127.0.0.1:1/storydesk"
    code, text = await doctor(server, tmp_path, STORYDESK_STORAGE__URL=url)
    assert code == 1
    assert "BAD  database:" in text
    assert "ok   permissions:" in text
    assert "secret" not in text
    assert not (tmp_path / FILE).exists()


async def test_an_admin_sets_up_a_server_with_menus_forms_files_and_autocomplete(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    guild = server.world.guild
    role = guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))
    chief = guild.add_member(server.world.create_user("chief"), roles=[role])
    async with storydesk_run(server, tmp_path):
        card = await server.answer(await chief.slash(channel, "desk show"))
        changed = await server.answer(await chief.select(card, ["strict"], custom_id="desk:strictness"))
        await server.until(lambda: ENGLISH("changed", settings=ENGLISH("setting-strictness")) in server.text(changed))
        form = await chief.click(changed, label="Cooldowns …")
        await server.until(lambda: form.modal is not None)
        await chief.submit_modal(form, {"seconds": "1", "questions": "600"})
        await server.until(lambda: ENGLISH("setting-cooldown_seconds") in server.text(changed))

        text = b"# Harbour bridge\n\nThe harbour bridge closes on Monday.\n\nEngineers found cracks in 14 steel cables."
        added = await server.answer(await chief.slash(channel, "story add", file=("bridge.md", text)))
        await server.until(lambda: "Harbour bridge" in server.text(added))
        await chief.autocomplete(channel, "ask", "story", "harb")
        offered = await server.until(lambda: [c.json for c in server.calls("POST", CALLBACK) if c.json["type"] == 8])
        (choice,) = offered[0]["data"]["choices"]
        assert choice["name"] == "Harbour bridge"
        asked = await server.answer(
            await alice.slash(channel, "ask", question="How many cables have cracks?", story=choice["value"])
        )
        await server.until(lambda: "**14**" in server.text(asked))
        await server.answer(await alice.click(asked, label="Helpful"))
        insights = await server.answer(await chief.slash(channel, "desk insights"))
        await server.until(lambda: "Votes: 👍 helpful 1" in server.text(insights))


async def test_a_story_is_added_used_updated_marked_removed_and_brought_back(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    guild = server.world.guild
    role = guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))
    chief = guild.add_member(server.world.create_user("chief"), roles=[role])
    text = "# Harbour bridge\n\nThe harbour bridge closes on Monday.\n\nEngineers found cracks in {} steel cables."
    cables = "How many cables have cracks?"

    async def told(command: str, expected: str, **options: object) -> simcord.ResponseMessage:
        shown = await server.answer(await chief.slash(channel, f"story {command}", **options))
        await server.until(lambda: expected in server.text(shown))
        return shown

    async with storydesk_run(server, tmp_path):
        await told("add", "✔ Added", file=("bridge.md", text.format(14).encode()))
        await told("use", ENGLISH("whole-server"), story="Harbour bridge", everywhere=True)
        other = guild.create_text_channel("other")
        old = await server.reply(await alice.send(other, f"{server.mention} {cables}"))
        await server.until(lambda: "**14**" in server.text(old))
        troops = await server.answer(await alice.slash(other, "ask", question=TROOPS))
        await server.until(lambda: "Harbour bridge" in server.text(troops))

        await told("update", "✔ Updated", story="Harbour bridge", file=("bridge.md", text.format(22).encode()))
        await server.until(lambda: ENGLISH("outdated") in server.text(old))
        assert "> Engineers found cracks in 22 steel cables." in server.text(old)
        await told("changes", "cracks in **22** steel cables.", story="Harbour bridge")

        asking = await told("remove", "Remove “Harbour bridge”?", story="Harbour bridge")
        await server.answer(await chief.click(asking, label="Remove"))
        await server.until(lambda: "✔ Removed" in server.text(asking))
        gone = await server.answer(await alice.slash(other, "ask", question=TROOPS))
        await server.until(lambda: HEADCOUNT in server.text(gone))
        await server.answer(await chief.click(asking, label="Undo"))
        await server.until(lambda: "It is back" in server.text(asking))
        again = await server.answer(await alice.slash(other, "ask", question=cables))
        await server.until(lambda: "**22**" in server.text(again))

        long = "\n\n".join(f"Sentence {number} of a long story says something of its own." for number in range(1500))
        adding = await chief.slash(channel, "story add", file=("long.txt", long.encode()))
        edits = f"/webhooks/*/{adding._interaction.token}/messages/@original"
        await server.until(lambda: any("Indexing the story" in str(c.json) for c in server.calls("PATCH", edits)))
        await server.until(lambda: "✔ Added" in server.text(adding.response) if adding.response else None)
