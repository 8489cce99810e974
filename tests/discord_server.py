"""A Discord on loopback: the HTTP API and the gateway, for a bot that runs as its own process.

simcord keeps the guilds, judges every request and phrases every event; this module only carries
them over real sockets. Tests act through simcord's own handles (`server.world`), which here do
not wait for the bot: what it answers is awaited with `answer`, `reply` or `until`. Time is real,
so an interaction that is not acknowledged within three seconds is lost, as on Discord.
"""

import asyncio
import contextlib
import fnmatch
import io
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import unquote

import discord
import simcord
from aiohttp import web
from discord_session import Op, Session, declared_intents
from simcord import InteractionResult, ResponseMessage
from simcord._clock import Clock
from simcord.actors import MessageLike
from simcord.backend import Backend
from simcord.backend.cdn import CDN_BASE
from simcord.backend.errors import BackendError
from simcord.backend.models import Interaction
from simcord.backend.models.interaction import ResponseKind
from simcord.components import walk_components
from simcord.http import router
from simcord.intents import missing_privileged_intents
from simcord.results import to_discord_message

T = TypeVar("T")

API = "/api/v10"
TEXT_DISPLAY = 10
AUTHENTICATION_FAILED, DISALLOWED_INTENTS = 4004, 4014  # close codes of the gateway


class WallClock(Clock):
    """Real time, so that the bot's `utcnow()` agrees with the dates in the server's ids."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


class World(simcord.Env):
    """simcord's world without its bot: members act at once and do not wait for an answer.

    The client inside never connects; it is what the `discord.Message`s that tests read hang on.
    """

    def __init__(self, approved_intents: discord.Intents | None = None) -> None:
        mirror = discord.Client(intents=discord.Intents.default())
        super().__init__(mirror, approved_intents=approved_intents)
        self.backend = Backend(clock=WallClock())
        self._message_states.add(mirror._connection)

    async def _settle_internal(self, **_: Any) -> None:
        """There is nothing to settle here: the bot's tasks live in another process."""


@dataclass
class Request:
    """One HTTP request of the bot and what it got; `at` is `time.monotonic()` on arrival."""

    method: str
    path: str
    params: dict[str, str]
    json: Any
    reason: str | None
    at: float
    seconds: float = 0.0
    status: int = 0

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    def fits(self, method: str, path: str) -> bool:
        """Whether it went to `path`, a pattern like "/channels/*/messages"."""
        return self.method == method and fnmatch.fnmatchcase(self.path, path)


@dataclass
class Fault:
    """An answer that a test puts in the place of Discord's, for the next `times` requests."""

    method: str
    path: str
    status: int
    body: Any
    times: int


