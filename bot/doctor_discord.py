"""Looks at what Discord says about the bot: token, intents, commands, servers, scope and permissions.

Nothing is changed there. Which channels matter the database says, which is opened as every start does.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.cogs.rights import NEEDED, lacking, lacks_commands
from bot.config import discord_token
from bot.doctor import Finding
from bot.errors import ConfigError, StorageError
from bot.guild_settings import GuildSettings
from bot.opening import store_for
from bot.running import use_discord_api

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.config import Config

_SHOWN = 5
_LOOKED_AT = 50  # servers, four requests each


def examine_discord(config: Config) -> list[Finding]:
    """Return the findings on token, intents, commands, servers and permissions; asks Discord, and takes seconds."""
    use_discord_api(config)
    try:
        token = discord_token()
    except ConfigError as error:
        return [Finding("discord", is_good=False, text=str(error))]
    try:
        return asyncio.run(_examine(config, token.get_secret_value()))
    except discord.LoginFailure:
        text = "Discord refuses the token; copy it anew from the developer portal into DISCORD_TOKEN."
    except discord.HTTPException as error:
        text = f"{config.discord_api} answers HTTP {error.status}; try again later."
    except aiohttp.ClientError as error:
        text = f"Discord cannot be reached at {config.discord_api}: {error}."
    return [Finding("discord", is_good=False, text=text)]


async def _examine(config: Config, token: str) -> list[Finding]:
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(token)
        application = await client.application_info()
        findings = [Finding("discord", is_good=True, text=f"the token is that of {client.user}.")]
        findings.append(_intents(config, application.flags))
        commands = await client.http.get_global_commands(application.id)
        names = ", ".join(sorted(command["name"] for command in commands))
        findings.append(
            Finding("commands", is_good=True, text=names or "none yet; `storydesk run` registers them when it starts.")
        )
        guilds = await client.http.get_guilds(200)
        invitation = discord.utils.oauth_url(application.id, permissions=NEEDED)
        if not guilds:
            return [*findings, Finding("servers", is_good=False, text=f"the bot is in none; invite it: {invitation}")]
        findings.append(Finding("servers", is_good=True, text=f"the bot is in {len(guilds)}."))
        looked_at = {int(guild["id"]): guild["name"] for guild in guilds[:_LOOKED_AT]}
        findings.append(await _scope(client, application.id, looked_at, invitation))
        return [*findings, await _permissions(client, config, looked_at, invitation)]


async def _scope(client: discord.Client, application_id: int, guilds: Mapping[int, str], invitation: str) -> Finding:
    """Say which servers do not show the commands, since whoever invited the bot left out the scope for them."""
    without = [
        f"“{name}”" for guild, name in guilds.items() if await lacks_commands(client.http, application_id, guild)
    ]
    if without:
        text = f"applications.commands is missing in {', '.join(without[:_SHOWN])}: invite it anew: {invitation}"
        return Finding("scope", is_good=False, text=text)
    return Finding("scope", is_good=True, text="the servers show its commands.")


async def _permissions(client: discord.Client, config: Config, guilds: Mapping[int, str], invitation: str) -> Finding:
    """Say what the bot may not do: in a server, or in the channels that its admins have set."""
    listens = config.discord.read_all_messages
    settings = await _known_settings(config, guilds)
    missing = {
        name: await _missing(client, guild, settings.get(guild, GuildSettings()), listens=listens)
        for guild, name in guilds.items()
    }
    lacks = [f"“{name}” ({', '.join(permissions)})" for name, permissions in missing.items() if permissions]
    if lacks:
        text = (
            f"missing in {'; '.join(lacks[:_SHOWN])}: give its role these, there too, or invite it anew: {invitation}"
        )
        return Finding("permissions", is_good=False, text=text)
    return Finding(
        "permissions", is_good=True, text="its role may do what it needs, also in the channels that are set."
    )


async def _known_settings(config: Config, guilds: Iterable[int]) -> dict[int, GuildSettings]:
    """Return what the admins of `guilds` have set; nothing where the database does not tell, which its finding says."""
    with contextlib.suppress(StorageError):
        store = store_for(config)
        try:
            await store.open()
            return {guild: store.known_settings(guild) for guild in guilds}
        finally:
            await store.close()
    return {}


def _intents(config: Config, flags: discord.ApplicationFlags) -> Finding:
    is_on = flags.gateway_message_content or flags.gateway_message_content_limited
    if config.discord.read_all_messages and not is_on:
        text = (
            "discord.read_all_messages is set, but the Message Content Intent is off: switch it on at "
            "https://discord.com/developers/applications, under Bot."
        )
        return Finding("intents", is_good=False, text=text)
    if config.discord.read_all_messages:
        return Finding("intents", is_good=True, text="the Message Content Intent is on.")
    return Finding("intents", is_good=True, text="no privileged intent is needed.")


async def _missing(client: discord.Client, guild_id: int, settings: GuildSettings, *, listens: bool) -> list[str]:
    """Return the needed permissions that the bot lacks in a server and in the channels that are set there."""
    guild = await client.fetch_guild(guild_id, with_counts=False)
    assert client.user is not None  # noqa: S101 - it has logged in
    me = await guild.fetch_member(client.user.id)
    return lacking(me, await guild.fetch_channels(), settings, listens=listens)
