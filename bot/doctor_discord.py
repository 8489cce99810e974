"""Looks at what Discord says about the bot: token, intents, commands, servers and permissions; nothing is changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.config import discord_token
from bot.doctor import Finding
from bot.errors import ConfigError
from bot.running import use_discord_api

if TYPE_CHECKING:
    from bot.config import Config

_NEEDED = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True
)
_SHOWN = 5
_LOOKED_AT = 50  # servers, two requests each


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
        invitation = discord.utils.oauth_url(application.id, permissions=_NEEDED)
        if not guilds:
            return [*findings, Finding("servers", is_good=False, text=f"the bot is in none; invite it: {invitation}")]
        findings.append(Finding("servers", is_good=True, text=f"the bot is in {len(guilds)}."))
        missing = {guild["name"]: await _missing(client, int(guild["id"])) for guild in guilds[:_LOOKED_AT]}
        lacking = [f"“{name}” ({', '.join(permissions)})" for name, permissions in missing.items() if permissions]
        if lacking:
            text = f"missing in {'; '.join(lacking[:_SHOWN])}: give its role these, or invite it anew: {invitation}"
            return [*findings, Finding("permissions", is_good=False, text=text)]
        return [*findings, Finding("permissions", is_good=True, text="its role may do what it needs.")]


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


async def _missing(client: discord.Client, guild_id: int) -> list[str]:
    """Return the names of the needed permissions that the bot's roles do not give it in a server."""
    guild = await client.fetch_guild(guild_id, with_counts=False)
    assert client.user is not None  # noqa: S101 - it has logged in
    has = (await guild.fetch_member(client.user.id)).guild_permissions
    return [name.replace("_", " ") for name, is_needed in _NEEDED if is_needed and not getattr(has, name)]
