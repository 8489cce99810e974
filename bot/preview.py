"""The unmodified bot in a browser: on simcord's simulated Discord, without a token."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import simcord

from bot.app import StorydeskBot
from bot.config import StorageSettings
from bot.errors import ConfigError
from bot.language import ENGLISH
from bot.opening import desk_for
from bot.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import discord

    from bot.config import Config
    from index.story import Story


def run_preview(config: Config, story: Story, *, port: int = 0, open_browser: bool = True) -> None:
    """Serve the preview on loopback until Ctrl-C or SIGTERM; `port` 0 takes a free one."""
    asyncio.run(_serve(config, story, port=port, open_browser=open_browser))


async def _serve(config: Config, story: Story, *, port: int, open_browser: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    _refuse_taken(port)
    _say("Loading the story …")
    async with previewed(config, story, port=port) as address:
        _say(f"Preview: {address}\nType /ask, or @Storydesk and a question. Ctrl-C ends it.")
        if open_browser:
            await asyncio.to_thread(webbrowser.open, address)
        await stopped.wait()


@contextlib.asynccontextmanager
async def previewed(config: Config, story: Story, *, port: int = 0) -> AsyncIterator[str]:
    """Run the bot in a channel of its own, let it greet, and give the address of the page."""
    # Every simulated Discord begins without commands and stories, so nothing is remembered from the one
    # before, and nothing of the operator's is seen or touched.
    with tempfile.TemporaryDirectory(prefix="storydesk-preview-") as memory:
        config = config.model_copy(update={"storage": StorageSettings(folder=memory)})
        desk = desk_for(config, story)
        bot = StorydeskBot(desk=desk, store=Store(Path(memory)), config=config)
        desk.open()
        await desk.wait_ready()
        async with simcord.run(bot, shard_count=1) as env:
            env.backend.bot_user.global_name = "Storydesk"
            guild = env.create_guild("Storydesk")
            channel = guild.create_text_channel("ask-the-story")
            you = _Typist(env, guild, guild.add_member(env.create_user("you")).user)
            await bot.get_partial_messageable(channel.id).send(view=await bot.welcome(ENGLISH))
            async with env.preview(channel, viewers=[you], layout="channel", port=port or None) as preview:
                yield preview.url


class _Typist(simcord.MemberActor):
    """A member whose "@Storydesk" becomes a mention, as Discord's own apps make it when it is typed."""

    async def send(
        self,
        channel: simcord.ChannelHandle,
        content: str = "",
        *,
        reply_to: discord.Message | simcord.ResponseMessage | None = None,
        attachments: Sequence[tuple[str, bytes]] = (),
    ) -> discord.Message:
        """Send a message; "@Storydesk" anywhere in it mentions the bot."""
        mention = f"<@{self._env.backend.bot_user.id}>"
        typed = re.sub(r"@storydesk\b", mention, content, flags=re.IGNORECASE)
        return await super().send(channel, typed, reply_to=reply_to, attachments=attachments)


def _refuse_taken(port: int) -> None:
    """Say before anything is loaded that a port is in use.

    Raises:
        ConfigError: it is.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            message = f"Port {port} cannot be used ({error.strerror}); choose another with --port, or leave it out."
            raise ConfigError(message) from None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
