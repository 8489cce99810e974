from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from fakes import CountingEmbedder
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_config
from bot.intake import Intake
from bot.opening import find_story
from bot.operator_stories import open_records
from index.load import load_story
from index.story import Story

CATS = """---
title: Cats
url: https://news.example/cats
source: The Pilot
author: Ada Quill
---
Cats sleep.

Dogs do too."""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path / "data"))
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: CountingEmbedder())
    (tmp_path / "cats.md").write_text(CATS, "utf-8")


def run(*arguments: str, code: int = 0, given: str | None = None) -> str:
    result = CliRunner().invoke(app, ["stories", *arguments], input=given)
    assert result.exit_code == code, result.output
    return result.output


def test_a_story_is_added_listed_shown_renamed_and_removed() -> None:
    assert "There are none yet" in run("list")
    assert "Cats: added, 2 paragraphs" in run("add", "cats.md")
    assert "Cats: there already" in run("add", "cats.md")
    (listed,) = json.loads(run("list", "--json"))["stories"]
    assert (listed["name"], listed["url"], listed["paragraphs"]) == ("Cats", "https://news.example/cats", 2)
    assert "Cats" in run("list")
    assert json.loads(run("show", "Cats", "--json"))["source"] == "The Pilot"
    assert "source: The Pilot" in run("show", str(listed["number"]))
    assert "Naps: renamed" in run("rename", listed["id"], "Naps")
    run("remove", "Naps", code=1, given="n\n")
    assert "Naps: removed" in run("remove", "Naps", "--yes")
    assert "There are none yet" in run("list")


def test_an_exported_story_is_read_as_the_same_story(tmp_path: Path) -> None:
    run("add", "cats.md")
    run("export", "Cats", "again.md")
    again, original = load_story(tmp_path / "again.md"), load_story(tmp_path / "cats.md")
    assert again == original
    assert again.author == "Ada Quill"
    assert run("export", "Cats") == (tmp_path / "again.md").read_text("utf-8")


def test_of_several_files_none_is_added_where_one_is_wrong() -> None:
    assert "no story at gone.md" in run("add", "cats.md", "gone.md", code=1)
    assert "There are none yet" in run("list")


@pytest.mark.parametrize("command", [("show", "x"), ("remove", "x", "--yes"), ("export", "x"), ("rename", "x", "y")])
def test_an_unknown_story_is_told_in_one_line(command: tuple[str, ...]) -> None:
    output = run(*command, code=1)
    assert output == "storydesk: There is no story 'x'; `storydesk stories list` shows which there are.\n"


def test_a_kept_story_is_found_by_its_id_even_without_its_index(tmp_path: Path) -> None:
    run("add", "cats.md")
    (listed,) = json.loads(run("list", "--json"))["stories"]
    shutil.rmtree(tmp_path / "data" / "indexes")
    assert find_story(listed["id"], load_config()).title == "Cats"


def test_an_updated_story_keeps_its_number_and_its_old_text(tmp_path: Path) -> None:
    run("add", "cats.md")
    (before,) = json.loads(run("list", "--json"))["stories"]
    (tmp_path / "naps.md").write_text(CATS.replace("Cats sleep.", "Cats nap."), "utf-8")
    assert "Cats: updated, 2 paragraphs" in run("update", "Cats", "naps.md")
    (after,) = json.loads(run("list", "--json"))["stories"]
    assert after["number"] == before["number"]
    assert after["id"] != before["id"]
    assert "Cats nap." in run("export", "Cats")
    assert find_story(before["id"], load_config()).body.startswith("Cats sleep.")
    assert "Cats: nothing changed" in run("update", "Cats", "naps.md")
    (tmp_path / "dogs.txt").write_text("Dogs bark.", "utf-8")
    run("add", "dogs.txt")
    assert run("update", "Dogs", code=1).endswith("has no address to fetch it from; name a file or an address.\n")


def test_a_page_is_added_and_updated_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    pages = [load_story(Path("cats.md")), Story("Cats nap.", "Cats", url="https://news.example/cats")]

    async def page(_: Intake, link: str) -> Story:
        asked.append(link)
        return pages[len(asked) - 1]

    monkeypatch.setattr(Intake, "page", page)
    assert "Cats: added" in run("add", "https://news.example/cats")
    assert "Cats: updated, 1 paragraphs" in run("update", "Cats")
    assert asked == ["https://news.example/cats"] * 2


