"""The card of a guild's settings: menus and buttons that change one thing each, and take the last change back.

The items' ids hold all they need, so an old card works after a restart.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

import discord
from pydantic import ValidationError

from bot.errors import NotManagerError, TooManyPlacesError, WrongNumbersError
from bot.guild_settings import MOST_PLACES
from bot.language import ENGLISH, LANGUAGES
from bot.ui.delivery import FORM_SECONDS, show_form
from bot.ui.layouts import notice

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from bot.app import StorydeskBot
    from bot.guild_settings import GuildSettings
    from bot.language import Phrases


_STRICTNESSES = ("relaxed", "balanced", "strict")
_ASKABLE = [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum, discord.ChannelType.category]
_OPENABLE = [discord.ChannelType.text, discord.ChannelType.forum]
_WRITABLE = [discord.ChannelType.text]
_MOST = 25  # values of a menu
_DEFAULT = "default"


def check_manages(interaction: discord.Interaction[Any]) -> None:
    """Let those pass who manage the guild.

    Raises:
        NotManagerError: the member may not.
    """
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise NotManagerError("Only those who manage the server may do that.")  # noqa: EM101, TRY003 - a phrase says it


async def change_settings(
    interaction: discord.Interaction[Any], changes: Mapping[str, object], say: Phrases
) -> DeskCard:
    """Change some of a guild's settings; return the card, which confirms it.

    Raises:
        NotManagerError: the member may not.
        TooManyPlacesError: a setting would hold too many channels or roles.
        pydantic.ValidationError: a setting cannot have that value.
    """
    check_manages(interaction)
    bot: StorydeskBot = interaction.client
    guild_id = cast("int", interaction.guild_id)
    try:
        settings, number = await bot.store.change_guild_settings(guild_id, interaction.user.id, changes)
    except ValidationError as error:
        if any(problem["type"] == "too_long" for problem in error.errors()):
            message = "A setting cannot hold so many channels or roles."
            raise TooManyPlacesError(message, most=MOST_PLACES) from None
        raise
    names = ", ".join(say(f"setting-{name}") for name in changes)
    notes = [say("changed", settings=names)]
    if "listens" in changes and settings.listens and not bot.intents.message_content:
        notes.append(say("listen-needs-intent"))
    return DeskCard(settings, await bot.say_to(interaction), note="\n".join(notes), undo=number)


class DeskCard(discord.ui.LayoutView):
    """The settings of a guild, to read and to change."""

    def __init__(self, settings: GuildSettings, say: Phrases, *, note: str = "", undo: int | None = None) -> None:
        """Show `settings`, below a `note` on what was changed, with a button that takes change `undo` back."""
        super().__init__(timeout=None)
        container: discord.ui.Container[DeskCard] = discord.ui.Container(
            accent_colour=discord.Colour.from_str("#2b6cb0")
        )
        container.add_item(discord.ui.TextDisplay("\n".join(filter(None, (note, say("desk"))))))
        for field in ("channels", "roles", "librarians", "listens", "feedback_channel", "strictness", "language"):
            container.add_item(
                discord.ui.TextDisplay(f"**{say(f'setting-{field}')}** · {_value(settings, field, say)}")
            )
            container.add_item(discord.ui.ActionRow(DeskMenu(_menu(field, settings, say))))
        switches = [f"**{say(f'setting-{name}')}** · {_value(settings, name, say)}" for name in _SWITCHES]
        wait = f"**{say('setting-cooldown_seconds')}** · {_value(settings, 'cooldown_seconds', say)}"
        container.add_item(discord.ui.TextDisplay("\n".join([*switches, wait])))
        buttons = [DeskButton(name, say) for name in (*_SWITCHES, "cooldown")]
        container.add_item(discord.ui.ActionRow(*buttons))
        if undo is not None:
            container.add_item(discord.ui.ActionRow(DeskButton("undo", say, undo)))
        self.add_item(container)


_ROLES = ("roles", "librarians")
_SWITCHES = ("private", "threads", "keeps_unanswered", "marks_outdated")


def _value(settings: GuildSettings, name: str, say: Phrases) -> str:
    """Return what a setting is, in words."""
    value = getattr(settings, name)
    if isinstance(value, tuple):
        sign = "@&" if name in _ROLES else "#"
        named = [f"<{sign}{place}>" for place in value[:_MOST]]
        more = [f"… (+{len(value) - _MOST})"] if len(value) > _MOST else []  # so that the card fits into a message
        return ", ".join(named + more) or say(f"{name}-none")
    if name == "feedback_channel":
        return f"<#{value}>" if value else say("feedback-none")
    if name == "cooldown_seconds":
        questions = settings.questions_a_minute
        return say("cooldown-is", seconds=value, questions=questions or "∞") if value or questions else say("none")
    if isinstance(value, bool):
        return say("on") if value else say("off")
    return say(f"{name}-{value or _DEFAULT}")


def _menu(
    field: str, settings: GuildSettings, say: Phrases
) -> discord.ui.Select[Any] | discord.ui.ChannelSelect[Any] | discord.ui.RoleSelect[Any]:
    """Return the menu for a setting, with what is set now chosen in it."""
    custom_id = f"desk:{field}"
    value = getattr(settings, field)
    placeholder = say(f"setting-{field}")
    if field in ("strictness", "language"):
        names: Sequence[str] = _STRICTNESSES if field == "strictness" else LANGUAGES
        options = [
            discord.SelectOption(label=say(f"{field}-{name}"), value=name, default=name == (value or _DEFAULT))
            for name in (_DEFAULT, *names)
        ]
        return discord.ui.Select(custom_id=custom_id, options=options)
    chosen = [discord.Object(place) for place in (value if isinstance(value, tuple) else (value,)) if place]
    if field in _ROLES:
        defaults = [discord.SelectDefaultValue(id=role.id, type=discord.SelectDefaultValueType.role) for role in chosen]
        return discord.ui.RoleSelect(
            custom_id=custom_id,
            placeholder=placeholder,
            min_values=0,
            max_values=_MOST,
            default_values=defaults[:_MOST],
        )
    channels = [
        discord.SelectDefaultValue(id=channel.id, type=discord.SelectDefaultValueType.channel) for channel in chosen
    ]
    types = {"channels": _ASKABLE, "listens": _OPENABLE, "feedback_channel": _WRITABLE}[field]
    most = 1 if field == "feedback_channel" else _MOST
    return discord.ui.ChannelSelect(
        custom_id=custom_id,
        placeholder=placeholder,
        channel_types=types,
        min_values=0,
        max_values=most,
        default_values=channels[:most],
    )


class DeskMenu(
    discord.ui.DynamicItem[discord.ui.Select[Any] | discord.ui.ChannelSelect[Any] | discord.ui.RoleSelect[Any]],
    template=r"desk:(?P<field>channels|roles|librarians|listens|feedback_channel|strictness|language)",
):
    """Changes the setting that its id names to what is chosen."""

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that was used."""
        del match
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Change the setting."""
        field = self.custom_id.partition(":")[2]
        chosen = [value if isinstance(value, str) else value.id for value in self.item.values]
        value: object = tuple(chosen)
        if field == "feedback_channel":
            value = chosen[0] if chosen else None
        elif field in ("strictness", "language"):
            value = None if chosen == [_DEFAULT] else chosen[0]

        bot: StorydeskBot = interaction.client

        async def changed(say: Phrases) -> discord.ui.LayoutView:
            if not isinstance(value, tuple):
                return await change_settings(interaction, {field: value}, say)
            # A menu holds fewer than a setting does, so what it did not show stays.
            shown = {place.id for place in getattr(self.item, "default_values", ())}
            return await change_settings(interaction, {field: partial(_with_the_hidden, field, value, shown)}, say)

        await bot.edge.respond(interaction, changed, replaces=True, checks=False)


def _with_the_hidden(field: str, chosen: tuple[int, ...], shown: set[int], now: GuildSettings) -> tuple[int, ...]:
    """Return what was chosen in a menu, and what is set now that the menu did not show."""
    return (*chosen, *(place for place in getattr(now, field) if place not in shown and place not in chosen))


def _turned(field: str, now: GuildSettings) -> bool:
    return not getattr(now, field)


class DeskButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"desk-(?P<action>private|threads|keeps_unanswered|marks_outdated|cooldown|undo)(?::(?P<number>\d+))?",
):
    """Turns a switch, asks for the cooldowns, or takes a change back."""

    def __init__(self, action: str, say: Phrases, number: int | None = None) -> None:
        """Do `action`, for `undo` with the change of this number."""
        custom_id = f"desk-{action}" if number is None else f"desk-{action}:{number}"
        label = say(f"button-{action}")
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id))
        self.action = action
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        number = int(match["number"]) if match["number"] else None
        return cls(match["action"], ENGLISH, number)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        bot: StorydeskBot = interaction.client
        if self.action == "cooldown":
            settings = await bot.settings_of(interaction.guild_id)
            say = bot.say_with(interaction, settings)
            await show_form(interaction, CooldownForm(settings, say), notice(say("form-not-shown")))
            return

        async def done(say: Phrases) -> discord.ui.LayoutView:
            if self.action != "undo":
                turned = partial(_turned, self.action)
                return await change_settings(interaction, {self.action: turned}, say)
            check_manages(interaction)
            settings = await bot.settings_of(interaction.guild_id)
            undone = await bot.store.undo_change(cast("int", interaction.guild_id), self.number or 0)
            note = say("undone") if undone is not None else say("not-undone")
            return DeskCard(undone or settings, await bot.say_to(interaction), note=note)

        await bot.edge.respond(interaction, done, replaces=True, checks=False)


class CooldownForm(discord.ui.Modal):
    """Asks for the seconds between two questions of a member, and for the questions of a guild in a minute."""

    def __init__(self, settings: GuildSettings, say: Phrases) -> None:
        """Show what is set now."""
        # With an id of its own, which discord.py makes: forms of one id share what is written into them.
        super().__init__(title=say("setting-cooldown_seconds"), timeout=FORM_SECONDS)
        self._seconds: discord.ui.TextInput[CooldownForm] = discord.ui.TextInput(
            custom_id="seconds", default=str(settings.cooldown_seconds), max_length=4
        )
        self._questions: discord.ui.TextInput[CooldownForm] = discord.ui.TextInput(
            custom_id="questions", default=str(settings.questions_a_minute), max_length=3
        )
        self.add_item(discord.ui.Label(text=say("form-seconds"), component=self._seconds))
        self.add_item(discord.ui.Label(text=say("form-questions"), component=self._questions))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Change both, or say what is wrong."""
        seconds, questions = self._seconds.value, self._questions.value

        async def changed(say: Phrases) -> discord.ui.LayoutView:
            try:
                changes = {
                    "cooldown_seconds": int(seconds),
                    "questions_a_minute": int(questions),
                }
                return await change_settings(interaction, changes, say)
            except (ValueError, ValidationError):
                raise WrongNumbersError("No numbers, or too large ones.") from None  # noqa: EM101, TRY003 - a phrase says it

        bot: StorydeskBot = interaction.client
        await bot.edge.respond(interaction, changed, replaces=True, checks=False)


CARD_ITEMS = (DeskMenu, DeskButton)
