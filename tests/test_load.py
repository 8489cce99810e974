from __future__ import annotations

import codecs
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.decoding import decode
from index.errors import BinaryStoryError, EmptyStoryError, LoadError, StoryTooLongError, UnreadableStoryError
from index.load import load_story, read_story
from index.story import Story

if TYPE_CHECKING:
    from pathlib import Path

TYPOGRAPHY = "“1\u00a0000 men can’t go,” he said – “not yet…”"


def read(text: str, name: str) -> Story:
    return read_story(text.encode(), name)


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


# Encodings


@pytest.mark.parametrize(
    "content",
    [
        TYPOGRAPHY.encode(),
        codecs.BOM_UTF8 + TYPOGRAPHY.encode(),
        TYPOGRAPHY.encode("utf-16-le"),
        TYPOGRAPHY.encode("utf-16-be"),
        codecs.BOM_UTF16_LE + TYPOGRAPHY.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TYPOGRAPHY.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TYPOGRAPHY.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TYPOGRAPHY.encode("utf-32-be"),
        TYPOGRAPHY.encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 bom", "utf-16-le", "utf-16-be", "le bom", "be bom", "32-le bom", "32-be bom", "cp1252"],
)
def test_every_encoding_gives_the_same_text_without_a_mark(content: bytes) -> None:
    assert decode(content) == TYPOGRAPHY


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_found_in_the_shortest_of_texts(encoding: str) -> None:
    assert decode("Hi".encode(encoding)) == "Hi"


@pytest.mark.parametrize("label", ["iso-8859-1", "ISO-8859-1", "latin1", "us-ascii", "windows-1252"])
def test_a_page_that_declares_latin_1_has_the_curly_quotes_of_windows_1252(label: str) -> None:
    content = f'<meta charset="{label}"><p>“Café”</p>'.encode("cp1252")
    assert decode(content).endswith("<p>“Café”</p>")


@pytest.mark.parametrize("label", ["iso-8859-1", "ISO-8859-1", "latin1", "us-ascii", "windows-1252"])
def test_a_server_that_declares_latin_1_means_windows_1252_too(label: str) -> None:
    assert read_story("“No deal”".encode("cp1252"), "a.txt", charset=label).body == "“No deal”"
    assert read_story("“No deal”".encode(), "a.txt", charset=label).body == "“No deal”"


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("gb2312", "gb18030", "总统昨晚辞职。"),
        ("Shift_JIS", "cp932", "大統領は①昨夜辞任した。"),
        ("iso-2022-jp", "iso2022_jp", "大統領は昨夜辞任した。"),
        ("koi8-r", "koi8-r", "Москва молчит."),
        ("iso-8859-9", "cp1254", "“İstanbul’da”"),
        ("utf-16", "utf-16", "Hello there."),
    ],
)
def test_a_text_is_read_in_the_encoding_that_its_server_declares(label: str, encoding: str, text: str) -> None:
    assert read_story(text.encode(encoding), "a.txt", charset=label).body == text


@pytest.mark.parametrize(
    "label", ["punycode", "idna", "unicode_escape", "hex", "utf-7", "no-such-thing", "", "x" * 999]
)
def test_a_server_that_declares_no_encoding_of_pages_is_not_believed(label: str) -> None:
    assert read_story(rb"Caf\xe9 " + "é".encode("cp1252"), "a.txt", charset=label).body == r"Caf\xe9 é"


def test_a_page_is_read_in_the_encoding_that_it_declares() -> None:
    head = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'
    content = page("<p>Москва молчит.</p>", head).encode("koi8-r")
    assert read_story(content, "page.html").body == "Москва молчит."


def test_valid_utf_8_is_read_as_such_whatever_the_page_declares() -> None:
    assert decode('<meta charset="koi8-r">Café'.encode()).endswith("Café")


@pytest.mark.parametrize("label", ["undefined", "idna", "hex", "no-such-thing"])
def test_a_page_that_declares_nonsense_is_read_as_windows_1252(label: str) -> None:
    assert decode(f"<meta charset={label}><p>“Café”".encode("cp1252")).endswith("“Café”")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text[0] != "\ufeff"))
def test_text_of_any_characters_survives_utf_8_and_utf_16_with_a_mark(text: str) -> None:
    assert decode(codecs.BOM_UTF8 + text.encode()) == text
    assert decode(codecs.BOM_UTF16_LE + b"a\0" + text.encode("utf-16-le")) == f"a{text}"


