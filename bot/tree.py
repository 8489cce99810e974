"""The tree of commands: their languages, their errors, and when Discord is given them."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.errors import StorageError
from bot.language import ENGLISH, language_of, phrases
from bot.ui.delivery import tell
from bot.ui.layouts import Apology

if TYPE_CHECKING:
    from bot.app import StorydeskBot

_log = logging.getLogger("storydesk")


class Tree(app_commands.CommandTree["StorydeskBot"]):
    """A command tree whose errors reach the member as one line."""

    async def interaction_check(self, interaction: discord.Interaction[StorydeskBot], /) -> bool:
        """Let every command pass; from here on it is a request with an id."""
        interaction.client.requests.enter(interaction.guild_id)
        return True

    async def on_error(
        self, interaction: discord.Interaction[StorydeskBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the member, whether or not the interaction was answered already; whatever fails on the way."""
        if interaction.client.is_closed():
            return
        try:
            say = await interaction.client.say_to(interaction)
        except Exception:  # noqa: BLE001 - the language is what matters least
            _log.exception("the language of an apology cannot be found")
            say = ENGLISH
        try:
            await tell(interaction, Apology(interaction.client.edge.apologise(error, say)))
        except Exception:  # noqa: BLE001 - there is nobody left to tell but the log
            _log.exception("an apology could not be sent")


class Translator(app_commands.Translator):
    """Names and descriptions of the commands, in the languages that the bot speaks."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return the translation, or None where English stays."""
        del context
        language = language_of(locale.value)
        return phrases(language).command(string.message) if language != "en" else None


async def sync_commands_if_changed(bot: StorydeskBot) -> None:
    """Give Discord the commands, if it has others from us."""
    translator = bot.tree.translator
    commands_now = [
        await command.get_translated_payload(bot.tree, translator) if translator else command.to_dict(bot.tree)
        for command in bot.tree.get_commands()
    ]
    digest = hashlib.sha256(json.dumps(commands_now, sort_keys=True).encode()).hexdigest()
    application_id = bot.application_id or 0
    if await bot.store.synced_commands(application_id) == digest:
        return
    try:
        await bot.tree.sync()
    except (discord.HTTPException, app_commands.CommandSyncFailure) as error:
        _log.error("the commands cannot be synced, so Discord keeps those it has: %s", error)
        return
    _log.info("synced %d commands", len(commands_now))
    try:
        await bot.store.remember_synced_commands(application_id, digest)
    except StorageError as error:
        _log.warning("cannot remember the synced commands: %s", error)
