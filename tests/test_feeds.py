"""Feeds: what they name, in which order, and what is no feed."""

from __future__ import annotations

import pytest

from bot.sandbox import read_feed_safely
from index.errors import LoadError
from index.feeds import read_feed

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Pilot</title>
<item><title>Old</title><link>https://pilot.example/old</link><pubDate>Mon, 04 May 2026 10:00:00 GMT</pubDate></item>
<item><title> New
 one </title><link>/new</link><guid>n-1</guid><pubDate>Tue, 05 May 2026 10:00:00 GMT</pubDate></item>
<item><title>Bad</title><link>javascript:alert(1)</link><pubDate>Tue, 05 May 2026 10:00:00 GMT</pubDate></item>
<item><title>Twice</title><link>/new</link><guid>n-1</guid><pubDate>Tue, 05 May 2026 09:00:00 GMT</pubDate></item>
<item><title>No link</title><pubDate>Tue, 05 May 2026 10:00:00 GMT</pubDate></item>
</channel></rss>"""
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Pilot</title>
<entry><title>First</title><id>a</id><link href="https://pilot.example/1"/></entry>
<entry><title>Second</title><id>b</id><link href="https://pilot.example/2"/></entry></feed>"""
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("k")))
    + b']><rss version="2.0"><channel><item><title>&j;</title><link>https://a.example/</link></item></channel></rss>'
)


def test_the_newest_items_come_first_each_once_with_whole_addresses() -> None:
    items = read_feed(RSS, url="https://pilot.example/feed")
    assert [(item.title, item.link) for item in items] == [
        ("New one", "https://pilot.example/new"),
        ("Old", "https://pilot.example/old"),
    ]
    moved = read_feed(RSS.replace(b"/new<", b"/moved<"), url="https://pilot.example/feed")
    assert moved[0].key == items[0].key


def test_without_dates_items_stay_as_they_stand() -> None:
    assert [item.title for item in read_feed(ATOM)] == ["First", "Second"]


@pytest.mark.parametrize("content", [b"", b"<html><body>x</body></html>", b"\x00\x01", b"https://a.example/feed"])
def test_what_is_no_feed_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(LoadError, match=r"^The feed cannot be read[^\n]*$"):
        read_feed(content)


async def test_a_feed_is_read_in_a_child_process() -> None:
    items = await read_feed_safely(RSS, url="https://pilot.example/feed", charset="utf-8")
    assert items == read_feed(RSS, url="https://pilot.example/feed")
    with pytest.raises(LoadError):
        await read_feed_safely(b"x")


async def test_entities_that_multiply_are_not_unfolded() -> None:
    (item,) = await read_feed_safely(BOMB)
    assert item.title == "&j;"
