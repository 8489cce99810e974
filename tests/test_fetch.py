"""What strangers send: addresses that lead inside, pages that grow, files that are not what they say."""

from __future__ import annotations

import contextlib
import gzip
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from documents import docx_of, pdf_of, zip_bomb
from loopback_site import *  # noqa: F403 - as above
from loopback_site import Site

from bot.errors import FetchError
from bot.fetch import FEED, MOST_BYTES, Page, fetch, fetch_if_changed
from bot.sandbox import read_safely
from index.errors import LoadError

if TYPE_CHECKING:
    import simcord

ARTICLE = """<!doctype html><html lang="en"><head><title>Harbour bridge closes | The Pilot</title>
<meta property="og:site_name" content="The Pilot"><meta property="article:published_time" content="2026-05-04">
</head><body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Harbour bridge closes</h1>
<p>The harbour bridge of Port Alder closes on Monday for nine weeks, as the town council decided last night.</p>
<p>Engineers found cracks in 14 steel cables. Mayor Lena Ortiz called the repair long overdue.</p>
<p>Buses will cross the river at Quay Street. The work costs $12 million, which the province pays.</p></article>
<footer>All rights reserved. Contact us.</footer></body></html>"""

# Names that a resolver would turn into addresses are left to ssrfguard's own tests; these need none.
_HOSTS = [
    "127.0.0.1", "127.1", "127.255.255.254", "0.0.0.0", "0", "localhost.", "2130706433", "0x7f000001", "0177.0.0.1",
    "017700000001", "0x7f.1", "127.0.0.1.", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1",
    "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2002:7f00:1::]", "[2001:db8::1]",
    "[2001::1]", "[100::1]", "[fec0::1]", "[::ffff:0:127.0.0.1]",
]  # fmt: skip
_FORMS = ["http://{}/", "https://{}/x", "http://{}:80/latest/meta-data/", "HTTP://{}"]
_OTHERS = [
    "", " ", "x", "example.com", "//example.com", "http://", "https:///x", "file:///etc/passwd", "ftp://example.com/",
    "gopher://example.com/", "javascript:alert(1)", "data:text/html,x", "ws://example.com/", "mailto:a@b.c",
    "http://user:secret@example.com/", "http://example.com:22/", "http://example.com:6379/", "http://[::1",
    "http://a b/",
    "http://exa\nmple.com/", "http://\u2460\u2461\u2466.0.0.1/", "http://127\u30020\u30020\u30021/", "http://\x00/",
    "http://" + "a" * 9000,
]  # fmt: skip
HOSTILE = [form.format(host) for host in _HOSTS for form in _FORMS] + _OTHERS


def test_there_are_two_hundred_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("url", HOSTILE)
async def test_an_address_that_is_none_of_the_public_web_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(FetchError) as told:
        await fetch(url, seconds=5)
    assert "\n" not in str(told.value)
    assert "secret" not in str(told.value)


def page(text: str, **headers: str) -> web.Response:
    return web.Response(body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8", **headers})


async def test_a_page_is_fetched_and_read_with_its_title_source_date_and_body(site: Site) -> None:
    site.pages["/bridge"] = page(ARTICLE)
    found = await site.fetch("/bridge")
    story = await read_safely(found.content, found.name, url=found.url, charset=found.charset)
    assert story.title == "Harbour bridge closes"
    assert (story.source, story.published, story.url) == ("The Pilot", "2026-05-04", found.url)
    for sentence in ("closes on Monday for nine weeks", "cracks in 14 steel cables", "costs $12 million"):
        assert sentence in story.body
    assert "rights reserved" not in story.body
    assert "Sport" not in story.body


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "ftp://a.b/",
        "//10.0.0.1/",
    ],
)
async def test_a_redirect_to_somewhere_inside_is_refused(site: Site, target: str) -> None:
    site.pages["/go"] = web.Response(status=302, headers={"Location": target})
    with pytest.raises(FetchError):
        await site.fetch("/go")
    assert site.asked == ["/go"]


