"""One shard's session on the loopback gateway: what it was told, and what it missed.

Sockets come and go under a session, so it writes frames to an outbox and keeps them all: a RESUME
replays the frames after the sequence number that the bot saw last.
"""

import asyncio
import secrets
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any

import discord
from simcord.backend import Backend, serializers
from simcord.gateway import ShardRouter


class Op(IntEnum):
    """Gateway opcodes, from https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


def declared_intents(asked: dict[str, Any]) -> discord.Intents:
    """The intents of an IDENTIFY."""
    intents = discord.Intents()
    intents.value = asked["intents"]
    return intents


class Recorder:
    """Stands where simcord expects discord.py's table of parsers: any event is written down."""

    def __init__(self, record: Callable[[str, Any], None]) -> None:
        self._record = record

    def __getitem__(self, event: str) -> Callable[[Any], None]:
        return partial(self._record, event)

    get = __getitem__


class Session:
    """What one shard was told since IDENTIFY; the sequence number of a frame is its place.

    simcord's `ShardRouter` picks the shard's events and cuts them to the intents. It takes the
    session for discord.py's connection state, of which it reads `intents` and `parsers` only.
    """

    def __init__(self, backend: Backend, asked: dict[str, Any], encode: Callable[[Any], str]) -> None:
        self.id = secrets.token_hex(8)
        self.shard_id, self.shard_count = asked.get("shard", (0, 1))
        self.intents = declared_intents(asked)
        self.parsers = Recorder(self.record)
        self.router = ShardRouter(backend, self, None, self.shard_count, (self.shard_id,))
        self._backend = backend
        self._encode = encode
        self._frames: list[str] = []
        self._outbox: asyncio.Queue[str] = asyncio.Queue()

    def record(self, event: str, payload: Any) -> None:
        frame = {"op": Op.DISPATCH, "t": event, "s": len(self._frames) + 1, "d": payload}
        self._frames.append(self._encode(frame))
        self._outbox.put_nowait(self._frames[-1])

    def connect(self, outbox: asyncio.Queue[str], *, seen: int) -> None:
        """Send to this outbox from now on, at first what came after frame number `seen`."""
        self._outbox = outbox
        for frame in self._frames[seen:]:
            outbox.put_nowait(frame)

    def greet(self, gateway: str) -> None:
        """READY with the guilds still unavailable, then each of them in a GUILD_CREATE."""
        guilds = [
            guild for guild in self._backend.guilds.values() if (guild.id >> 22) % self.shard_count == self.shard_id
        ]
        ready = {
            "v": 10,
            "user": serializers.user_payload(self._backend.bot_user),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": self.id,
            "resume_gateway_url": gateway,
            "shard": [self.shard_id, self.shard_count],
            "application": {"id": str(self._backend.application_id), "flags": 0},
        }
        self.record("READY", ready)
        for guild in guilds:
            self.router.feed("GUILD_CREATE", serializers.guild_create_payload(self._backend, guild))

    async def send_members(self, asked: dict[str, Any]) -> None:
        names = ("query", "user_ids", "presences", "nonce")
        options = {name: asked[name] for name in names if name in asked}
        socket = self.router.websockets[self.shard_id]
        await socket.request_chunks(int(asked["guild_id"]), limit=asked.get("limit", 0), **options)