# Plain text


def test_plain_text_becomes_the_body_unchanged() -> None:
    text = "\r\n  One\u00a0left.\r\n\r\n\tTwo “stayed”.\r\n"
    assert read(text, "a.txt").body == text


def test_a_file_of_an_unknown_ending_is_plain_text() -> None:
    assert read("# One *left*.\n", "story.log").body == "# One *left*.\n"


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n\n", "\r"])
def test_a_headline_in_the_first_line_is_the_title_and_stays_in_the_body(gap: str) -> None:
    story = read(f"{gap}Troops leave Niger{gap}The army said so.{gap}", "a.txt")
    assert story.title == "Troops leave Niger"
    assert "Troops leave Niger" in story.body


@pytest.mark.parametrize(
    "text",
    [
        "The army said so.\nIt left.",
        "“Leave”\nThe army said so.",
        "Only one line",
        f"{'long ' * 30}\nThe army said so.",
        "The troops\nwill leave soon.\nThen all is over.",
        "The quick brown fox jumps over the lazy dog and runs away from\nThe Hague, where many live.",
    ],
    ids=["sentence", "quote", "alone", "long", "goes on", "wrapped"],
)
def test_a_first_line_that_is_no_headline_leaves_the_title_to_the_files_name(text: str) -> None:
    assert read(text, "us-leaves_niger.txt").title == "Us leaves niger"


# Markdown


def test_front_matter_tells_title_url_date_source_author_and_language() -> None:
    text = "---\ntitle: A\nurl: https://e.org/a\npublished: 2024-04-20\nsource: Echo\nauthor: Ada\n"
    text += "language: de\nx: y\n---\nBody.\n"
    assert read(text, "a.md") == Story(
        "Body.", "A", url="https://e.org/a", published="2024-04-20", source="Echo", author="Ada", language="de"
    )


def test_front_matter_with_crlf_and_a_mark_is_read() -> None:
    content = codecs.BOM_UTF8 + b"---\r\ntitle: A\r\n---\r\n\r\nOne.\r\n\r\nTwo.\r\n"
    story = read_story(content, "a.md")
    assert (story.title, story.body) == ("A", "One.\n\nTwo.")


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("2024-04-20", "2024-04-20"),
        ("2024-04-20 10:30:00", "2024-04-20 10:30"),
        ("2024", "2024"),
        ("'April 20'", "April 20"),
    ],
)
def test_dates_in_front_matter_become_text(yaml: str, text: str) -> None:
    assert read(f"---\npublished: {yaml}\n---\nBody.", "a.md").published == text


def test_an_empty_field_of_front_matter_counts_as_not_given() -> None:
    story = read("---\ntitle:\nurl: ''\nlanguage:\n---\nBody.", "the-end.md")
    assert (story.title, story.url, story.language) == ("The end", None, "en")


@pytest.mark.parametrize("yaml", ["title: [a", "a: b: c", "title: \"a\n\tb: '", "? {a: b}: ]"])
def test_front_matter_that_is_no_yaml_is_refused_in_one_line(yaml: str) -> None:
    with pytest.raises(UnreadableStoryError, match=r"^The front matter is not valid YAML: [^\n]+$"):
        read(f"---\n{yaml}\n---\nBody.", "a.md")


