"""What is made to harm: names that change where they lead, files that grow or nest without end. The bot goes on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from documents import DOCUMENTS, PDFS, docx_of, pdf_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback_site import *  # noqa: F403 - fixtures come by name
from loopback_site import Site

from bot.errors import FetchError
from bot.fetch import fetch
from bot.sandbox import read_safely
from index.errors import LoadError
from index.load import read_story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from index.story import Story

_MEASURED = """
import resource, sys
from bot.extract import main
main()
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""
_MOST_MEMORY = 2_000_000  # kilobytes; bot.extract's limit of address space


class Names:
    """A resolver whose answers a test sets; the last one is given again and again."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, _: str, port: int, *__: object, **___: object) -> list[tuple[object, ...]]:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        is_six = ":" in answer
        place = (answer, port, 0, 0) if is_six else (answer, port)
        return [(socket.AF_INET6 if is_six else socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
        "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1", "::127.0.0.1",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(address)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(FetchError, match="public web pages only"):
        await fetch("http://story.example/", seconds=5)
    assert names.asked == 1


async def test_a_name_that_leads_elsewhere_when_it_is_asked_again_is_connected_to_where_it_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here 127.0.0.1 stands for the public web, and whatever else is inside for what nobody may reach."""
    site.pages["/"] = web.Response(text="<p>Hello there.</p>", content_type="text/html")
    names = Names("127.0.0.1", "10.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://story.example:{site.port}/"
    assert b"Hello" in (await fetch(url, policy=site.policy(), seconds=5)).content
    assert names.asked == 1
    with pytest.raises(FetchError, match="public web pages only"):
        await fetch(url, policy=site.policy(), seconds=5)


@pytest.mark.parametrize("second", ["10.0.0.1", "127.0.0.2", "::ffff:127.0.0.2", "64:ff9b::7f00:2"])
async def test_the_name_that_a_redirect_leads_to_is_checked_as_the_first_one_was(
    second: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/"] = web.Response(status=302, headers={"Location": f"http://other.example:{site.port}/b"})
    monkeypatch.setattr(socket, "getaddrinfo", Names("127.0.0.1", second))
    with pytest.raises(FetchError, match="public web pages only"):
        await fetch(f"http://story.example:{site.port}/", policy=site.policy(max_redirects=5), seconds=5)
    assert site.asked == ["/"]


@pytest.mark.parametrize("mark", ["\x01", "&#1;", "&#x1b;", "\x7f", "&#xfffe;", "&#0001;", "&#xD800;", "&#99999999;"])
def test_characters_that_no_tree_takes_are_left_out(mark: str) -> None:
    page = f"<html><body><div>One left.<br><br>{mark}Two stayed.<br>{mark}<b>x</b>{mark}</div></body></html>"
    assert "Two stayed." in read_story(page.encode(), "page.html").body
    dropped = f"<div>One left.<script>x</script>{mark} Two stayed.</div>"
    assert "Two stayed." in read_story(f"Start.\n\n{dropped}\n".encode(), "a.md").body


async def test_of_a_page_of_fifty_megabytes_no_more_is_read_than_is_allowed(site: Site) -> None:
    sent = 0

    async def megabytes() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(50):
            sent += 1
            yield b"<p>words " * 111_111

    site.pages["/big"] = lambda _: web.Response(body=megabytes(), content_type="text/html")
    with pytest.raises(FetchError, match="more than 8 MB"):
        await site.fetch("/big", seconds=60)
    assert sent < 40


async def read_beside_the_loop(content: bytes, name: str, measured: Path) -> tuple[Story | None, str]:
    """Return the story or the refusal; the event loop runs on meanwhile, and the child keeps to its memory."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    ticking = asyncio.create_task(tick())
    story, told = None, ""
    try:
        command = (sys.executable, "-W", "ignore", "-c", _MEASURED, str(measured))
        story = await read_safely(content, name, url="https://a.b/c", command=command)
    except LoadError as error:
        told = str(error)
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    assert ticks > 5  # a start of Python alone takes many times as long
    assert "\n" not in told
    assert (story is None) == bool(told)
    if measured.exists():  # noqa: ASYNC240 - a test's own file; where it is absent, the system ended the child
        assert int(measured.read_text("utf-8")) < _MOST_MEMORY  # noqa: ASYNC240 - as above
    return story, told


NESTED = {
    tag: ("<" + tag + ">") * 100_000 + "deep words here" + ("</" + tag + ">") * 100_000
    for tag in ("div", "b", "table", "ul", "blockquote", "span class='ad'")
} | {
    "never closed": "<div><p>" * 50_000,
    "attributes": "<p " + "a='b' " * 300_000 + ">words",
    "entities": "&amp;" * 500_000,
}


@pytest.mark.parametrize("name", NESTED)
async def test_html_that_nests_without_end_is_read_or_refused_while_the_bot_goes_on(name: str, tmp_path: Path) -> None:
    await read_beside_the_loop(NESTED[name].encode(), "page.html", tmp_path / "measured")


@pytest.mark.parametrize("name", PDFS)
async def test_a_hostile_pdf_is_refused_while_the_bot_goes_on(name: str, tmp_path: Path) -> None:
    story, _ = await read_beside_the_loop(PDFS[name](), "x.pdf", tmp_path / "measured")
    assert story is None or story.body.strip() == "words"


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_word_file_is_refused_while_the_bot_goes_on(name: str, tmp_path: Path) -> None:
    story, _ = await read_beside_the_loop(DOCUMENTS[name](), "x.docx", tmp_path / "measured")
    assert story is None or "root:" not in story.body


VALID = {
    "x.pdf": pdf_of("The bridge closes on Monday."),
    "x.docx": docx_of("The bridge closes on Monday.", "It costs $12 million."),
    "x.html": b"<html><title>T</title><body><table><tr><td>a<br><br>b</td></tr></table><p>Words.</p></body></html>",
    "x.md": b"---\ntitle: T\nurl: https://a.b/c\n---\n# Head\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |\n",
}
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=20) | st.sampled_from([b"<<", b"[", b"<", b"&"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
@pytest.mark.parametrize("name", VALID)
def test_a_file_that_was_changed_anywhere_is_a_story_or_refused_in_one_line(
    name: str, edits: list[tuple[float, int, bytes]]
) -> None:
    content = bytearray(VALID[name])
    for at, length, put in edits:
        place = int(at * len(content))
        content[place : place + length] = put
    told = "one line"
    try:
        assert read_story(bytes(content), name, url="https://a.b/c").title
    except LoadError as error:
        told = str(error)
    assert len(told.splitlines()) == 1
