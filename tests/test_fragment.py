"""Text fragments: how they are written, and that a real browser finds the quote by them."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.fragment import link_to, text_fragment
from index.story import Span, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium")
_SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=4000", "--dump-dom",
    "--window-size=800,600",
)  # fmt: skip


def span_of(body: str, text: str, number: int = 1) -> Span:
    start = -1
    for _ in range(number):
        start = body.index(text, start + 1)
    return Span(start, start + len(text))


def test_a_short_quote_is_given_whole() -> None:
    body = "One thing. The base cost $100 million, they say. Another."
    fragment = text_fragment(body, span_of(body, "The base cost $100 million, they say."))
    assert fragment == ":~:text=The%20base%20cost%20%24100%20million%2C%20they%20say."


def test_a_long_quote_is_given_by_its_first_and_last_words() -> None:
    quote = " ".join(f"word{number}" for number in range(40)) + "."
    body = f"Before. {quote} After."
    assert (
        text_fragment(body, span_of(body, quote))
        == ":~:text=word0%20word1%20word2%20word3,word36%20word37%20word38%20word39."
    )


def test_marks_with_a_meaning_are_escaped() -> None:
    body = "A well-known, (old) & costly plan."
    assert text_fragment(body, Span(0, len(body))) == ":~:text=A%20well%2Dknown%2C%20%28old%29%20%26%20costly%20plan."


def test_a_repeated_sentence_is_told_apart_by_the_words_before_it() -> None:
    body = "He said so on Monday. It is over. She said so on Friday. It is over."
    assert text_fragment(body, span_of(body, "It is over.")) == ":~:text=It%20is%20over."
    assert text_fragment(body, span_of(body, "It is over.", 2)) == ":~:text=so%20on%20Friday.-,It%20is%20over."


def test_what_cannot_be_told_apart_gets_no_fragment() -> None:
    body = "Go on. Go on. Go on. Go on. Go on."
    assert text_fragment(body, span_of(body, "Go on.", 5)) is None
    assert link_to("https://a.b/c", body, span_of(body, "Go on.", 5)) == "https://a.b/c"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.b/c", "https://a.b/c#:~:text=Go%20on."),
        ("https://a.b/c#part", "https://a.b/c#part:~:text=Go%20on."),
        ("https://a.b/c#:~:text=x", "https://a.b/c#:~:text=x"),
    ],
)
def test_the_fragment_is_put_behind_the_address(url: str, link: str) -> None:
    assert link_to(url, "Go on.", Span(0, 6)) == link


@given(st.text(min_size=1, max_size=300), st.data())
def test_a_fragment_never_holds_what_would_end_a_link(body: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start + 1, len(body)))
    body = body.encode("utf-8", "replace").decode()
    fragment = text_fragment(body, Span(start, end))
    assert fragment is None or re.fullmatch(r":~:text=[\w.~%,*'!-]*", fragment, re.ASCII)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, dict[str, str]]]:
    """A loopback server; what stands in `pages` is served under its path."""
    pages: dict[str, str] = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = pages.get(self.path.split("?")[0], "").encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    server.server_close()


# Paragraphs stand 2,000 pixels apart, so that where the page was scrolled to tells which was found.
_SCRIPT = """<script>
let top0 = 0;
addEventListener("scroll", () => { top0 = scrollY; });
setTimeout(() => {
  const seen = [...document.querySelectorAll("p")].filter(p => {
    const box = p.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0 && scrollY > 0; });
  document.documentElement.dataset.seen = seen.map(p => p.id).join(" ");
}, 1500);
</script>"""


LONG = (
    "The well-known minister (of trade) & Co. spoke at length about a plan that nobody liked, "
    "that cost a great deal, and that was given up in the end."
)
MARKED = ("signed on Monday", "<b>signed</b> on <a href='#'>Monday</a>")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
@pytest.mark.parametrize(
    ("paragraphs", "number", "markup"),
    [
        (["First of all.", "The base cost $100 million, they say.", "And that is that."], 2, None),
        (["It is over. So he said.", "Days went by.", "On Friday. It is over. So she said."], 3, None),
        (["Intro here.", LONG, "And so on."], 2, None),
        (["Début.", "Le président a démissionné hier soir à Paris.", "Fin."], 2, None),
        (["Начало.", "Президент подал в отставку вчера вечером.", "Конец."], 2, None),
        (["はじめに。", "大統領は昨夜辞任した。", "おわり。"], 2, None),
        (["Start.", "The deal was signed on Monday in Rome.", "End."], 2, MARKED),
    ],
)  # fmt: skip
def test_a_real_browser_scrolls_to_the_quote(
    served: tuple[str, dict[str, str]], paragraphs: list[str], number: int, markup: tuple[str, str] | None
) -> None:
    address, pages = served
    story = Story("\n\n".join(paragraphs), "T")
    target = "It is over." if paragraphs[0].startswith("It is over.") else paragraphs[number - 1]
    quote = span_of(story.body, target, 2 if target == "It is over." else 1)
    shown = [html.escape(text) for text in paragraphs]
    if markup:
        shown[number - 1] = shown[number - 1].replace(*markup)
    space = "<div style='height:2000px'></div>"
    body = "".join(f"{space}<p id='p{at}'>{text}</p>" for at, text in enumerate(shown, start=1))
    path = f"/{abs(hash(story.id))}"
    pages[path] = f"<!doctype html><meta charset=utf-8><title>T</title>{_SCRIPT}<body>{body}{space}"
    assert CHROMIUM is not None
    found = subprocess.run(
        [CHROMIUM, *_SWITCHES, link_to(f"{address}{path}", story.body, quote)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert f'data-seen="p{number}"' in found.stdout.decode()
