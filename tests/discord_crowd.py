"""A crowd that asks at once in many channels of the loopback Discord, and what it was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import discord

from bot.language import ENGLISH

if TYPE_CHECKING:
    import simcord
    from discord_server import DiscordServer

QUESTIONS = (
    "How many US troops have to go?",
    "where is the drone base",
    "Who met Kurt Campbell?",
    "Why did they quit the G5 Sahel force?",
    "Who won the tennis in Paris?",
)
_BUSY = ENGLISH("busy", waiting="?").partition("?")[0]


@dataclass
class Told:
    """How many questions were answered, told "busy", lost, or answered twice.

    `late` are commands that Discord had given up, so that their reply stands below in the channel.
    """

    answered: int = 0
    late: int = 0
    busy: int = 0
    lost: int = 0
    twice: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def count(self, texts: list[str]) -> None:
        """Count what was told; nothing at all is lost, but for commands that were answered late."""
        for text in filter(None, texts):
            if text.startswith(_BUSY):
                self.busy += 1
            elif "\n-# ¶" in text or "says nothing about that" in text:
                self.answered += 1
            else:
                self.errors[text] += 1
        self.lost = texts.count("") - self.late


def chief_of(server: DiscordServer) -> simcord.MemberActor:
    """Return a new member of the guild who may manage it."""
    role = server.world.guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))
    return server.world.guild.add_member(server.world.create_user("chief"), roles=[role])


async def ask_at_once(server: DiscordServer, *, channels: int = 20, questions: int = 200) -> Told:
    """Ask half of the questions by command and half by mention, without waiting, and return what became of them."""
    guild = server.world.guild
    rooms = [guild.create_text_channel(f"room-{number}") for number in range(channels)]
    members = [guild.add_member(server.world.create_user(f"member{number}")) for number in range(channels)]
    commands: list[simcord.InteractionResult] = []
    mentions: list[tuple[simcord.ChannelHandle, int]] = []
    for number in range(questions):
        room, member = rooms[number % channels], members[(number * 7) % channels]
        question = QUESTIONS[number % len(QUESTIONS)]
        if number % 2:
            commands.append(await member.slash(room, "ask", question=question))
        else:
            mentions.append((room, (await member.send(room, f"{server.mention} {question}")).id))

    def replies() -> Counter[int]:
        return Counter(
            message.reference.message_id
            for room in rooms
            for message in room.history()
            if message.reference is not None and message.reference.message_id is not None
        )

    def texts() -> list[str]:
        shown = [server.text(result.response) if result.response else "" for result in commands]
        for room, question_id in mentions:
            shown += [server.text(message) for message in room.history() if _answers(message, question_id)][:1] or [""]
        return ["" if text == ENGLISH("loading") else text for text in shown]

    def below() -> list[str]:
        written = (message for room in rooms for message in room.history() if _stands_alone(message))
        return [server.text(message) for message in written if message.author.id == server.world.backend.bot_user.id]

    await server.until(lambda: texts().count("") <= len(below()))
    told = Told()
    counts = replies()
    told.twice = sum(counts[question_id] > 1 for _, question_id in mentions)
    told.late = len(below())
    told.count(texts())
    return told


def _stands_alone(message: discord.Message) -> bool:
    return message.reference is None and message.interaction_metadata is None


def _answers(message: discord.Message, question_id: int) -> bool:
    return message.reference is not None and message.reference.message_id == question_id
