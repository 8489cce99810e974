"""Pages as real sites mark them up, of our own telling: the whole story is taken from each, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from index.load import read_story
from index.story import Story

PAGES = Path(__file__).parent / "pages"
GOLD = tomllib.loads((PAGES / "gold.toml").read_text("utf-8"))


def story_of(name: str) -> Story:
    content = (PAGES / f"{name}.html").read_bytes()
    charset = "iso-8859-1" if name == "tables" else None
    return read_story(content, "page.html", url=f"https://www.valley.example/{name}", charset=charset)


def words(text: str) -> str:
    """Return text on one line, without the marks of lists."""
    return " ".join(word for line in text.split("\n") for word in line.removeprefix("- ").split())


def test_there_is_gold_for_every_page_and_there_are_ten() -> None:
    assert sorted(GOLD) == sorted(path.stem for path in PAGES.glob("*.html"))
    assert len(GOLD) >= 10


@pytest.mark.parametrize("name", sorted(GOLD))
def test_every_sentence_of_the_story_is_taken_and_none_of_what_is_around_it(name: str) -> None:
    body = words(story_of(name).body)
    assert [sentence for sentence in GOLD[name]["sentences"] if sentence not in body] == []
    assert body == " ".join(GOLD[name]["sentences"])


@pytest.mark.parametrize("name", sorted(GOLD))
def test_title_authors_date_site_and_language_are_right(name: str) -> None:
    story = story_of(name)
    found = (story.title, story.author, story.published, story.source, story.language)
    assert found == tuple(GOLD[name][field] for field in ("title", "author", "published", "source", "language"))


@pytest.mark.parametrize("named", ["ads", "related-story", "newsletter", "comments-off", "share-bar social", "caption"])
def test_a_story_stays_where_its_own_box_has_a_name_of_furniture(named: str) -> None:
    paragraphs = "".join(
        f"<p>On day {number} of the flood the water at Westing stood {number} metres high and {number} people left.</p>"
        for number in range(2, 9)
    )
    menu = "<div class='menu'>" + "<a href='/'>Somewhere else on this site</a> " * 60 + "</div>"
    page = f"<html><body>{menu}<div class='{named}'><h1>Flood</h1>{paragraphs}</div></body></html>"
    story = read_story(page.encode(), "page.html", url="https://a.b/c")
    assert story.body.count("metres high") == 7
    assert "Somewhere else" not in story.body


def test_a_table_of_figures_stays_a_table() -> None:
    rows = "".join(f"<tr><td>Day {number}</td><td>{number} m</td></tr>" for number in range(1, 4))
    text = f"<h1>Flood</h1><p>{'The water rose again. ' * 20}</p><table>{rows}</table>"
    page = f"<html><body><article>{text}</article></body></html>"
    assert "| Day 2 | 2 m |" in read_story(page.encode(), "page.html", url="https://a.b/c").body
