"""The bot on Discord: sync commands when they changed, load meanwhile, know who may ask and in which language."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands, tasks
from discord.gateway import DiscordWebSocket

from bot import phrase
from bot.access import Cooldowns, check_place_and_roles
from bot.answer import Answer
from bot.cogs.administration import Administration
from bot.cogs.askers import asker_of
from bot.cogs.asking import Asking
from bot.cogs.edge import Edge
from bot.cogs.following import Following
from bot.cogs.listening import Listening
from bot.cogs.memory import Memory
from bot.cogs.outdated import Outdated
from bot.cogs.privacy import Privacy
from bot.cogs.rights import log_what_is_missing
from bot.cogs.stories import Stories
from bot.config import DISCORD_API
from bot.errors import NotLibrarianError, RestartingError, StorageError, StorydeskError, UnknownStoryError
from bot.following import Follower
from bot.guild_settings import GuildSettings
from bot.intake import Intake
from bot.language import Phrases, language_of, phrases
from bot.library import Library
from bot.markdown import shortened
from bot.request import Requests
from bot.store.answers import AnswerStore
from bot.store.follows import FollowStore
from bot.store.stories import StoryStore
from bot.story_files import StoryFiles
from bot.telemetry import log_event
from bot.tree import Translator, Tree, sync_commands_if_changed
from bot.ui.buttons import BUTTONS
from bot.ui.desk_card import CARD_ITEMS
from bot.ui.layouts import TextLayout
from bot.ui.lists import LIST_BUTTONS
from bot.ui.replies import ReplyLayout
from bot.ui.story_cards import STORY_BUTTONS
from index.errors import StoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.access import Asker
    from bot.config import Config
    from bot.desk import Desk
    from bot.store.store import Store
    from bot.telemetry import Hook

_log = logging.getLogger("storydesk")

_SETTINGS_SECONDS = 1.0  # of the three in which Discord wants to hear from us
_DAY = 86_400  # seconds


class StorydeskBot(commands.AutoShardedBot):
    """A bot around a desk.

    It needs no privileged intent: Discord gives it the text that is meant for it. Only where
    `discord.read_all_messages` is set it asks for the text of all messages, to listen in channels.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        store: Store,
        config: Config,
        hook: Hook = log_event,
        http_trace: aiohttp.TraceConfig | None = None,
    ) -> None:
        """Make the bot; nothing is loaded or sent before it starts. `hook` takes the errors that members are told."""
        reads_all = config.discord.read_all_messages
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True, messages=True, message_content=reads_all),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            activity=discord.CustomActivity("Loading the story …"),
            status=discord.Status.idle,
            tree_cls=Tree,
            http_trace=http_trace or aiohttp.TraceConfig(),
        )
        self.requests = Requests()
        self.desk = desk
        self.store = store
        self.config = config
        self.given_answers = AnswerStore(store)
        self.library = Library(StoryStore(store), StoryFiles(store.folder), desk, config.library)
        self.intake = Intake()
        most = config.library.most_followed
        self.follower = Follower(FollowStore(store), self.library, self.intake, most=most)
        self.outdated = Outdated(self)
        self.memory = Memory(self)
        self.edge = Edge(self, hook)
        self._cooldowns = Cooldowns()
        self._connected = asyncio.Event()
        self._loading: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Prepare to load, add the commands and sync them if Discord has others."""
        self.desk.open(when=self._connected)
        await self.store.open()
        self.add_dynamic_items(*BUTTONS, *CARD_ITEMS, *STORY_BUTTONS, *LIST_BUTTONS)
        stories = (Stories(self), Following(self), self.outdated)
        for cog in (Asking(self), Listening(self), *stories, Administration(self), Privacy(self)):
            await self.add_cog(cog)
        await self.tree.set_translator(Translator())
        await _use_gateway_of_api(self, self.config)
        await sync_commands_if_changed(self)
        self._prune.start()

    async def on_connect(self) -> None:
        """Begin to load now that Discord has us: torch would take the processor from connecting."""
        self._connected.set()

    async def on_ready(self) -> None:
        """Say in the log where the bot lacks permissions, and show in the presence when the story is loaded."""
        if self._loading is None:
            self._looking = asyncio.create_task(log_what_is_missing(self), name="permissions")
            self._loading = asyncio.create_task(self._show_when_loaded(), name="presence")

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs; there are no prefix commands."""

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a guild that the bot was taken out of."""
        await self.store.forget_guild(guild.id)

    async def on_member_forgotten(self, member_id: int) -> None:
        """Forget what a member asked lately, who had everything deleted."""
        self.memory.forget(member_id)

    async def close(self) -> None:
        """Log out, and close the desk and the store."""
        self._prune.cancel()
        for task in (self._loading, self._looking):
            if task is not None:
                task.cancel()
        await super().close()
        await self.desk.close()
        await self.store.close()

    def without_mention(self, content: str) -> str:
        """Return the words of a message beside the mention of the bot."""
        return re.sub(rf"<@!?{self.user.id}>", " ", content).strip() if self.user else content.strip()

    async def settings_of(self, guild_id: int | None) -> GuildSettings:
        """Return what a guild has set; where the database is lost or slow, what it had set when they were last read.

        All are read at the start. A guild whose settings could never be read is answered as one that has
        set nothing: everywhere and everyone, for a bot that is silent until its database is back helps nobody.
        """
        if guild_id is None:
            return GuildSettings()
        try:
            return await asyncio.wait_for(self.store.guild_settings(guild_id), _SETTINGS_SECONDS)
        except (StorageError, TimeoutError) as error:
            _log.error("the settings of guild %d cannot be read: %r", guild_id, error)
            return self.store.known_settings(guild_id)

    def guild_of(self, interaction: discord.Interaction[Any]) -> int | None:
        """Return the guild of an interaction; None where the bot came with a member and is not in the guild itself."""
        known = self.get_guild(interaction.guild_id) if interaction.guild_id else None
        return known.id if known else None

    def asker(self, interaction: discord.Interaction[Any]) -> Asker:
        """Return who used an interaction, and where."""
        return asker_of(interaction.user, interaction.channel, self.guild_of(interaction))

    async def say_to(self, interaction: discord.Interaction[Any]) -> Phrases:
        """Return the phrases in the language of whoever pressed or typed, or in the guild's if it chose one."""
        return self.say_with(interaction, await self.settings_of(self.guild_of(interaction)))

    def say_with(self, interaction: discord.Interaction[Any], settings: GuildSettings) -> Phrases:
        """Return the same, where the guild's settings are known already."""
        return phrases(settings.language or language_of(interaction.locale.value))

    async def say_below(self, message: discord.Message) -> Phrases:
        """Return the phrases in the language of the guild where a message stands; English in direct messages."""
        return await self.say_in(message.guild)

    async def say_in(self, guild: discord.Guild | None) -> Phrases:
        """Return the phrases in the language of a guild; English where there is none."""
        settings = await self.settings_of(guild.id if guild else None)
        locale = guild.preferred_locale.value if guild else "en-US"
        return phrases(settings.language or language_of(locale))

    async def welcome(self, say: Phrases, asker: Asker | None = None) -> TextLayout:
        """Return the greeting with two questions that the story which is asked there answers."""
        scope = await self.library.scope(asker.guild_id, asker.places) if asker else []
        story = await self.library.story(asker.guild_id if asker else None, next(iter(scope), None))
        return TextLayout(phrase.welcome_texts(story, await self.desk.suggestions(story_id=story.id), say))

    async def answer(
        self, question: str, asker: Asker, say: Phrases, *, above: Sequence[str] = (), name: str | None = None
    ) -> ReplyLayout:
        """Return the reply to a question, below the lines `above`; from the story of that name, or those in scope.

        Raises:
            AskError, StoryError, StorydeskError: as `Desk.ask`.
        """
        settings = await self.settings_of(asker.guild_id)
        scope = await self.library.scope(asker.guild_id, asker.places, name)
        reply = await self.desk.ask(question, scope, strictness=settings.strictness)
        story_id = reply.quotes[0].story_id if reply.quotes else next(iter(scope), None)
        story = await self.library.story(asker.guild_id, story_id)
        suggestions = await self.desk.suggestions(story_id=story_id) if reply.verdict == "silent" else []
        rivals = []
        for rival in reply.rivals if isinstance(reply, Answer) else ():
            with contextlib.suppress(UnknownStoryError):  # it went meanwhile
                rivals.append((rival, await self.library.story(asker.guild_id, rival.quotes[0].story_id)))
        asked_of = max(1, len(scope))
        return await ReplyLayout.of(
            reply, story, say, above=above, suggestions=suggestions, asked_of=asked_of, rivals=rivals
        )

    async def check_librarian(
        self, interaction: discord.Interaction[Any], settings: GuildSettings | None = None
    ) -> None:
        """Let those pass who may manage the guild's stories; `settings` are read unless they are given.

        Raises:
            NotLibrarianError: the member may not.
        """
        guild_id = self.guild_of(interaction)
        roles = (settings or await self.settings_of(guild_id)).librarians
        if guild_id is None or not (
            interaction.permissions.manage_guild or set(self.asker(interaction).roles) & set(roles)
        ):
            message = "Only those who manage the server's stories may do that."
            raise NotLibrarianError(message)

    async def admit(self, asker: Asker, *, counts: bool, settings: GuildSettings | None = None) -> None:
        """Let a member pass who may ask here; `counts` says whether it is a question, for the cooldown.

        `settings` are read unless they are given.

        Raises:
            AskError: the member may not, or not yet, or the bot is about to stop.
        """
        if self.requests.is_draining:
            message = "I am just being restarted and take no more questions."
            raise RestartingError(message)
        if settings is None:
            settings = await self.settings_of(asker.guild_id)
        check_place_and_roles(settings, asker)
        if counts:
            self._cooldowns.count(settings, asker)

    @tasks.loop(hours=24)
    async def _prune(self) -> None:
        """Delete what is older than the operator wants to keep."""
        try:
            await self.store.prune(int(time.time()) - self.config.storage.keep_days * _DAY)
            await self.library.prune()
        except StorageError as error:
            _log.error("what is old cannot be deleted: %s", error)

    async def _show_when_loaded(self) -> None:
        try:
            await self.desk.wait_ready()
            title = shortened((await self.desk.story()).title, 100)
        except (StorydeskError, StoryError) as error:
            _log.error("the story cannot be loaded: %s", error)
            await self._show(discord.Status.dnd, "Out of order")
            return
        await self._show(discord.Status.online, f"Ask me: {title}")
        _log.info("ready: %s", title)

    async def _show(self, status: discord.Status, activity: str) -> None:
        with contextlib.suppress(ConnectionResetError):  # the gateway is just closing; nobody sees us then
            await self.change_presence(status=status, activity=discord.CustomActivity(activity))


async def _use_gateway_of_api(bot: StorydeskBot, config: Config) -> None:
    """Make discord.py come back to the configured server's gateway after a session was lost."""
    if config.discord_api != DISCORD_API:
        _, gateway, _ = await bot.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
