"""The edge to Discord: whatever is asked, typed or pressed gets a reply, an error reply included.

Whoever works on it raises what went wrong; here it becomes a line for the member, an entry in the log
and an event.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import phrase
from bot.cogs.memory import is_ephemeral
from bot.errors import AskError
from bot.request import error_code
from bot.telemetry import ErrorTold
from bot.ui.delivery import UNDELIVERED, deliver, tell
from bot.ui.layouts import Apology, notice
from bot.ui.replies import ReplyLayout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.app import StorydeskBot
    from bot.guild_settings import GuildSettings
    from bot.language import Phrases
    from bot.telemetry import Hook

_log = logging.getLogger("storydesk")


class Edge:
    """Where what the bot works on becomes a reply."""

    def __init__(self, bot: StorydeskBot, hook: Hook) -> None:
        """Reply for `bot`; `hook` takes the errors that members are told."""
        self._bot = bot
        self._hook = hook

    async def respond(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[Phrases], Awaitable[discord.ui.LayoutView]],
        *,
        ephemeral: bool = False,
        replaces: bool = False,
        counts: bool = False,
        checks: bool = True,
        files: Sequence[discord.File] = (),
        settings: GuildSettings | None = None,
    ) -> None:
        """Defer at once, say if the model is still loading, and show what `work` makes, or why it cannot.

        `ephemeral` is for the member alone, `replaces` takes the place of the message with the
        button, but leaves it as it was where `work` fails, `counts` is a question for the cooldown, and
        without `checks` everyone may and nothing is said of the story still loading; `work` may add
        `files`. The guild's `settings` are read here unless they are given: once, since Discord does not
        wait long.
        """
        self._bot.requests.enter(interaction.guild_id)
        if settings is None:
            settings = await self._bot.settings_of(self._bot.guild_of(interaction))
        say = self._bot.say_with(interaction, settings)
        try:
            if checks:
                await self._bot.admit(self._bot.asker(interaction), counts=counts, settings=settings)
        except AskError as error:
            await tell(interaction, Apology(self.apologise(error, say)))
            return
        with contextlib.suppress(*UNDELIVERED):  # what follows shows whether Discord knows it all the same
            await interaction.response.defer(thinking=not replaces, ephemeral=ephemeral)
        if not self._bot.desk.is_ready and checks and not replaces:
            with contextlib.suppress(*UNDELIVERED):
                await interaction.edit_original_response(view=notice(say("loading")))
        layout = await self.attempt(lambda: work(say), say)
        if replaces and isinstance(layout, Apology):
            await tell(interaction, layout)
            return
        code = error_code()
        spare = Apology(say("bug", code=code))
        is_private = ephemeral or (replaces and is_ephemeral(interaction.message))
        message = await deliver(interaction, layout, spare, files=files, is_private=is_private, replaces=replaces)
        if message is None:
            _log.error("error %s: Discord takes the reply to interaction %d nowhere", code, interaction.id)
        elif isinstance(layout, ReplyLayout):
            guild_id = self._bot.guild_of(interaction)
            await self._bot.memory.remember(layout, message, interaction.user, guild_id, is_private=is_private)

    async def attempt(
        self, work: Callable[[], Awaitable[discord.ui.LayoutView]], say: Phrases
    ) -> discord.ui.LayoutView:
        """Return what `work` makes, or an `Apology` that says why it cannot."""
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - the edge: every question gets a reply, an error reply included
            return Apology(self.apologise(error, say))

    def apologise(self, error: BaseException, say: Phrases) -> str:
        """Write `error` to the log under a short code, and return the line that the member gets."""
        code = error_code()
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        text = phrase.apology(cause, code, say)
        is_ours = code in text
        if is_ours:
            fields = {"code": code, "error": type(cause).__name__}
            _log.error("error %s", code, exc_info=cause, extra={"fields": fields})
        self._hook(ErrorTold(type(cause).__name__, is_refusal=not is_ours))
        return text
