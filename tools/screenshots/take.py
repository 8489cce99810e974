"""Takes the pictures of `docs/`: the unmodified bot on simcord, its messages in headless Chromium.

python tools/screenshots/take.py [--chromium /usr/bin/chromium] [NAME ...]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
import simcord
from PIL import Image, ImageChops

import bot.cogs.outdated
from bot.app import StorydeskBot
from bot.config import Config, StorageSettings
from bot.opening import desk_for, find_story
from bot.store.records import AnswerRecord
from bot.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DOCS = Path(__file__).parents[2] / "docs"
TROOPS = "how many US troops have to go?"
CABLES = "How many cables have cracks?"
BRIDGE_TITLE = "Harbour bridge closes for repairs"
BRIDGE = f"""---
title: {BRIDGE_TITLE}
source: The Pilot
published: 4 May 2026
url: https://pilot.example/bridge
---
The harbour bridge of Port Alder closes on Monday for nine weeks.

Engineers found cracks in 14 steel cables. Mayor Lena Ortiz called the repair long overdue."""
_DAY = 86_400
_SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1.5",
)  # fmt: skip


class Scene:
    """A guild with a member and a chief, and what they do."""

    def __init__(self, env: simcord.Env, bot: StorydeskBot) -> None:
        self.env, self.bot = env, bot
        self.guild = env.create_guild("Newsroom")
        self.channel = self.guild.create_text_channel("ask-the-story")
        self.alice = self.guild.add_member(env.create_user("alice"))
        role = self.guild.create_role("Editors", permissions=discord.Permissions(manage_guild=True))
        self.chief = self.guild.add_member(env.create_user("chief"), roles=[role])
        self.after: Callable[[], object] = lambda: None
        self.mention = f"<@{env.backend.bot_user.id}>"

    async def ask(self, question: str) -> simcord.ResponseMessage:
        response = (await self.alice.slash(self.channel, "ask", question=question)).response
        assert response is not None
        return response

    async def answer(self) -> None:
        await self.ask(TROOPS)
        await self.alice.send(self.channel, f"{self.mention} How much did Russia pay for the air defense systems?")

    async def silent(self) -> None:
        await self.alice.send(self.channel, f"{self.mention} Who won the tennis in Paris?")

    async def buttons(self) -> None:
        answer = await self.ask(TROOPS)
        await self.alice.click(answer, label="In context")
        await self.alice.click(answer, label="Helpful")

    async def passages(self) -> None:
        await self.alice.slash(self.channel, "lookup", query="drone base", count=8)

    async def claim(self) -> None:
        first = await self.alice.send(self.channel, "there are over 1,000 american troops in niger")
        await self.alice.context_menu(self.channel, "Find this in the story", first)
        second = await self.alice.send(self.channel, "There are 5,000 American troops in Niger")
        await self.alice.context_menu(self.channel, "Find this in the story", second)

    async def followup(self) -> None:
        await self.alice.send(self.channel, f"{self.mention} Where is the drone base?")
        await self.alice.send(self.channel, "and how much did it cost?", reply_to=self.channel.last_message)

    async def help(self) -> None:
        await self.alice.slash(self.channel, "help")

    async def privacy(self) -> None:
        await self.alice.slash(self.channel, "privacy about")

    async def desk(self) -> None:
        self.alice = self.chief
        card = (await self.chief.slash(self.channel, "desk listen", channel=self.channel)).response
        assert card is not None
        await self.chief.click(card, label="Private on/off")

    async def add(self, text: str = BRIDGE) -> None:
        self.alice = self.chief
        await self.chief.slash(self.channel, "story add", file=("bridge.md", text.encode()))

    async def update(self) -> None:
        later = BRIDGE.replace("14 steel", "22 steel").replace("nine weeks", "eleven weeks")
        await self.chief.slash(self.channel, "story update", story=BRIDGE_TITLE, file=("bridge.md", later.encode()))

    async def stories(self) -> None:
        await self.add()
        await self.chief.slash(self.channel, "story list")
        await self.chief.slash(self.channel, "ask", question=CABLES)
        await self.chief.slash(self.channel, "story remove", story=BRIDGE_TITLE)

    async def removed(self) -> None:
        await self.add()
        asked = (await self.chief.slash(self.channel, "story remove", story=BRIDGE_TITLE)).response
        assert asked is not None
        await self.chief.click(asked, label="Remove")

    async def changes(self) -> None:
        await self.add()
        await self.update()
        await self.chief.slash(self.channel, "story changes", story=BRIDGE_TITLE)

    async def outdated(self) -> None:
        bot.cogs.outdated._PAUSE = 0
        await self.add()
        await self.chief.send(self.channel, f"{self.mention} {CABLES}")
        await self.update()
        await self.env.settle()

    async def differing(self) -> None:
        await self.add()
        later = (
            BRIDGE.replace("14 steel", "22 steel").replace("4 May", "9 May").replace(BRIDGE_TITLE, "The bridge, again")
        )
        await self.add(later)
        await self.chief.slash(self.channel, "ask", question=CABLES)

    async def follow(self) -> None:
        await self.add()
        await self.chief.slash(self.channel, "story follow", story=BRIDGE_TITLE, hours=6)
        await self.chief.slash(self.channel, "story list")

    async def refused(self) -> None:
        await self.bot.store.change_guild_settings(self.guild.id, 1, {"cooldown_seconds": 60})
        await self.ask(TROOPS)
        await self.ask("who met Kurt Campbell?")
        elsewhere = self.guild.create_text_channel("news")
        await self.bot.store.change_guild_settings(self.guild.id, 1, {"channels": (elsewhere.id,)})
        await self.ask(TROOPS)
        role = self.guild.create_role("Readers")
        await self.bot.store.change_guild_settings(self.guild.id, 1, {"channels": (), "roles": (role.id,)})
        await self.ask(TROOPS)

    async def loading(self) -> None:
        desk = self.bot.desk
        opened, waiting = desk._opened, asyncio.get_running_loop().create_future()
        assert opened is not None
        desk._opened = waiting
        self.after = lambda: waiting.set_result(opened.result())
        with contextlib.suppress(TimeoutError):  # simcord's, since the answer does not come
            await self.ask(TROOPS)

    async def error(self) -> None:
        async def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        self.bot.desk.ask = broken
        await self.alice.send(self.channel, f"{self.mention} {TROOPS}")

    async def insights(self) -> None:
        self.alice = self.chief
        now = int(time.time())
        for day in range(14):
            for number in range(3 + (day * 7) % 5):
                verdict = ("answered", "answered", "answered", "closest", "silent")[(number + day) % 5]
                record = AnswerRecord(
                    day * 100 + number, 1, self.guild.id, number, "s", verdict, 0.9, (), now - day * _DAY
                )
                await self.bot.given_answers.remember(record)
                await self.bot.given_answers.vote(record.message_id, 1, is_helpful=number % 4 != 3)
        await self.bot.store.change_guild_settings(self.guild.id, self.chief.id, {"keeps_unanswered": True})
        await self.bot.given_answers.keep_unanswered(self.guild.id, 1, "When do the last soldiers leave?", "closest")
        await self.bot.given_answers.keep_unanswered(
            self.guild.id, 1, "What do people in Agadez say about it?", "closest"
        )
        await self.chief.slash(self.channel, "desk insights", days=14)


NAMES = (
    "answer", "silent", "buttons", "passages", "claim", "followup", "help", "privacy", "desk", "insights",
    "stories", "changes", "outdated", "differing", "follow", "removed", "refused", "loading", "error",
)  # fmt: skip
_WINDOW = (1060, 1500)  # pixels of a page, of which the conversation is the part right of and below these
_LEFT, _TOP, _BOTTOM = 258, 130, 125
_SCALE = 1.5
_TRIES, _SECONDS = 5, 60
_SHADES = 192  # in which text and flat colours look as before, at a third of the size


def crop(picture: Path) -> None:
    """Leave only the conversation, without the empty rows below it."""
    image = Image.open(picture).convert("RGB")
    left, top, bottom = (round(_SCALE * edge) for edge in (_LEFT, _TOP, _BOTTOM))
    image = image.crop((left, top, image.width, image.height - bottom))
    ground = Image.new("RGB", image.size, image.getpixel((4, image.height - 4)))
    box = ImageChops.difference(image, ground).getbbox() or (0, 0, image.width, image.height)
    shown = image.crop((0, 0, image.width, min(image.height, box[3] + 20)))
    shown.quantize(_SHADES, dither=Image.Dither.NONE).save(picture, optimize=True)


def shoot(command: list[str]) -> None:
    """Run Chromium; once in a while it waits forever for the preview's stream of events, and is asked again."""
    for _ in range(_TRIES):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603 - our own command
            return
    message = "Chromium takes no picture."
    raise RuntimeError(message)


async def take(name: str, chromium: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Config(storage=StorageSettings(folder=folder))
        story = find_story(None, config)
        app = StorydeskBot(desk=desk_for(config, story), store=Store(Path(folder)), config=config)
        app.desk.open()
        await app.desk.wait_ready()
        async with simcord.run(app, shard_count=1) as env:
            env.backend.bot_user.global_name = "Storydesk"
            scene = Scene(env, app)
            play: Callable[[], Awaitable[Any]] = getattr(scene, name)
            await play()
            async with env.preview(
                scene.channel, viewers=[scene.alice], layout="channel", presentation_time=datetime.now(UTC)
            ) as preview:
                picture = DOCS / f"{name}.png"
                command = [
                    chromium, *_SWITCHES, f"--window-size={_WINDOW[0]},{_WINDOW[1]}", "--virtual-time-budget=20000",
                    f"--screenshot={picture}", preview.url,
                ]  # fmt: skip
                await asyncio.to_thread(shoot, command)
            scene.after()
            await env.settle()
    crop(picture)
    print(picture)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    for wanted in options.names:
        asyncio.run(take(wanted, options.chromium))
