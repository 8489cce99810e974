from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from fakes import CountingEmbedder
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_config
from bot.opening import find_story
from index.load import load_story

if TYPE_CHECKING:
    from pathlib import Path

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
