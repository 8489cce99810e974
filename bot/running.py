"""The process of `storydesk run`: logging, the server it talks to, signals, and a login that fails.

Where `STORYDESK_DISCORD_API` names another server, everything goes there: the HTTP API, the CDN
and the gateway, also after a lost session, for which discord.py has an address of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import aiohttp
import discord
import yarl
from discord.http import Route

from bot.app import StorydeskBot
from bot.config import DISCORD_API
from bot.errors import ConfigError, ConnectionFailedError, StorydeskError, TokenError
from bot.logs import set_up_logging
from bot.opening import desk_for, store_for
from bot.prometheus import Prometheus
from bot.serving import serving
from bot.telemetry import all_of, log_event

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.config import Config
    from index.story import Story


_log = logging.getLogger("storydesk")

_CLOSING_SECONDS = 5.0
_AUTHENTICATION_FAILED = 4004  # a close code of the gateway
_REFUSED_TOKEN = "Discord refuses the token; copy it anew from the developer portal into DISCORD_TOKEN."  # noqa: S105 - a sentence on tokens, none itself


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
    set_up_logging(config.log, token)
    # The bot has no voice, so it does not miss what voice would need.
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    use_discord_api(config)
    timers: list[threading.Timer] = []

    async def run() -> None:
        try:
            await _run(config, story, token)
        except StorydeskError as error:
            # A task of a library that does not end when it is cancelled must not keep the error from being told.
            timers.append(threading.Timer(_CLOSING_SECONDS, _give_up, (error,)))
            timers[0].daemon = True
            timers[0].start()
            raise

    try:
        asyncio.run(run())
    finally:
        for timer in timers:
            timer.cancel()


def _give_up(error: StorydeskError) -> None:
    """Tell an error as the command line does, and end the process whatever still runs in it."""
    sys.stderr.write(f"storydesk: {error}\n")
    sys.stderr.flush()
    os._exit(1)


async def _run(config: Config, story: Story, token: SecretStr) -> None:
    metrics = Prometheus()
    hook = all_of(log_event, metrics)
    bot = StorydeskBot(
        desk=desk_for(config, story, hook=hook),
        store=store_for(config),
        config=config,
        hook=hook,
        http_trace=metrics.http_trace(),
    )
    async with serving(bot, metrics, config.server), bot:
        running = asyncio.create_task(bot.start(token.get_secret_value()), name="bot")
        stopping = _Stopping(bot, running, config.discord.drain_seconds)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.signalled)
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
            raise TokenError(_REFUSED_TOKEN) from None
        except discord.ConnectionClosed as error:
            if error.code == _AUTHENTICATION_FAILED:
                raise TokenError(_REFUSED_TOKEN) from None
            message = f"Discord closed the connection with code {error.code}; start the bot again."
            raise ConnectionFailedError(message) from None
        except (aiohttp.ClientError, discord.GatewayNotFound) as error:
            message = f"Discord cannot be reached at {config.discord_api}: {error}."
            raise ConnectionFailedError(message) from None
        except discord.HTTPException as error:
            message = f"{config.discord_api} refuses to log the bot in: HTTP {error.status} {error.response.reason}."
            raise ConnectionFailedError(message) from None


class _Stopping:
    """What signals do: the first lets the questions under way finish, the second closes, a third ends it all."""

    def __init__(self, bot: StorydeskBot, running: asyncio.Task[None], seconds: float) -> None:
        self._bot = bot
        self._running = running
        self._seconds = seconds
        self._draining: asyncio.Task[None] | None = None
        self._signals = 0

    def signalled(self) -> None:
        """Take a signal."""
        self._signals += 1
        if self._signals == 1:
            self._draining = asyncio.create_task(self._drain(), name="drain")
        elif self._signals == 2:  # noqa: PLR2004 - the second
            _log.warning("closing at once: %d requests stay without an answer", len(self._bot.requests))
            self._close()
        else:
            os._exit(1)

    async def _drain(self) -> None:
        under_way = len(self._bot.requests)
        _log.info("stopping: no more questions; %d under way get %d seconds", under_way, self._seconds)
        left = await self._bot.requests.drain(self._seconds)
        if left:
            _log.warning("%d requests stay without an answer", left)
        self._close()

    def _close(self) -> None:
        """End the bot; a model that loads or an index that is built cannot be interrupted, so it is not waited for."""
        self._running.cancel()
        timer = threading.Timer(_CLOSING_SECONDS, os._exit, (0,))
        timer.daemon = True
        timer.start()