def test_front_matter_with_aliases_is_refused_before_it_grows() -> None:
    """Eight levels of nine aliases are 43 million pieces of text in 390 bytes."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 9))
    bomb = f"---\nl0: &l0 [x, x]\n{levels}title: *l8\n---\nBody."
    with pytest.raises(UnreadableStoryError, match=r"not valid YAML: anchors and aliases are not read$"):
        read(bomb, "a.md")


@pytest.mark.parametrize("value", ["[" * 3000, "{a: " * 3000, "[" * 3000 + "]" * 3000, "- " * 3000, "[" * 19_000])
def test_front_matter_nested_without_end_is_skipped_or_refused(value: str) -> None:
    told = ""
    try:
        assert read(f"---\ntitle: {value}\n---\nBody.", "the-end.md").title == "The end"
    except LoadError as error:
        told = str(error)
    assert len(told) < 500
    assert "\n" not in told


def test_only_text_counts_in_front_matter() -> None:
    text = "---\ntitle: [a, b]\nauthor: {first: Ada}\nsource: !!python/name:os.system x\n"
    text += "url:\n  - x\n? [q]\n: r\nlanguage: de\n---\nB."
    assert read(text, "the-end.md") == Story("B.", "The end", source="x", language="de")
    assert read("---\n- title: a\n- b\n---\nBody.", "the-end.md").title == "The end"
    assert read("---\ntitle: yes\nsource: 007\nauthor: '~'\n---\nBody.", "a.md") == Story(
        "Body.", "yes", source="007", author="~"
    )


def test_what_a_file_says_of_its_story_is_kept_on_one_line_of_bounded_length() -> None:
    story = read(
        f'---\ntitle: {"long " * 1000}\nsource: {"s " * 1000}\nauthor: "A\\n\\x1bB"\nurl: https://a.b/{"x" * 3000}\n'
        f"published: {'9 ' * 90}\nlanguage: any of them\n---\nBody.",
        "a.md",
    )
    assert (len(story.title), story.title[-6:]) == (295, " long…")
    assert len(story.source or "") <= 200
    assert len(story.published or "") <= 60
    assert (story.author, story.url, story.language) == ("A B", None, "en")
    assert len(read(f"# {'long ' * 1000}\n\nBody.", "a.md").title) <= 300
    assert (
        len(read(page(f"<h1>{'long ' * 1000}</h1>{ARTICLE}", f"<title>{'long ' * 1000}</title>"), "a.html").title)
        <= 300
    )


def test_front_matter_over_the_limit_is_refused_and_a_story_between_two_rules_is_not() -> None:
    with pytest.raises(
        UnreadableStoryError, match=r"^The front matter has 30,\d+ characters; at most 20,000 are read\.$"
    ):
        read(f"---\ntitle: A\nx: {'y' * 30_000}\n---\nBody.", "a.md")
    assert "Two stayed" in read(f"---\n\n{'One left. ' * 3000}\n\n---\n\nTwo stayed.\n", "a.md").body


def test_a_rule_at_the_top_is_not_front_matter_and_no_text_is_lost() -> None:
    assert read("---\n\nOne left.\n\n---\n\nTwo stayed.\n", "a.md").body == "One left.\n\nTwo stayed."


def test_the_title_of_front_matter_goes_before_the_heading_and_that_before_the_name() -> None:
    assert read("---\ntitle: Front\n---\n# Head\n\nBody.", "name.md").title == "Front"
    assert read("# The *Head*\n\nBody.", "name.md").title == "The Head"
    assert read("## Second\n\nBody.", "name.md").title == "Name"


def test_the_leading_heading_is_not_in_the_body_and_other_headings_are() -> None:
    assert read("# Head\n\nOne.\n\n## Middle\n\nTwo.\n\nEnd\n===\n", "a.md").body == "One.\n\nMiddle\n\nTwo.\n\nEnd"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("A **bold** and *slanted* ~word~.", "A bold and slanted ~word~."),
        ("A [link](https://e.org 'tip') and <https://e.org/x>.", "A link and https://e.org/x."),
        ("Some `code` and ![a picture](p.png).", "Some code and a picture."),
        ("Wrapped\nby hand\\\nand broken.", "Wrapped by hand and broken."),
        (
            "Tags <b>go</b><br> &amp; entities &nbsp;come, \\*stars\\* stay.",
            "Tags go & entities \u00a0come, *stars* stay.",
        ),
        ("> One.\n> Two.\n\n> Three.", "One. Two.\n\nThree."),
        ("- one\n- two\n  1. three\n\nEnd.", "- one\n- two\n- three\n\nEnd."),
        ("1. one\n\n2. two\n", "- one\n- two"),
        ("| a | b |\n|---|---|\n| *c* | d |\n", "a | b\n\nc | d"),
        ("```python\ncode = 1\n```\n\n    more\n", "code = 1\n\nmore"),
        ("One.\n\n***\n\nTwo.", "One.\n\nTwo."),
        ("<div>In <i>a</i>\n\u00a0box</div>\n\nOut.", "In a \u00a0box\n\nOut."),
        ("<!-- a note -->\n\n<script>let x;</script>\n\nOut.", "Out."),
        ("[1]: https://e.org\n\nSee [this][1].", "See this."),
        (TYPOGRAPHY, TYPOGRAPHY),
    ],
)
def test_markdown_loses_its_markup_and_nothing_else(markup: str, text: str) -> None:
    assert read(markup, "a.md").body == text


def test_list_items_are_paragraphs() -> None:
    story = read("They agreed:\n\n* Troops leave\n* Bases close\n", "a.md")
    assert [story.text(paragraph.span) for paragraph in story.paragraphs] == [
        "They agreed:",
        "- Troops leave",
        "- Bases close",
    ]


def test_a_book_in_markdown_is_read_in_no_time() -> None:
    started = time.process_time()
    body = "\n\n".join(f"Paragraph {number} of the *book*." for number in range(20_000))
    assert len(read(body, "a.md").paragraphs) == 20_000
    assert time.process_time() - started < 10


# HTML

ARTICLE = "".join(
    f"<p>In the {which} week the troops&nbsp;number 1\u00a0000, and “nobody” can’t say &#160;when they go home.</p>"
    for which in ("first", "second", "third", "fourth", "fifth")
)
PAGE = page(
    f"<nav><a href='/'>Home</a><a href='/s'>Sport today</a></nav><article><h1>Big news</h1>{ARTICLE}</article>"
    "<footer>Imprint and cookies</footer><script>let x = 'script';</script>",
    "<title>Big news | Daily Echo</title><meta property='og:site_name' content='Daily Echo'>"
    "<meta property='article:published_time' content='2024-04-20T10:00:00Z'><meta name='author' content='Ada Quill'>"
    "<link rel='canonical' href='https://echo.example/big'>",
)


def test_a_page_tells_title_author_date_site_and_address() -> None:
    story = read(PAGE, "page.html")
    assert (story.title, story.author, story.published, story.source, story.url) == (
        "Big news",
        "Ada Quill",
        "2024-04-20",
        "Daily Echo",
        "https://echo.example/big",
    )


def test_a_page_has_the_text_of_its_article_and_neither_menu_nor_title() -> None:
    story = read(PAGE, "page.html")
    assert [story.text(paragraph.span) for paragraph in story.paragraphs] == [
        f"In the {which} week the troops\u00a0number 1\u00a0000, and “nobody” can’t say \u00a0when they go home."
        for which in ("first", "second", "third", "fourth", "fifth")
    ]


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml"])
def test_a_page_is_known_by_its_ending(name: str) -> None:
    assert read(page("<p>One <b>left</b>.</p>"), name).body == "One left."


def test_a_page_too_short_for_extraction_gives_its_blocks() -> None:
    body = "<nav>Menu</nav><h2>News</h2><p>One&nbsp;<i>man</i>\nleft.</p><ul><li>Two</li></ul><footer>Imprint</footer>"
    story = read(page(body, "<title>Short</title>"), "a.html")
    assert (story.title, story.body) == ("Short", "News\n\nOne\u00a0man left.\n\nTwo")


def test_a_short_page_without_any_block_gives_its_text() -> None:
    assert read(page("One <b>left</b>."), "a.html").body == "One left."


def test_xhtml_with_an_xml_declaration_is_read() -> None:
    text = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Hi.</p></body></html>'
    assert read(text, "a.xhtml").body == "Hi."


@pytest.mark.parametrize(
    "text", ["", "   ", page(""), page("<script>let x;</script>", "<title>T</title>"), "<!-- x -->"]
)
def test_a_page_without_text_is_refused(text: str) -> None:
    with pytest.raises(EmptyStoryError, match=r"^The (page|story) is empty: [^\n]+\.$"):
        read(text, "a.html")


# Refusals


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize("content", [b"", b" \r\n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_an_empty_file_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(EmptyStoryError, match=r"is empty: "):
        read_story(content, name)


def test_front_matter_without_a_body_is_refused() -> None:
    with pytest.raises(EmptyStoryError, match=r"^The story is empty"):
        read("---\ntitle: A\n---\n", "a.md")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n1 0 obj\n", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a picture"),
        (b"\xff\xd8\xff\xe0JFIF", "is a picture"),
        (b"GIF89a", "is a picture"),
        (b"PK\x03\x04word/", "is a Word or ZIP file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Word file"),
        (b"\x1f\x8b\x08", "is a compressed file"),
        (b"text\0more text that goes on", "is not text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x81\x8d\x8f", "is not text in UTF-8, UTF-16 or Windows-1252"),
        (bytes(range(256)), "is not text in UTF-8, UTF-16 or Windows-1252"),
    ],
)
def test_a_binary_file_is_refused_and_told_what_to_give_instead(content: bytes, what: str, name: str) -> None:
    with pytest.raises(BinaryStoryError, match=rf"^The (file|story) [^\n]*{what}[^\n]*(Give a \.md|Save it as UTF-8)"):
        read_story(content, name)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_text_with_control_characters_is_refused(name: str) -> None:
    with pytest.raises(BinaryStoryError, match=r"^The story is not text: it has control characters\. Give a \.md"):
        read_story(b"caf\xe9 \x1b[0m", name)


def test_a_file_over_the_size_is_refused_unread() -> None:
    with pytest.raises(StoryTooLongError, match=r"^The file is over 8,000,000 bytes; split the story into several\.$"):
        read_story(b"a" * 8_000_001, "a.txt")


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(
        StoryTooLongError, match=r"^The story has 2,000,001 characters; .* Split it into several stories\.$"
    ):
        read_story(b"a" * 2_000_001, "a.txt")


def test_a_file_is_loaded_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "the_story.txt").write_bytes(b"One left.\r\n")
    assert load_story(tmp_path / "the_story.txt") == Story(body="One left.\r\n", title="The story")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableStoryError) as caught:
        load_story(tmp_path / "none.md")
    assert (
        str(caught.value)
        == f"There is no story at {tmp_path}/none.md; give the path of a .md, .txt, .html, .pdf or .docx file."
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableStoryError) as caught:
        load_story(tmp_path)
    assert str(caught.value) == f"{tmp_path} is a folder; name one .md, .txt, .html, .pdf or .docx file."


def test_a_path_that_leads_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(UnreadableStoryError, match=r"cannot be read: Not a directory\.$"):
        load_story(tmp_path / "file" / "story.md")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyStoryError),
        (b"%PDF", BinaryStoryError),
        (b"a" * 8_000_001, StoryTooLongError),
        (b"---\na: b: c\n---\nBody.", UnreadableStoryError),
    ],
    ids=["empty", "binary", "too long", "bad front matter"],
)
def test_a_refusal_of_a_file_names_the_file(tmp_path: Path, content: bytes, error: type[LoadError]) -> None:
    path = tmp_path / "story.md"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        load_story(path)
    assert str(caught.value).startswith(f"{path}: The ")


def test_a_fetched_file_of_any_kind_has_the_address_it_was_fetched_from() -> None:
    for name in ("a.md", "a.txt"):
        story = read_story(b"One left.", name, url="https://www.echo.example/a")
        assert (story.url, story.source) == ("https://www.echo.example/a", "echo.example")


STARTS = st.sampled_from(
    [b"", b"---\n", b"---\ntitle: ", b"<html><p>", b"<meta charset=", codecs.BOM_UTF16_LE, b"- a\n\n| b"]
)


@settings(max_examples=300)
@given(STARTS, st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore")))
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_any_bytes_give_a_story_or_a_refusal_in_one_line(name: str, start: bytes, content: bytes) -> None:
    story, refusal = None, ""
    try:
        story = read_story(start + content, name)
    except LoadError as error:
        refusal = str(error)
    if story is None:
        assert len(refusal.splitlines()) == 1
    else:
        assert any(character.isalnum() for character in story.body)
        assert story.title.strip()


def test_a_title_that_cannot_be_seen_counts_as_none() -> None:
    assert read('---\ntitle: "\u200b"\n---\nBody.', "the-end.md").title == "The end"
    assert read("Body.", "\u200b.md").title == "Untitled story"
    assert read("\u200b\n\nNine cats sleep.", "the-end.txt").title == "The end"


@pytest.mark.parametrize("body", ["A\nB\nC\nD", "One left. Two ran. Three hid. Four won."])
def test_a_story_of_too_many_sentences_is_refused_where_it_comes_in(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one letter a line would take the memory of the machine."""
    monkeypatch.setattr("index.passages.MOST_PASSAGES", 3)
    assert read_story(b"One left. Two ran.\nThree hid.", "story.txt").body
    with pytest.raises(StoryTooLongError, match="has 4 sentences; at most 3 are read"):
        read_story(body.encode(), "story.txt")
