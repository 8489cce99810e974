"""`/story`: the stories of a guild, brought by those who may manage them, seen by its members and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import phrase
from bot.cogs.bringing import NAME_CHARACTERS, ask_for_text, brought, keep
from bot.cogs.choices import followed_choices, story_choices
from bot.store.stories import WHOLE_GUILD
from bot.ui.layouts import TextLayout, notice
from bot.ui.lists import changes_list, library_list
from bot.ui.story_cards import remove_layout
from bot.ui.under_way import shown_while

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases

_HOURS = 168  # a week


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class Stories(commands.GroupCog, group_name="story", group_description="The stories of this server."):
    """The library of a guild."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Keep stories for `bot`."""
        super().__init__()
        self._bot = bot

    @app_commands.command(description="Add a story: a link, a file, or text to paste.")
    @app_commands.describe(
        link="The address of a public page", file="A .md, .txt, .html, .pdf or .docx file; leave both out to paste text"
    )
    async def add(
        self, interaction: discord.Interaction[Any], link: str | None = None, file: discord.Attachment | None = None
    ) -> None:
        """Add a page or a file, or ask for the text."""
        if file is None and link is None:
            await ask_for_text(self._bot, interaction)
            return

        async def added(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            async with shown_while(interaction, say) as stages:
                story = await brought(self._bot, interaction, file, link, stages)
                return await keep(self._bot, interaction, story, say, stages)

        await self._bot.edge.respond(interaction, added, checks=False)

    @app_commands.command(name="list", description="Show the stories that can be asked here.")
    async def show_all(self, interaction: discord.Interaction[Any]) -> None:
        """Show the guild's stories and the operator's."""

        async def listed(say: Phrases) -> TextLayout:
            return await library_list(self._bot, interaction, say)

        await self._bot.edge.respond(interaction, listed, ephemeral=True)

    @app_commands.command(description="Show what is known about a story.")
    @app_commands.describe(story="Which story")
    async def show(self, interaction: discord.Interaction[Any], story: str) -> None:
        """Show a story's title, author, source, date and size."""

        async def shown(say: Phrases) -> TextLayout:
            record = await self._bot.library.managed(_guild(interaction), story)
            return TextLayout(phrase.story_texts(record, say, author=await self._bot.library.author(record)))

        await self._bot.edge.respond(interaction, shown, ephemeral=True)

    @app_commands.command(
        description="Put a channel, or the whole server, on one story; without a story, on all again."
    )
    @app_commands.describe(
        story="Which story",
        channel="Which channel; otherwise this one",
        everywhere="The whole server instead of a channel",
    )
    async def use(
        self,
        interaction: discord.Interaction[Any],
        story: str | None = None,
        channel: discord.TextChannel | discord.ForumChannel | discord.Thread | None = None,
        everywhere: bool = False,  # noqa: FBT001, FBT002 - discord.py passes options by name
    ) -> None:
        """Choose which story a channel's questions go to."""

        async def used(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            guild_id = _guild(interaction)
            place = WHOLE_GUILD if everywhere else channel.id if channel else cast("int", interaction.channel_id)
            named = say("whole-server") if everywhere else f"<#{place}>"
            if story is None:
                await self._bot.library.use(guild_id, place, None)
                return notice(say("story-unused", place=named))
            record = await self._bot.library.managed(guild_id, story)
            await self._bot.library.use(guild_id, place, record.id)
            return notice(say("story-used", place=named, title=phrase.story_name(record)))

        await self._bot.edge.respond(interaction, used, checks=False)

    @app_commands.command(description="Bring a new version of a story: its page anew, or a file.")
    @app_commands.describe(story="Which story", file="A new file; otherwise the page is fetched again")
    async def update(
        self, interaction: discord.Interaction[Any], story: str, file: discord.Attachment | None = None
    ) -> None:
        """Put a new text in the place of a story's; the old one is kept for comparison."""

        async def updated(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            record = await self._bot.library.own(_guild(interaction), story)
            if file is None and record.url is None:
                return notice(say("story-no-link", title=phrase.story_name(record)))
            async with shown_while(interaction, say) as stages:
                text = await brought(self._bot, interaction, file, record.url, stages)
                new = await self._bot.library.update(_guild(interaction), record.id, text, stages=stages)
            record, is_changed = new
            if is_changed:
                self._bot.outdated.mark_soon()
            return notice(say("story-updated" if is_changed else "story-same", title=phrase.story_name(record)))

        await self._bot.edge.respond(interaction, updated, checks=False)

    @app_commands.command(description="Follow a page or a feed: take over changes and new stories by itself.")
    @app_commands.describe(
        story="A story that has an address, or the address of a page or feed", hours="How often to look, in hours"
    )
    async def follow(
        self, interaction: discord.Interaction[Any], story: str, hours: app_commands.Range[int, 1, _HOURS] = 6
    ) -> None:
        """Follow a story, a page or a feed."""

        async def followed(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            guild_id, member_id = _guild(interaction), interaction.user.id
            async with shown_while(interaction, say) as stages:
                record = await self._bot.follower.follow(guild_id, story, hours, member_id, stages=stages)
            kind = "follow-feed" if record.library_id is None else "follow-page"
            return notice(say(kind, address=phrase.address(record.url), hours=hours))

        await self._bot.edge.respond(interaction, followed, checks=False)

    @app_commands.command(description="Follow a page or a feed no more; its stories stay.")
    @app_commands.describe(story="What to follow no more")
    async def unfollow(self, interaction: discord.Interaction[Any], story: int) -> None:
        """Follow something no more."""

        async def unfollowed(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            record = await self._bot.follower.unfollow(_guild(interaction), story)
            return notice(say("unfollowed", address=phrase.address(record.url)))

        await self._bot.edge.respond(interaction, unfollowed, checks=False)

    @unfollow.autocomplete("story")
    async def _followed(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[int]]:
        """Offer what the guild follows."""
        return await followed_choices(self._bot, interaction, typed)

    @app_commands.command(description="Show what the last update of a story changed.")
    @app_commands.describe(story="Which story")
    async def changes(self, interaction: discord.Interaction[Any], story: str) -> None:
        """Show the changed sentences, old above new."""

        async def changed(say: Phrases) -> TextLayout:
            return await changes_list(self._bot, interaction, story, say)

        await self._bot.edge.respond(interaction, changed, ephemeral=True)

    @app_commands.command(description="Give a story another name.")
    @app_commands.describe(story="Which story", name="The new name")
    async def rename(
        self,
        interaction: discord.Interaction[Any],
        story: str,
        name: app_commands.Range[str, 1, NAME_CHARACTERS],
    ) -> None:
        """Rename one of the guild's own stories."""

        async def renamed(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            record = await self._bot.library.own(_guild(interaction), story)
            record = await self._bot.library.rename(_guild(interaction), record.id, name)
            return notice(say("story-renamed", title=phrase.story_name(record)))

        await self._bot.edge.respond(interaction, renamed, checks=False)

    @app_commands.command(description="Remove a story; it asks first.")
    @app_commands.describe(story="Which story")
    async def remove(self, interaction: discord.Interaction[Any], story: str) -> None:
        """Ask whether to remove one of the guild's own stories."""

        async def asked(say: Phrases) -> TextLayout:
            await self._bot.check_librarian(interaction)
            return remove_layout(await self._bot.library.own(_guild(interaction), story), say)

        await self._bot.edge.respond(interaction, asked, ephemeral=True, checks=False)

    @show.autocomplete("story")
    @changes.autocomplete("story")
    @use.autocomplete("story")
    async def _stories(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the stories that the guild sees."""
        return await story_choices(self._bot, interaction, typed)

    @update.autocomplete("story")
    @follow.autocomplete("story")
    @rename.autocomplete("story")
    @remove.autocomplete("story")
    async def _own_stories(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the stories that the guild may change: its own, and not the operator's."""
        return await story_choices(self._bot, interaction, typed, only_own=True)


def _guild(interaction: discord.Interaction[Any]) -> int:
    """Return the guild, which these commands always have."""
    return cast("int", interaction.guild_id)