@dataclass
class DiscordServer:
    """`async with DiscordServer() as server:` listens on a free port of 127.0.0.1.

    Whatever is awaited of the bot raises TimeoutError after `patience` seconds.
    Leaving it raises what simcord could not simulate (`gaps`), so that a hole in the simulation
    never passes for a fault of the bot.
    """

    token: str = "loopback.test.token"  # noqa: S105 - a made-up token
    shards: int = 1
    approved_intents: discord.Intents | None = None
    patience: float = 15.0
    requests: list[Request] = field(default_factory=list, init=False, repr=False)
    gaps: list[Exception] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self.world = World(self.approved_intents)
        self.host = ""
        self._sessions: dict[int, Session] = {}
        self._served: dict[web.WebSocketResponse, Session] = {}
        self._faults: list[Fault] = []
        self._stalls: list[tuple[str, str, asyncio.Event]] = []
        self._going = asyncio.Event()
        self._sent: dict[str, float] = {}
        app = web.Application(client_max_size=32 * 1024**2)
        app.router.add_route("*", API + "/{path:.*}", self._serve_api)
        app.router.add_get("/gateway", self._serve_gateway)
        app.router.add_get("/cdn/{path:.*}", self._serve_cdn)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.world.backend.subscribers.append(self._dispatch)
        return self

    async def __aexit__(self, _kind: object, error: object, _trace: object) -> None:
        self.world.backend.subscribers.remove(self._dispatch)
        await self.disconnect(1001)
        await self._runner.cleanup()
        if self.gaps and error is None:
            raise ExceptionGroup("simcord could not simulate what the bot asked for", self.gaps)

    # -------------------------------------------------------------------------------- driving

    @property
    def api(self) -> str:
        """What `STORYDESK_DISCORD_API` must say."""
        return f"http://{self.host}{API}"

    @property
    def mention(self) -> str:
        return f"<@{self.world.backend.bot_user.id}>"

    @property
    def online(self) -> bool:
        """Whether every shard has identified: what happens from now on reaches the bot."""
        return len(self._served) == self.shards

    @contextlib.asynccontextmanager
    async def process(
        self, *command: str, env: Mapping[str, str] | None = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a bot until the block ends, from its IDENTIFY to its SIGTERM; output is inherited."""
        contract = {"DISCORD_TOKEN": self.token, "STORYDESK_DISCORD_API": self.api}
        environment = {**os.environ, **contract, **(env or {})}
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        try:
            await self.until(lambda: self.online or process.returncode is not None)
            if process.returncode is not None:
                raise RuntimeError(f"the bot left with {process.returncode} before it identified")
            yield process
        finally:
            await _stop(process, self.patience)
            await self.until(lambda: not self._served)

    async def disconnect(self, code: int = 4000, *, forget: bool = False) -> None:
        """Close the gateway's sockets; with `forget` a RESUME is then answered INVALID SESSION."""
        if forget:
            self._sessions.clear()
        sockets = set(self._served)
        await asyncio.gather(*(socket.close(code=code) for socket in sockets))
        await self.until(lambda: sockets.isdisjoint(self._served))

    def fail(self, method: str, path: str, *, status: int, body: Any = None, times: int = 1) -> None:
        """Answer the next `times` requests to `path` (a pattern, without /api/v10) with `status`.

        discord.py waits out a 429 with `body={"retry_after": seconds}` and tries again; it also
        retries 500, 502, 504 and 524: five tries in all, with 1, 3, 5 and 7 seconds in between.
        """
        default = {"code": 0, "message": "injected by the test"}
        self._faults.append(Fault(method, path, status, default if body is None else body, times))

    def stall(self, method: str, path: str) -> asyncio.Event:
        """Take the next request to `path`, set the event that is returned, and say nothing before `let_go`."""
        self._going.clear()
        self._stalls.append((method, path, asyncio.Event()))
        return self._stalls[-1][2]

    def let_go(self) -> None:
        """Go on with what `stall` holds up."""
        self._stalls.clear()
        self._going.set()

    def calls(self, method: str, path: str) -> list[Request]:
        """The requests so far to `path` (a pattern, without /api/v10), oldest first."""
        return [request for request in self.requests if request.fits(method, path)]

    async def until(self, found: Callable[[], T | None]) -> T:
        """Wait until `found` gives something; a TimeoutError notes the bot's last requests.

        It asks again and again, for the thing may turn up anywhere in simcord.
        """
        try:
            async with asyncio.timeout(self.patience):
                while not (value := found()):  # noqa: ASYNC110 - conditions live in simcord's state, which has no event
                    await asyncio.sleep(0.01)
                return value
        except TimeoutError as error:
            error.add_note("\n".join(f"{r.status} {r.method} {r.path}" for r in self.requests[-20:]))
            raise

    async def answer(self, result: InteractionResult) -> ResponseMessage:
        """Wait for the final response to an interaction: a deferred one counts once it is edited."""
        interaction = result._interaction
        return await self.until(lambda: result.response if self._is_final(interaction) else None)

    def _is_final(self, interaction: Interaction) -> bool:
        if interaction.response_kind is not ResponseKind.DEFERRED_UPDATE:
            return interaction.responded and not interaction.loading
        path = f"/webhooks/*/{interaction.token}*"
        return any(r.accepted for verb in ("PATCH", "POST") for r in self.calls(verb, path))

    async def reply(self, message: discord.Message) -> discord.Message:
        """Wait for the bot's reply to a message, or else its next message in the channel."""
        return await self.until(partial(self._reply_to, message))

    def _reply_to(self, message: discord.Message) -> discord.Message | None:
        backend = self.world.backend
        for stored in backend.messages[message.channel.id].values():
            target = stored.reference["message_id"] if stored.reference else str(message.id)
            later = stored.id > message.id and stored.author_id == backend.bot_user.id
            if later and target == str(message.id):
                return to_discord_message(self.world, stored)
        return None

    def text(self, message: MessageLike) -> str:
        """What a member reads now: the content and every text display of a Components V2 layout."""
        channel_id = message.channel.id if isinstance(message, discord.Message) else message.channel_id
        stored = self.world.backend.get_message(channel_id, message.id)
        shown = (c["content"] for c in walk_components(stored.components) if c["type"] == TEXT_DISPLAY)
        return "\n".join(filter(None, (stored.content, *shown)))

    def acknowledged_in(self, result: InteractionResult) -> float:
        """Seconds from sending the interaction to the bot's first accepted callback."""
        token = result._interaction.token
        callbacks = self.calls("POST", f"/interactions/*/{token}/callback")
        return next(call.at for call in callbacks if call.accepted) - self._sent[token]

    # ----------------------------------------------------------------------------------- HTTP

    def _encode(self, payload: Any) -> str:
        return json.dumps(payload).replace(CDN_BASE, f"http://{self.host}/cdn")

    async def _serve_api(self, http: web.Request) -> web.Response:
        at = time.monotonic()
        path = http.rel_url.raw_path.removeprefix(API)
        body, files = await _body(http)
        reason = unquote(http.headers.get("X-Audit-Log-Reason", "")) or None
        request = Request(http.method, path, dict(http.query), body, reason, at)
        for stall in self._stalls:
            if not stall[2].is_set() and request.fits(stall[0], stall[1]):
                stall[2].set()
                await self._going.wait()
                break
        request.status, answer = self._answer(request, files, http.headers.get("Authorization"))
        request.seconds = time.monotonic() - at
        self.requests.append(request)
        # Without Via, discord.py takes a 429 for a ban by Cloudflare. It reads JSON only under a
        # content type without charset, which aiohttp writes for bytes.
        headers = {"Via": "1.1 loopback"}
        if answer is None:
            return web.Response(status=204 if request.accepted else request.status, headers=headers)
        blob = self._encode(answer).encode()
        return web.Response(body=blob, content_type="application/json", status=request.status, headers=headers)

    def _answer(self, request: Request, files: list[discord.File], authorization: str | None) -> tuple[int, Any]:
        for fault in self._faults:
            if fault.times and request.fits(fault.method, fault.path):
                fault.times -= 1
                return fault.status, fault.body
        # A webhook's or an interaction's token in the path takes the place of the bot's.
        by_path = request.path.startswith(("/webhooks/", "/interactions/"))
        if authorization != f"Bot {self.token}" and not by_path:
            return 401, {"code": 0, "message": "401: Unauthorized"}
        if request.fits("GET", "/gateway") or request.fits("GET", "/gateway/bot"):
            limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
            url = f"ws://{self.host}/gateway"
            return 200, {"url": url, "shards": self.shards, "session_start_limit": limit}
        return self._ask_simcord(request, files)

    def _ask_simcord(self, request: Request, files: list[discord.File]) -> tuple[int, Any]:
        try:
            return 200, router.dispatch(
                self.world.backend,
                request.method,
                request.path,
                json=request.json,
                params=request.params,
                files=files,
                reason=request.reason,
                message_content_access=self.approved_intents is None or self.approved_intents.message_content,
            )
        except (router.RouteNotImplemented, router.UnsupportedField) as gap:
            self.gaps.append(gap)
            return gap.status, gap.to_json()
        except BackendError as error:
            return error.status, error.to_json()
        except Exception as gap:  # simcord's own fault, whatever it is: told when the server closes  # noqa: BLE001 - any gap in the simulation is collected and raised at the end
            self.gaps.append(gap)
            return 501, {"code": 0, "message": f"simcord: {gap!r}"}

    async def _serve_cdn(self, http: web.Request) -> web.Response:
        blob = self.world.backend.cdn.get(f"{CDN_BASE}/{http.match_info['path']}")
        return web.Response(body=blob) if blob is not None else web.Response(status=404)

    # -------------------------------------------------------------------------------- gateway

    def _dispatch(self, event: str, payload: Mapping[str, Any]) -> None:
        if event == "INTERACTION_CREATE":
            self._sent[payload["token"]] = time.monotonic()
        for session in self._sessions.values():
            session.router.feed(event, payload)

    async def _serve_gateway(self, http: web.Request) -> web.WebSocketResponse:
        # Plain text, whatever `?compress=` asks for: discord.py inflates binary frames only.
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(http)
        outbox: asyncio.Queue[str] = asyncio.Queue()
        outbox.put_nowait(self._encode({"op": Op.HELLO, "d": {"heartbeat_interval": 41_250}}))
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(_send(socket, outbox))
                async for message in socket:
                    await self._receive(socket, outbox, message.json())
                sending.cancel()
        finally:
            self._served.pop(socket, None)
        return socket

    async def _receive(self, socket: web.WebSocketResponse, outbox: asyncio.Queue[str], frame: dict[str, Any]) -> None:
        asked = frame["d"]
        match frame["op"]:
            case Op.HEARTBEAT:
                outbox.put_nowait(self._encode({"op": Op.HEARTBEAT_ACK}))
            case Op.IDENTIFY if refusal := self._refusal(asked):
                await socket.close(code=refusal)
            case Op.IDENTIFY:
                self._served[socket] = self._new_session(asked)
                self._served[socket].connect(outbox, seen=0)
            case Op.RESUME if session := self._known_session(asked):
                session.record("RESUMED", {})
                session.connect(outbox, seen=asked["seq"])
                self._served[socket] = session
            case Op.RESUME:
                outbox.put_nowait(self._encode({"op": Op.INVALID_SESSION, "d": False}))
            case Op.REQUEST_GUILD_MEMBERS:
                await self._served[socket].send_members(asked)

    def _refusal(self, asked: dict[str, Any]) -> int | None:
        if asked["token"] != self.token:
            return AUTHENTICATION_FAILED
        approved = self.approved_intents
        if approved is not None and missing_privileged_intents(declared_intents(asked), approved):
            return DISALLOWED_INTENTS
        return None

    def _new_session(self, asked: dict[str, Any]) -> Session:
        session = Session(self.world.backend, asked, self._encode)
        session.greet(f"ws://{self.host}/gateway")
        self._sessions[session.shard_id] = session
        return session

    def _known_session(self, asked: dict[str, Any]) -> Session | None:
        known = (session for session in self._sessions.values() if session.id == asked["session_id"])
        return next(known, None) if asked["token"] == self.token else None


async def _send(socket: web.WebSocketResponse, outbox: asyncio.Queue[str]) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_str(await outbox.get())


async def _body(http: web.Request) -> tuple[Any, list[discord.File]]:
    """The JSON of a request and its uploads, whether it came plain or as multipart."""
    if http.content_type == "application/json":
        return await http.json(), []
    if http.content_type != "multipart/form-data":
        return None, []
    form = await http.post()
    fields = [{"name": name, "value": value} for name, value in form.items() if isinstance(value, str)]
    body, _ = router.parse_form(fields, [])
    # The JSON lists the alt text of the part files[n] under the id n.
    listed = body.get("attachments", []) if isinstance(body, dict) else []
    alt = {f"files[{entry['id']}]": entry.get("description") for entry in listed}
    return body, [
        discord.File(io.BytesIO(part.file.read()), part.filename, description=alt.get(name))
        for name, part in form.items()
        if isinstance(part, web.FileField)
    ]


async def _stop(process: asyncio.subprocess.Process, seconds: float) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), seconds)  # above the deadline of its drain
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
