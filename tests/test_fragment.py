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
from browser_steps import Page, directive_of
from hypothesis import assume, given, settings
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


def test_what_the_words_before_do_not_tell_apart_the_words_after_do() -> None:
    body = (
        "So it was said. It is over. He left. So it was said. It is over. She stayed. So it was said. It is over. End."
    )
    assert text_fragment(body, span_of(body, "It is over.")) == ":~:text=It%20is%20over."
    assert text_fragment(body, span_of(body, "It is over.", 2)) == ":~:text=It%20is%20over.,-She%20stayed.%20So"
    assert text_fragment(body, span_of(body, "It is over.", 3)) == ":~:text=It%20is%20over.,-End."


def test_the_context_grows_until_it_tells_and_both_sides_help() -> None:
    lines = [
        "One two three four five. Go on. Six.",
        "Zero two three four five. Go on. Seven.",
        "One two three four five. Go on. Seven.",
    ]
    body = "\n\n".join(lines)
    page = Page(*lines)
    for number in (1, 2, 3):
        quote = span_of(body, "Go on.", number)
        fragment = text_fragment(body, quote)
        assert fragment is not None
        assert page.found(fragment) == span_of(page.text, "Go on.", number)
    assert "five.-,Go%20on.,-Seven." in (text_fragment(body, span_of(body, "Go on.", 3)) or "")


def test_a_quote_over_several_blocks_is_given_by_words_of_its_first_and_last_one() -> None:
    body = "Before this.\n\nThey agreed on two things.\n- Troops leave by May\n- Bases close\n\nAfter that."
    quote = Span(body.index("They"), body.index("close") + 5)
    assert text_fragment(body, quote) == ":~:text=They%20agreed%20on%20two,Bases%20close"
    item = span_of(body, "- Troops leave by May")
    assert text_fragment(body, item) == ":~:text=Troops%20leave%20by%20May"
    row = "Day | Water\n\nMonday night | 4 metres"
    assert text_fragment(row, span_of(row, "Monday night | 4 metres")) == ":~:text=Monday%20night,4%20metres"


def test_the_title_above_a_story_is_not_taken_for_its_first_words() -> None:
    body = "The old bridge of Port Alder closes. Buses cross elsewhere."
    quote = span_of(body, "The old bridge of Port Alder closes.")
    assert text_fragment(body, quote, title="Port news") == ":~:text=The%20old%20bridge%20of%20Port%20Alder%20closes."
    told = text_fragment(body, quote, title="The old bridge of Port Alder closes. At last")
    assert told == ":~:text=The%20old%20bridge%20of%20Port%20Alder%20closes.,-Buses%20cross%20elsewhere."


def test_a_long_quote_without_spaces_is_given_by_its_clauses() -> None:
    body = (
        "はじめに。大統領は昨夜、長い会議の後で、国民に向けて辞任を表明し、後任の名前を挙げずに官邸を去った。おわり。"
    )
    quote = span_of(body, "大統領は昨夜、長い会議の後で、国民に向けて辞任を表明し、後任の名前を挙げずに官邸を去った。")
    prefix, start, end, suffix = directive_of(text_fragment(body, quote) or "")
    assert (prefix, start, suffix) == (None, "大統領は昨夜、", None)
    assert end == "後任の名前を挙げずに官邸を去った。"


def test_what_cannot_be_told_apart_gets_no_fragment() -> None:
    body = " ".join(["Go on."] * 60)
    assert text_fragment(body, span_of(body, "Go on.", 30)) is None
    assert link_to("https://a.b/c", body, span_of(body, "Go on.", 30)) == "https://a.b/c"


def test_an_address_with_parentheses_is_fit_for_markdown() -> None:
    url = "https://a.b/wiki/Mercury_(planet)"
    assert link_to(url, "Go on.", Span(0, 6)) == "https://a.b/wiki/Mercury_%28planet%29#:~:text=Go%20on."


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


_LONG = "No – go on, it’s (not) over; he said so & left well-known things to nine other people."
_SENTENCES = st.sampled_from(
    [
        "It is over.",
        "Go on.",
        "He said so.",
        "He said so on May 3.",
        "“It is over,” she said.",
        "Президент ушёл.",
        _LONG,
    ]
)


def test_a_word_that_goes_on_elsewhere_does_not_tell_places_apart() -> None:
    body = "He said so. He said so.\n\nHe said so. He said so on May 3."
    fragment = text_fragment(body, span_of(body, "He said so.", 3))
    assert fragment is not None
    assert Page(*body.split("\n\n")).found(fragment) == Span(24, 35)


@settings(max_examples=300)
@given(st.lists(st.lists(_SENTENCES, min_size=1, max_size=5), min_size=1, max_size=5), st.data())
def test_a_browser_that_follows_the_draft_finds_the_quote_and_no_other_place(
    told: list[list[str]], data: st.DataObject
) -> None:
    """However often its words stand in the story: a fragment leads to the quote itself, or there is none."""
    blocks = [" ".join(sentences) for sentences in told]
    body, page = "\n\n".join(blocks), Page(*blocks)
    at = data.draw(st.integers(0, len(blocks) - 1))
    first = data.draw(st.integers(0, len(told[at]) - 1))
    last = data.draw(st.integers(first, len(told[at]) - 1))
    offset = len(" ".join([*told[at][:first], ""]))
    length = len(" ".join(told[at][first : last + 1]))
    start = sum(len(block) + 2 for block in blocks[:at]) + offset
    expected = sum(len(block) + 1 for block in blocks[:at]) + offset
    fragment = text_fragment(body, Span(start, start + length))
    assert fragment is None or page.found(fragment) == Span(expected, expected + length)


