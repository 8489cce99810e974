"""A small HTTP server, for whoever runs the bot: /healthz (it lives), /readyz (it answers), /metrics (Prometheus).

It listens only where `server.port` names a port: a bot needs no open port, and two on one machine
would want the same. It says nothing of guilds, members, stories or questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.app import StorydeskBot
    from bot.config import ServerSettings
    from bot.prometheus import Prometheus

_log = logging.getLogger("storydesk")

_DATABASE_SECONDS = 2.0


@contextlib.asynccontextmanager
async def serving(bot: StorydeskBot, metrics: Prometheus, settings: ServerSettings) -> AsyncIterator[None]:
    """Serve until the block ends; nothing where no port is set.

    Raises:
        ConfigError: the port or the address cannot be listened on.
    """
    if not settings.port:
        yield
        return
    watch(bot, metrics)
    runner = web.AppRunner(application(bot, metrics), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await _listen(runner, settings)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: ServerSettings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise ConfigError(refusal(settings, error)) from None


def refusal(settings: ServerSettings, error: OSError) -> str:
    """Return what to say where the configured address cannot be listened on."""
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return f"{settings.host}:{settings.port} cannot be listened on ({reason}): set server.port to a free one, or to 0."


def application(bot: StorydeskBot, metrics: Prometheus) -> web.Application:
    """Return the application with its three pages."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        missing = await missing_of(bot)
        return web.json_response({"ready": not missing, "missing": missing}, status=503 if missing else 200)

    async def page(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", page)
    return app


async def missing_of(bot: StorydeskBot) -> dict[str, str]:
    """Return what keeps the bot from answering: `stopping`, `gateway`, `model`, `database`, each with its reason."""
    missing: dict[str, str] = {}
    if bot.requests.is_draining:
        missing["stopping"] = "it was told to stop and takes no more questions"
    if not gateway_is_up(bot):
        missing["gateway"] = "not connected to Discord"
    if not bot.desk.is_ready:
        failure = bot.desk.failure
        missing["model"] = f"{type(failure).__name__}: see the log" if failure else "still loading"
    try:
        await asyncio.wait_for(bot.store.check(), _DATABASE_SECONDS)
    except (StorageError, TimeoutError) as error:
        _log.warning("the database does not answer: %s", error or f"not within {_DATABASE_SECONDS:.0f} seconds")
        missing["database"] = f"{type(error).__name__}: see the log"  # whoever asks need not know where it is
    return missing


def gateway_is_up(bot: StorydeskBot) -> bool:
    """Say whether every shard is connected to Discord."""
    return bot.is_ready() and not bot.is_closed() and not any(shard.is_closed() for shard in bot.shards.values())


def watch(bot: StorydeskBot, metrics: Prometheus) -> None:
    """Show what the bot knows of itself in the metrics."""
    metrics.watch(
        "questions_under_way", "Questions, lookups and claims that wait or are worked on", lambda: bot.desk.under_way
    )
    metrics.watch("requests_under_way", "Commands, buttons and messages being answered", lambda: len(bot.requests))
    metrics.watch("stories_loaded", "Stories in memory", lambda: bot.desk.loaded[0])
    metrics.watch("passages_loaded", "Passages of the stories in memory", lambda: bot.desk.loaded[1])
    metrics.watch(
        "model_loaded", "1 when questions are answered without waiting for the model", lambda: bot.desk.is_ready
    )
    metrics.watch("gateway_up", "1 when every shard is connected", lambda: gateway_is_up(bot))
    metrics.watch("gateway_latency_seconds", "From a heartbeat to its answer, the slowest shard", lambda: _latency(bot))
    metrics.watch("guilds", "Servers that the bot is in", lambda: len(bot.guilds))


def _latency(bot: StorydeskBot) -> float:
    return max((shard.latency for shard in bot.shards.values()), default=math.nan)
