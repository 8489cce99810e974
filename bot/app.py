"""The bot on Discord: log in, sync commands when they changed, load meanwhile, answer.

Where `STORYDESK_DISCORD_API` names another server, everything goes there: the HTTP API, the CDN
and the gateway, also after a lost session, for which discord.py has an address of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import phrase
from bot.cogs.asking import Asking
from bot.config import DISCORD_API
from bot.errors import ConnectionFailedError, StorageError, StorydeskError, TokenError
from bot.opening import desk_for
from bot.store.store import Store
from bot.ui.layouts import TextLayout, notice
from bot.ui.more import MoreButton
from index.errors import StoryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pydantic import SecretStr

    from bot.config import Config
    from bot.desk import Desk
    from index.story import Story

_log = logging.getLogger("storydesk")


class StorydeskBot(commands.AutoShardedBot):
    """A bot around a desk. It needs no privileged intent: Discord gives it the text that is meant for it."""

    def __init__(self, *, desk: Desk, store: Store, config: Config) -> None:
        """Make the bot; nothing is loaded or sent before it starts."""
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True, messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            activity=discord.CustomActivity("Loading the story …"),
            status=discord.Status.idle,
            tree_cls=_Tree,
        )
        self.desk = desk
        self.store = store
        self.config = config
        self._loading: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Begin to load, add the commands and sync them if Discord has others."""
        self.desk.open()
        await self.store.open()
        self.add_dynamic_items(MoreButton)
        await self.add_cog(Asking(self))
        await _use_gateway_of_api(self, self.config)
        await self._sync_commands_if_changed()

    async def on_ready(self) -> None:
        """Show in the presence when the story is loaded."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._show_when_loaded(), name="presence")

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs; there are no prefix commands."""

    async def close(self) -> None:
        """Log out, and close the desk and the store."""
        if self._loading is not None:
            self._loading.cancel()
        await super().close()
        await self.desk.close()
        await self.store.close()

    async def welcome(self) -> TextLayout:
        """Return the greeting with two questions that the story answers."""
        story = await self.desk.story()
        return TextLayout(phrase.welcome_texts(story, await self.desk.suggestions()))

    async def show_passages(self, interaction: discord.Interaction[Any], story_id: str, numbers: Sequence[int]) -> None:
        """Show passages to whoever pressed a button, and to nobody else."""

        async def further() -> TextLayout:
            quotes = await self.desk.passages(numbers, story_id)
            story = await self.desk.story(story_id)
            return TextLayout(phrase.passages_texts("Further passages, closest first:", quotes, story, scores=False))

        await self.respond(interaction, further, ephemeral=True)

    async def respond(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[], Awaitable[TextLayout]],
        *,
        ephemeral: bool = False,
    ) -> None:
        """Defer at once, say if the model is still loading, and show what `work` makes, or why it cannot."""
        await interaction.response.defer(thinking=True, ephemeral=ephemeral)
        if not self.desk.is_ready:
            await interaction.edit_original_response(view=notice(phrase.LOADING))
        layout = await self.attempt(work)
        await interaction.edit_original_response(view=layout, allowed_mentions=discord.AllowedMentions.none())

    async def attempt(self, work: Callable[[], Awaitable[TextLayout]]) -> TextLayout:
        """Return what `work` makes, or the line that says why it cannot."""
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - the edge: every question gets a reply, an error reply included
            return notice(self.apologise(error))

    def apologise(self, error: BaseException) -> str:
        """Write `error` to the log under a short code, and return the line that the member gets."""
        code = secrets.token_hex(4)
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        text = phrase.apology(cause, code)
        if code in text:
            _log.error("error %s", code, exc_info=cause)
        return text

    async def _show_when_loaded(self) -> None:
        try:
            await self.desk.wait_ready()
            title = phrase.shortened((await self.desk.story()).title, 100)
        except (StorydeskError, StoryError) as error:
            _log.error("the story cannot be loaded: %s", error)
            await self._show(discord.Status.dnd, "Out of order")
            return
        await self._show(discord.Status.online, f"Ask me: {title}")
        _log.info("ready: %s", title)

    async def _show(self, status: discord.Status, activity: str) -> None:
        with contextlib.suppress(ConnectionResetError):  # the gateway is just closing; nobody sees us then
            await self.change_presence(status=status, activity=discord.CustomActivity(activity))

    async def _sync_commands_if_changed(self) -> None:
        commands_now = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(commands_now, sort_keys=True).encode()).hexdigest()
        application_id = self.application_id or 0
        if await self.store.synced_commands(application_id) == digest:
            return
        await self.tree.sync()
        _log.info("synced %d commands", len(commands_now))
        try:
            await self.store.remember_synced_commands(application_id, digest)
        except StorageError as error:
            _log.warning("cannot remember the synced commands: %s", error)


class _Tree(app_commands.CommandTree["StorydeskBot"]):
    """A command tree whose errors reach the member as one line."""

    async def on_error(
        self, interaction: discord.Interaction[StorydeskBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the member, whether or not the interaction was answered already."""
        layout = notice(interaction.client.apologise(error))
        try:
            if interaction.response.is_done():
                await interaction.edit_original_response(view=layout)
            else:
                await interaction.response.send_message(view=layout, ephemeral=True)
        except discord.HTTPException as failure:
            _log.warning("an apology could not be sent: %s", failure)


def use_discord_api(config: Config) -> None:
    """Send HTTP requests, and links to the CDN, to the configured server."""
    Route.BASE = config.discord_api.rstrip("/")
    if config.discord_api != DISCORD_API:
        discord.Asset.BASE = str(yarl.URL(config.discord_api).origin())


async def _use_gateway_of_api(bot: StorydeskBot, config: Config) -> None:
    """Make discord.py come back to the configured server's gateway after a session was lost."""
    if config.discord_api != DISCORD_API:
        _, gateway, _ = await bot.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


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
    bot = StorydeskBot(desk=desk_for(config, story), store=Store(config.data_folder), config=config)
    async with bot:
        running = asyncio.create_task(bot.start(token.get_secret_value()), name="bot")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await running
        except discord.LoginFailure:
            message = "Discord refuses the token; copy it anew from the developer portal into DISCORD_TOKEN."
            raise TokenError(message) from None
        except (aiohttp.ClientError, discord.GatewayNotFound) as error:
            message = f"Discord cannot be reached at {config.discord_api}: {error}."
            raise ConnectionFailedError(message) from None
        except discord.HTTPException as error:
            message = f"{config.discord_api} refuses to log the bot in: HTTP {error.status} {error.response.reason}."
            raise ConnectionFailedError(message) from None
