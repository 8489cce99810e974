"""How a reply reaches whoever used an interaction, also where Discord does not take it any more.

No interaction ends in silence: what cannot be shown as its reply is sent to the channel or privately,
and where Discord refuses the reply itself, a plain line with a code that stands in the log is shown.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    _Interaction = discord.Interaction[Any]
    _Way = Callable[[discord.ui.LayoutView, Sequence[discord.File]], Awaitable[discord.Message]]

_log = logging.getLogger("storydesk")

UNDELIVERED = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What is raised when something does not reach Discord."""

_NOBODY = discord.AllowedMentions.none()
FORM_SECONDS = 3600.0
"""For which a form is remembered: one that was closed tells nobody."""

_SECONDS = 20.0  # that a line for one member stands where all can read it


async def deliver(
    interaction: _Interaction,
    layout: discord.ui.LayoutView,
    spare: discord.ui.LayoutView,
    *,
    files: Sequence[discord.File] = (),
    is_private: bool = False,
) -> discord.Message | None:
    """Show `layout` as the reply, in the channel unless `is_private`, or privately; else `spare` in the same places.

    Returns the message that shows `layout`, if one does.
    """
    ways: list[_Way] = [partial(_edit, interaction)]
    places = (None if is_private else interaction.channel, interaction.user)
    ways += [partial(_send, place) for place in places if isinstance(place, discord.abc.Messageable)]
    for shown, attached in ((layout, files), (spare, ())):
        for way in ways:
            for file in attached:
                file.reset()  # the way before has read it
            try:
                message = await way(shown, attached)
            except UNDELIVERED as error:
                _log.warning("interaction %d takes no reply: %s", interaction.id, error)
            else:
                return message if shown is layout else None
    _log.error("a reply could not be sent to channel %s", interaction.channel_id)
    return None


async def tell(interaction: _Interaction, layout: discord.ui.LayoutView) -> None:
    """Show a line to whoever used an interaction alone; privately, or for a while in the channel, where it must be."""
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(view=layout, allowed_mentions=_NOBODY)
        else:
            await interaction.response.send_message(view=layout, ephemeral=True)
    except UNDELIVERED as error:
        _log.warning("interaction %d takes no line: %s", interaction.id, error)
    else:
        return
    for place in (interaction.user, interaction.channel):
        if isinstance(place, discord.abc.Messageable):
            try:
                message = await place.send(view=layout, allowed_mentions=_NOBODY)
                if place is interaction.channel:
                    await message.delete(delay=_SECONDS)
            except UNDELIVERED as error:
                _log.warning("a line cannot be sent instead: %s", error)
            else:
                return
    _log.error("a line could not be sent to channel %s", interaction.channel_id)


async def show_form(interaction: _Interaction, form: discord.ui.Modal, otherwise: discord.ui.LayoutView) -> None:
    """Show a form; where Discord does not take it, tell `otherwise`."""
    try:
        await interaction.response.send_modal(form)
    except UNDELIVERED as error:
        _log.warning("interaction %d takes no form: %s", interaction.id, error)
        await tell(interaction, otherwise)


async def _edit(
    interaction: _Interaction, layout: discord.ui.LayoutView, files: Sequence[discord.File]
) -> discord.Message:
    return await interaction.edit_original_response(view=layout, attachments=files, allowed_mentions=_NOBODY)


async def _send(
    place: discord.abc.Messageable, layout: discord.ui.LayoutView, files: Sequence[discord.File]
) -> discord.Message:
    return await place.send(view=layout, files=files, allowed_mentions=_NOBODY)
