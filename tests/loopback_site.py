"""A web site on loopback, for tests of what is fetched."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest_asyncio
from aiohttp import web
from ssrfguard import Policy

from bot.fetch import Page, fetch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Site:
    """A loopback server whose pages a test sets; `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, web.StreamResponse | Callable[[web.Request], web.StreamResponse]] = {}
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/slow":
            await asyncio.sleep(30)
        found = self.pages.get(request.path) or web.Response(status=404)
        return found(request) if callable(found) else found

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def policy(self, **changes: object) -> Policy:
        """What lets a test reach this server, and nothing else inside."""
        return Policy(
            allowed_networks=(ip_network("127.0.0.1/32"),),
            allowed_ports=frozenset({self.port}),
            **changes,  # type: ignore[arg-type]
        )

    async def fetch(self, path: str, seconds: float = 10) -> Page:
        return await fetch(self.address(path), policy=self.policy(max_redirects=5), seconds=seconds)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()