@given(st.lists(st.text(st.sampled_from("abc AB.,-"), min_size=3, max_size=40), min_size=1, max_size=6), st.data())
def test_a_fragment_of_any_words_leads_to_them(blocks: list[str], data: st.DataObject) -> None:
    kept = [" ".join(block.split()) for block in blocks if any(map(str.isalnum, block))]
    kept = [block for block in kept if block[0].isalnum()]
    assume(kept)
    body, page = "\n\n".join(kept), Page(*kept)
    at = data.draw(st.integers(0, len(kept) - 1))
    start = sum(len(block) + 2 for block in kept[:at])
    fragment = text_fragment(body, Span(start, start + len(kept[at])))
    if fragment is not None:
        expected = sum(len(block) + 1 for block in kept[:at])
        assert page.found(fragment) == Span(expected, expected + len(kept[at]))


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
JAPANESE = "大統領は昨夜、長い会議の後で、国民に向けて辞任を表明し、後任の名前を挙げずに官邸を去った。"


OVER = "It is over."
SAID = "So it was said."
MARKUP = {"signed on Monday": "<b>sig</b>ned <a href='#'>on</a> <em><i>Monday</i></em>"}
# Paragraphs of which the second is the quote, or that it is part of; the quote and which of its places; the markup.
PAGES: dict[str, tuple[list[str], str, int, int, dict[str, str]]] = {
    "short": (["First.", "The base cost $100 million, they say.", "End."], "", 1, 2, {}),
    "told by the words before": ([f"{OVER} So he said.", "Days went by.", f"On Friday. {OVER} So."], OVER, 2, 3, {}),
    "told by the words after": ([f"{SAID} {OVER} He left.", f"{SAID} {OVER} She stayed.", "End."], OVER, 2, 2, {}),
    "told by both": ([f"{SAID} {OVER} Off.", f"So. {OVER} On.", f"{SAID} {OVER} On."], OVER, 3, 3, {}),
    "told by the block before": (["Start.", OVER, "On Friday.", OVER], OVER, 2, 4, {}),
    "long": (["Intro here.", LONG, "And so on."], "", 1, 2, {}),
    "French": (["Début.", "Le président a démissionné hier soir à Paris.", "Fin."], "", 1, 2, {}),
    "Russian": (["Начало.", "Президент подал в отставку вчера вечером.", "Конец."], "", 1, 2, {}),
    "Japanese": (["はじめに。", "大統領は昨夜辞任した。", "おわり。"], "", 1, 2, {}),
    "long Japanese": (["はじめに。", JAPANESE, "おわり。"], "", 1, 2, {}),
    "Arabic": (["بداية.", "استقال الرئيس مساء أمس.", "نهاية."], "", 1, 2, {}),
    "Korean": (["시작.", "대통령이 어젯밤 사임했다.", "끝."], "", 1, 2, {}),
    "inline markup": (["Start.", "The deal was signed on Monday in Rome.", "End."], "", 1, 2, MARKUP),
    "two blocks": (["Start.", "They signed on Monday.", "It holds."], "They signed on Monday.\n\nIt holds.", 1, 2, {}),
    "a line break": (["Start.", "They signed\non Monday.", "End."], "", 1, 2, {"signed\non": "signed<br>on"}),
    "a list": (["Start.", "- Troops leave by May", "End."], "", 1, 2, {"- Troops": "Troops"}),
    "entities": (["Start.", "He\u00a0said: “R&D, 5 < 6” – twice.", "End."], "", 1, 2, {"said: ": "said:\n    "}),
}


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
@pytest.mark.parametrize("name", PAGES)
def test_a_real_browser_scrolls_to_the_quote(served: tuple[str, dict[str, str]], name: str) -> None:
    address, pages = served
    paragraphs, words, which, number, markup = PAGES[name]
    story = Story("\n\n".join(paragraphs), "T")
    shown = [html.escape(text) for text in paragraphs]
    for plain, marked in markup.items():
        shown[number - 1] = shown[number - 1].replace(plain, marked)
    space = "<div style='height:2000px'></div>"
    body = "".join(f"{space}<p id='p{at}'>{text}</p>" for at, text in enumerate(shown, start=1))
    path = f"/{story.id}"
    pages[path] = f"<!doctype html><meta charset=utf-8><title>T</title>{_SCRIPT}<body>{body}{space}"
    link = link_to(f"{address}{path}", story.body, span_of(story.body, words or paragraphs[1], which))
    assert ":~:text=" in link
    assert CHROMIUM is not None
    found = subprocess.run([CHROMIUM, *_SWITCHES, link], capture_output=True, check=True, timeout=120)
    assert f'data-seen="p{number}"' in found.stdout.decode()