async def test_what_is_as_it_was_is_not_sent_again(site: Site) -> None:
    def serve(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"' or "If-Modified-Since" in request.headers:
            return web.Response(status=304)
        return page(ARTICLE, ETag='"1"', **{"Last-Modified": "Mon, 04 May 2026 10:00:00 GMT"})

    site.pages["/bridge"] = serve
    address, policy = site.address("/bridge"), site.policy()
    first = await fetch_if_changed(address, policy=policy)
    assert first is not None
    assert (first.etag, first.modified) == ('"1"', "Mon, 04 May 2026 10:00:00 GMT")
    assert await fetch_if_changed(address, etag=first.etag, policy=policy) is None
    assert await fetch_if_changed(address, modified=first.modified, policy=policy) is None
    assert await fetch_if_changed(address, etag='"0"', policy=policy) is not None
    site.pages["/strange"] = web.Response(status=304)
    with pytest.raises(FetchError, match="304"):
        await site.fetch("/strange")


async def test_a_server_says_when_to_come_back_and_when_never(site: Site) -> None:
    site.pages["/busy"] = web.Response(status=503, headers={"Retry-After": "120"})
    site.pages["/gone"] = web.Response(status=410)
    with pytest.raises(FetchError) as busy:
        await site.fetch("/busy")
    with pytest.raises(FetchError) as gone:
        await site.fetch("/gone")
    assert (busy.value.retry_after, busy.value.is_gone) == (120, False)
    assert (gone.value.retry_after, gone.value.is_gone) == (None, True)


@pytest.mark.parametrize("content_type", ["application/rss+xml", "text/xml", "text/html", "text/plain"])
async def test_a_feed_is_known_by_its_type_or_its_first_words(site: Site, content_type: str) -> None:
    feed = b'<?xml version="1.0"?>\n<!-- ours -->\n<rss version="2.0"><channel></channel></rss>'
    site.pages["/feed"] = web.Response(body=feed, content_type=content_type)
    assert (await site.fetch("/feed")).name == FEED


async def test_redirects_are_followed_and_do_not_go_on_for_ever(site: Site) -> None:
    site.pages["/a"] = web.Response(status=301, headers={"Location": "/b"})
    site.pages["/b"] = page(ARTICLE)
    assert (await site.fetch("/a")).url.endswith("/b")
    site.pages["/b"] = web.Response(status=301, headers={"Location": "/a"})
    with pytest.raises(FetchError):
        await site.fetch("/a")
    assert len(site.asked) < 12


async def test_a_page_over_the_limit_is_not_read_to_its_end(site: Site) -> None:
    site.pages["/big"] = web.Response(body=b"a" * (MOST_BYTES + 1), content_type="text/plain")
    with pytest.raises(FetchError, match=r"more than 8 MB"):
        await site.fetch("/big")


async def test_a_small_page_that_unpacks_to_a_large_one_is_refused(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000)
    assert len(bomb) < 300_000
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site.pages["/bomb"] = web.Response(body=bomb, headers=headers)
    with pytest.raises(FetchError, match=r"more than 8 MB"):
        await site.fetch("/bomb")
    site.pages["/packed"] = web.Response(body=gzip.compress(ARTICLE.encode()), headers=headers)
    assert (await site.fetch("/packed")).content.decode() == ARTICLE
    packed = gzip.compress(ARTICLE.encode())
    for broken in (b"no gzip", packed[:-1], packed[: len(packed) // 2], packed[:5], b""):
        site.pages["/broken"] = web.Response(body=broken, headers=headers)
        with pytest.raises(FetchError, match="packing is damaged"):
            await site.fetch("/broken")
    site.pages["/br"] = web.Response(body=b"x", headers={"Content-Type": "text/html", "Content-Encoding": "br"})
    with pytest.raises(FetchError, match="do not unpack"):
        await site.fetch("/br")


@pytest.mark.parametrize("kind", ["image/png", "application/zip", "application/octet-stream", "video/mp4"])
async def test_what_is_no_page_is_refused(site: Site, kind: str) -> None:
    site.pages["/x"] = web.Response(body=b"x", content_type=kind)
    with pytest.raises(FetchError, match="no page or document"):
        await site.fetch("/x")


@pytest.mark.parametrize(
    ("status", "told"), [(404, "HTTP 404"), (500, "HTTP 500"), (402, "not open to everyone"), (403, "not open")]
)
async def test_a_page_that_is_not_given_says_so(site: Site, status: int, told: str) -> None:
    site.pages["/x"] = web.Response(status=status)
    with pytest.raises(FetchError, match=told):
        await site.fetch("/x")


async def test_a_server_that_does_not_answer_is_given_up(site: Site) -> None:
    with pytest.raises(FetchError, match="did not come within 1 second"):
        await site.fetch("/slow", seconds=1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<p>Subscribe to continue reading.</p>", "readers who subscribe or log in"),
        ("<p>Please accept cookies to see this page.</p>", "asks for consent to cookies"),
        ("<p>Enable JavaScript.</p>", "asks for a human or a browser with scripts"),
    ],
)
async def test_a_wall_is_told_apart_from_a_story(text: str, told: str) -> None:
    with pytest.raises(LoadError, match=told):
        await read_safely(f"<html><body>{text}</body></html>".encode(), "page.html", url="https://a.b/c")


async def test_an_empty_page_says_so() -> None:
    with pytest.raises(LoadError, match="no text of a story"):
        await read_safely(b"<html><body><script>x()</script></body></html>", "page.html", url="https://a.b/c")


async def test_html_nested_a_hundred_thousand_deep_is_refused_or_read_within_the_limits() -> None:
    nested = ("<div>" * 100_000 + "deep words here" + "</div>" * 100_000).encode()
    body = ""
    with contextlib.suppress(LoadError):
        body = (await read_safely(nested, "page.html", url="https://a.b/c")).body
    assert body in ("", "deep words here")


async def test_the_declared_charset_is_used() -> None:
    text = "<html><body><article>" + "<p>Привет, мир. Президент подал в отставку.</p>" * 12 + "</article></body></html>"
    story = await read_safely(text.encode("koi8-r"), "page.html", url="https://a.b/c", charset="koi8-r")
    assert "Президент" in story.body


async def test_a_pdf_file_is_read() -> None:
    story = await read_safely(pdf_of("The bridge closes on Monday."), "harbour-bridge.pdf")
    assert (story.title, story.body.strip()) == ("Harbour bridge", "The bridge closes on Monday.")


async def test_a_word_file_is_read() -> None:
    content = docx_of("The bridge closes on Monday.", "It costs $12 million.", title="The bridge")
    story = await read_safely(content, "x.docx")
    assert story.title == "The bridge"
    assert [story.text(paragraph.span) for paragraph in story.paragraphs] == [
        "The bridge closes on Monday.",
        "It costs $12 million.",
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.pdf", b"", "damaged"),
        ("x.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 50, "damaged"),
        ("x.pdf", pdf_of("words")[:300], "damaged|no text"),
        ("x.pdf", pdf_of(""), "no text"),
        ("x.pdf", pdf_of("words", password="x"), "password"),  # noqa: S106 - of a test's own file
        ("x.docx", b"PK\x03\x04 nothing", "damaged"),
        ("x.docx", b"plain text", "damaged"),
        ("x.docx", docx_of("words")[:500], "damaged"),
        ("x.docx", docx_of(), "no text"),
        ("x.docx", zip_bomb(), "unpacks to too much"),
    ],
)
async def test_a_damaged_or_hostile_document_is_refused_in_one_line(name: str, content: bytes, told: str) -> None:
    with pytest.raises(LoadError, match=told) as refused:
        await read_safely(content, name)
    assert "\n" not in str(refused.value)


async def test_a_child_that_does_not_end_is_ended() -> None:
    with pytest.raises(LoadError, match="takes too long"):
        await read_safely(b"x", "x.pdf", seconds=0.5, command=(sys.executable, "-c", "import time; time.sleep(60)"))


async def test_a_child_that_takes_all_memory_ends_alone() -> None:
    hungry = "from bot.extract import _limit; _limit(); x = b'a' * 5_000_000_000"
    with pytest.raises(LoadError, match="too much time or memory"):
        await read_safely(b"x", "x.pdf", command=(sys.executable, "-c", hungry))


async def test_the_child_does_not_see_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a.secret.token")
    monkeypatch.setenv("STORYDESK_STORAGE__URL", "postgresql://desk:a.secret.password@db/desk")
    tells = (
        "import json, os; told = 'secret' if 'secret' in str(os.environ) else 'nothing';"
        "print(json.dumps({'refused': told, 'reason': 'empty', 'values': {}}))"
    )
    with pytest.raises(LoadError, match="nothing"):
        await read_safely(b"x", "x.pdf", command=(sys.executable, "-c", tells))


async def test_a_story_is_added_by_its_link(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetched(url: str, **_: object) -> Page:
        return Page(url, ARTICLE.encode(), "page.html", "utf-8")

    monkeypatch.setattr("bot.intake.fetch_if_changed", fetched)
    shown = said((await chief.slash(channel, "story add", link="https://pilot.example/bridge")).response)
    assert shown.startswith("✔ Added: “Harbour bridge closes”")


async def test_a_link_that_leads_inside_is_refused_on_discord(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    shown = said((await chief.slash(channel, "story add", link="http://169.254.169.254/latest/")).response)
    assert shown.startswith("I cannot take that: I fetch public web pages only")
