"""The process of `storydesk run`: logging, the server it talks to, signals, and a login that fails.

Where `STORYDESK_DISCORD_API` names another server, everything goes there: the HTTP API, the CDN
and the gateway, also after a lost session, for which discord.py has an address of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import TYPE_CHECKING

import aiohttp
import discord
import yarl
from discord.http import Route

from bot.app import StorydeskBot
from bot.config import DISCORD_API
from bot.errors import ConfigError, ConnectionFailedError, TokenError
from bot.opening import desk_for, store_for

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.config import Config
    from index.story import Story


def use_discord_api(config: Config) -> None:
    """Send HTTP requests, and links to the CDN, to the configured server."""
    Route.BASE = config.discord_api.rstrip("/")
    if config.discord_api != DISCORD_API:
        discord.Asset.BASE = str(yarl.URL(config.discord_api).origin())


def run_bot(config: Config, story: Story, token: SecretStr) -> None:
    """Run the bot until it is told to stop by Ctrl-C or SIGTERM.

    Raises:
        TokenError: Discord refuses the token.
        ConnectionFailedError: Discord cannot be reached.
    """
    _set_up_logging(config)
    use_discord_api(config)
    asyncio.run(_run(config, story, token))


def _set_up_logging(config: Config) -> None:
    """Log to standard error: ours from the configured level on, libraries only from warnings on."""
    level = logging.getLevelNamesMapping()[config.log.level]
    discord.utils.setup_logging(level=max(level, logging.WARNING))
    logging.getLogger("storydesk").setLevel(level)
    # The bot has no voice, so it does not miss what voice would need.
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False


async def _run(config: Config, story: Story, token: SecretStr) -> None:
    bot = StorydeskBot(desk=desk_for(config, story), store=store_for(config), config=config)
    async with bot:
        running = asyncio.create_task(bot.start(token.get_secret_value()), name="bot")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await running
        except discord.PrivilegedIntentsRequired:
            message = (
                "discord.read_all_messages needs the Message Content Intent: switch it on at "
                "https://discord.com/developers/applications, under Bot, or set the setting to false."
            )
            raise ConfigError(message) from None
        except discord.LoginFailure:
            message = "Discord refuses the token; copy it anew from the developer portal into DISCORD_TOKEN."
            raise TokenError(message) from None
        except (aiohttp.ClientError, discord.GatewayNotFound) as error:
            message = f"Discord cannot be reached at {config.discord_api}: {error}."
            raise ConnectionFailedError(message) from None
        except discord.HTTPException as error:
            message = f"{config.discord_api} refuses to log the bot in: HTTP {error.status} {error.response.reason}."
            raise ConnectionFailedError(message) from None