def test_an_address_inside_the_network_is_refused_in_one_line() -> None:
    output = run("add", "http://127.0.0.1:9/x", code=1)
    assert output.count("\n") == 1
    assert "There are none yet" in run("list")


def test_the_operator_chooses_the_story_that_is_asked_where_nothing_else_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "dogs.txt").write_text("Dogs bark.", "utf-8")
    run("add", "cats.md", "dogs.txt")
    ids = {row["name"]: row["id"] for row in json.loads(run("list", "--json"))["stories"]}
    guild, other, channel, reader = 7, 8, 70, 9

    async def scopes() -> list[list[str]]:
        async with open_records(load_config()) as records:
            asked: list[tuple[int | None, tuple[int, ...]]] = [
                (None, ()),
                (guild, ()),
                (guild, (channel,)),
                (other, (channel,)),
                (reader, ()),
            ]
            return [sorted(await records.scope(*one)) for one in asked]

    async def bring() -> None:
        async with open_records(load_config()) as records:
            await records.add(reader, Story("Birds sing.", "Birds"))

    both = sorted(ids.values())
    assert asyncio.run(scopes()) == [both] * 5
    assert run("use", "Cats").endswith("Cats: asked where nothing else is chosen\n")
    assert [row["name"] for row in json.loads(run("list", "--json"))["stories"] if row["default"]] == ["Cats"]
    assert "✔" in run("list")
    asyncio.run(bring())
    cats, dogs = [ids["Cats"]], [ids["Dogs"]]
    assert asyncio.run(scopes()) == [cats, cats, cats, cats, sorted([*both, Story("Birds sing.", "Birds").id])]
    assert "on server 7" in run("use", "Dogs", "--guild", "7")
    assert "in channel 70" in run("use", "Cats", "--guild", "7", "--channel", "70")
    assert asyncio.run(scopes())[:4] == [cats, dogs, cats, cats]
    assert "All stories are asked" in run("use", "--guild", "7")
    run("use")
    assert asyncio.run(scopes())[:4] == [both, both, cats, both]
    assert "Birds: asked on server 9" in run("use", "Birds", "--guild", "9")
    assert "There is no story 'Birds'" in run("use", "Birds", code=1)
    run("use", "Cats", "--channel", "70", code=2)


def test_an_exported_plain_text_keeps_its_paragraphs_and_its_marks(tmp_path: Path) -> None:
    text = "Prices\nRice costs *two* dollars [a kilo](so they say).\n# 1 shop sells it.\n1. Oil is <b>gone</b>."
    (tmp_path / "prices.txt").write_text(text, "utf-8")
    run("add", "prices.txt")
    run("export", "Prices", "again.md")
    again, original = load_story(tmp_path / "again.md"), load_story(tmp_path / "prices.txt")
    assert [again.text(one.span) for one in again.paragraphs] == [
        original.text(one.span) for one in original.paragraphs
    ]
    assert again.title == original.title


@pytest.mark.parametrize(
    "text", ["# One shop is open", "---\nfoo: [bar\n---\nOne shop is open.", "1) One shop\n- is open"]
)
def test_what_looks_like_markdown_and_is_none_is_exported_all_the_same(text: str, tmp_path: Path) -> None:
    (tmp_path / "shop.txt").write_text(text, "utf-8")
    run("add", "shop.txt")
    (listed,) = json.loads(run("list", "--json"))["stories"]
    run("export", listed["id"], "again.md")
    again, original = load_story(tmp_path / "again.md"), load_story(tmp_path / "shop.txt")
    told = [[" ".join(story.text(one.span).split()) for one in story.paragraphs] for story in (again, original)]
    assert told[0] == told[1]


def test_plain_prose_is_exported_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "rice.txt").write_text("Rice costs $2 (so they say).\n“No,” he said: it's 3.5.", "utf-8")
    run("add", "rice.txt")
    (listed,) = json.loads(run("list", "--json"))["stories"]
    assert run("export", listed["id"]).endswith("Rice costs $2 (so they say).\n\n“No,” he said: it's 3.5.")
