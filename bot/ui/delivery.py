"""How a reply reaches whoever used an interaction, also where Discord does not take it any more.

No interaction ends in silence: what cannot be shown as its reply is sent to the channel or privately,
and where Discord refuses the reply itself, a plain line with a code that stands in the log is shown.
A line on what went wrong never takes the place of a message that was there before.
"""

from __future__ import annotations

import asyncio
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

LOST = (aiohttp.ClientError, OSError)
"""What is raised when the connection is lost: nobody knows whether Discord took what was sent."""
UNDELIVERED = (discord.HTTPException, *LOST)
"""What is raised when something does not reach Discord."""

_NOBODY = discord.AllowedMentions.none()
FORM_SECONDS = 3600.0
"""For which a form is remembered: one that was closed tells nobody."""

_SECONDS = 20.0  # that a line for one member stands where all can read it
_SECONDS_AGAIN = 5.0  # after which it is taken away once more, where the connection was lost
_taking_away: set[asyncio.Task[None]] = set()  # held here, since the event loop does not hold its tasks


async def deliver(
    interaction: _Interaction,
    layout: discord.ui.LayoutView,
    spare: discord.ui.LayoutView,
    *,
    files: Sequence[discord.File] = (),
    is_private: bool = False,
    replaces: bool = False,
) -> discord.Message | None:
    """Show `layout` as the reply, in the channel unless `is_private`, or privately; else `spare` in the same places.

    Where the reply `replaces` a message, `spare` is told beside it, to the member alone. Returns the
    message that shows `layout`, if one does.
    """
    ways: list[_Way] = [partial(_edit, interaction)]
    places = (None if is_private else interaction.channel, interaction.user)
    ways += [partial(_send, place) for place in places if isinstance(place, discord.abc.Messageable)]
    message = await _shown(interaction, ways, layout, files)
    if message is None and replaces:
        await tell(interaction, spare)
    elif message is None and await _shown(interaction, ways, spare) is None:
        _log.error("a reply could not be sent to channel %s", interaction.channel_id)
    return message


async def _shown(
    interaction: _Interaction,
    ways: Sequence[_Way],
    layout: discord.ui.LayoutView,
    files: Sequence[discord.File] = (),
) -> discord.Message | None:
    """Return the message that shows `layout`, in the first of `ways` that Discord takes; None where it takes none."""
    for way in ways:
        for file in files:
            file.reset()  # the way before has read it
        try:
            return await way(layout, files)
        except UNDELIVERED as error:
            _log.warning("interaction %d takes no reply: %s", interaction.id, error)
    return None


async def tell(interaction: _Interaction, layout: discord.ui.LayoutView) -> None:
    """Show a line to whoever used an interaction alone; privately, or for a while in the channel, where it must be.

    It ends a reply that is still awaited, and leaves one that is shown already as it is.
    """
    try:
        if interaction.response.is_done():
            await interaction.followup.send(view=layout, ephemeral=True, allowed_mentions=_NOBODY)
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
                    take_away(message)
            except UNDELIVERED as error:
                _log.warning("a line cannot be sent instead: %s", error)
            else:
                return
    _log.error("a line could not be sent to channel %s", interaction.channel_id)


def take_away(message: discord.Message) -> None:
    """Delete a line for one member in the background, when there was time to read it."""
    task = asyncio.create_task(_taken_away(message), name="take-away")
    _taking_away.add(task)
    task.add_done_callback(_taking_away.discard)


async def _taken_away(message: discord.Message) -> None:
    for seconds in (_SECONDS, _SECONDS_AGAIN):
        await asyncio.sleep(seconds)
        try:
            await message.delete()
        except discord.NotFound:
            return  # somebody else has
        except discord.HTTPException as error:  # discord.py has tried what may pass several times
            _log.warning("a line for one member cannot be taken away: %s", error)
            return
        except LOST as error:
            _log.warning("the connection was lost under a line for one member that is taken away: %s", error)
        else:
            return


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
    try:
        return await interaction.edit_original_response(view=layout, attachments=files, allowed_mentions=_NOBODY)
    except LOST as error:  # the same edit twice is one, where a message elsewhere would be a second answer
        _log.warning("the connection was lost under a reply, which is sent once more: %s", error)
        for file in files:
            file.reset()
        return await interaction.edit_original_response(view=layout, attachments=files, allowed_mentions=_NOBODY)


async def _send(
    place: discord.abc.Messageable, layout: discord.ui.LayoutView, files: Sequence[discord.File]
) -> discord.Message:
    return await place.send(view=layout, files=files, allowed_mentions=_NOBODY)
