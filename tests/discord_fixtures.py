"""Fixtures of the tests that drive the bot through simcord: a bot, a Discord around it, a guild and its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import pytest
import pytest_asyncio
import simcord
from discord_desk import bot_with, shipped_shelf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf
    from index.bundled import BundledEmbedder


@pytest.fixture(scope="session")
def shelf(embedder: BundledEmbedder) -> Shelf:
    return shipped_shelf(embedder)


@pytest.fixture
def bot(shelf: Shelf, tmp_path: Path, request: pytest.FixtureRequest) -> StorydeskBot:
    """A bot with the settings that the module's `SETTINGS` name."""
    return bot_with(lambda: shelf, tmp_path, **getattr(request.module, "SETTINGS", {}))


@pytest_asyncio.fixture
async def env(bot: StorydeskBot) -> AsyncIterator[simcord.Env]:
    env = simcord.Env(bot, shard_count=1)
    await env.start()
    yield env
    await env.shutdown()
    env.raise_errors()


@pytest.fixture
def channel(env: simcord.Env) -> simcord.ChannelHandle:
    return env.create_guild("Newsroom").create_text_channel("general")


@pytest.fixture
def alice(env: simcord.Env, channel: simcord.ChannelHandle) -> simcord.MemberActor:
    return env.guild.add_member(env.create_user("alice"))


@pytest.fixture
def chief(env: simcord.Env, channel: simcord.ChannelHandle) -> simcord.MemberActor:
    """A member who may manage the guild."""
    role = env.guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))
    return env.guild.add_member(env.create_user("chief"), roles=[role])


def mention(env: simcord.Env) -> str:
    return f"<@{env.backend.bot_user.id}>"
