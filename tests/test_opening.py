from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from bot_fakes import ANSWERS, STORY
from fakes import CountingEmbedder, WordReader

from bot.config import load_config
from bot.errors import ConfigError, UnknownStoryError
from bot.opening import desk_for, find_story, index_folder, load_shelf
from index.errors import EmptyStoryError, UnreadableStoryError
from index.load import shipped_story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Config


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path / "data"))
    return load_config()


def test_without_a_name_the_story_that_ships_is_meant(config: Config) -> None:
    assert find_story(None, config) == shipped_story()
    assert find_story("", config) == shipped_story()


def test_the_story_that_ships_can_be_named_by_name_and_by_id(config: Config) -> None:
    assert find_story("us-leaves-niger", config) == shipped_story()
    assert find_story(shipped_story().id, config) == shipped_story()


def test_the_configured_story_is_meant_where_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("My own story.", "utf-8")
    file = tmp_path / "config.toml"
    file.write_text("[story]\npath = 'mine.txt'\n", "utf-8")
    assert find_story(None, load_config(file)).body == "My own story."
    assert find_story("us-leaves-niger", load_config(file)) == shipped_story()


def test_a_path_names_a_file(config: Config, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The base is big.", "utf-8")
    assert find_story(str(tmp_path / "one.txt"), config).body == "The base is big."
    assert find_story("one.txt", config).body == "The base is big."


def test_a_path_may_begin_with_the_home_folder(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "one.txt").write_text("The base is big.", "utf-8")
    assert find_story("~/one.txt", config).body == "The base is big."


def test_an_indexed_story_is_found_by_its_id(config: Config) -> None:
    StoryIndex.build(STORY, CountingEmbedder()).save(index_folder(config, STORY.id))
    assert find_story(STORY.id, config) == STORY


@pytest.mark.parametrize("name", ["abcd", "no-such-story", "0" * 16, "no/such", "\0"])
def test_a_name_that_is_nothing_is_told_with_what_would_be_right(name: str, config: Config) -> None:
    with pytest.raises(UnknownStoryError, match=r"give the path of a \.md, .* or \.docx file, or the id of an ind"):
        find_story(name, config)


def test_a_damaged_indexed_story_counts_as_unknown(config: Config) -> None:
    folder = index_folder(config, "abcd")
    folder.mkdir(parents=True)
    for damage in ("{", "[]", '{"nobody": 1}'):
        (folder / "story.json").write_text(damage, "utf-8")
        with pytest.raises(UnknownStoryError):
            find_story("abcd", config)


def test_a_file_that_is_no_story_is_refused_by_its_name(config: Config, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n", "utf-8")
    with pytest.raises(EmptyStoryError, match=r"^empty\.txt: The story is empty"):
        find_story("empty.txt", config)
    with pytest.raises(UnreadableStoryError, match=r"^There is no story at gone\.md"):
        find_story("gone.md", config)


@pytest.mark.parametrize("story_id", ["..", "a/b", "", "a.b"])
def test_no_id_leads_out_of_the_data_folder(story_id: str, config: Config) -> None:
    with pytest.raises(UnreadableStoryError):
        index_folder(config, story_id)


def test_a_model_without_a_calibration_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: SimpleNamespace(fingerprint="other", model=None))
    monkeypatch.setattr("bot.opening.Reader.open", lambda *_: WordReader())
    with pytest.raises(ConfigError, match="another embedding model"):
        load_shelf(config, STORY)


def test_the_collector_looks_no_more_at_what_is_loaded(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full collection among the models stopped the event loop for a seventh of a second."""
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: CountingEmbedder())
    monkeypatch.setattr("bot.opening.load_reader", lambda *_: (WordReader(), ANSWERS))
    shelf = load_shelf(config, STORY)
    try:
        assert not any(found is shelf for found in gc.get_objects())
    finally:
        gc.unfreeze()
    assert any(found is shelf for found in gc.get_objects())


async def test_the_desk_has_the_limits_of_the_settings(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    del config
    monkeypatch.setenv("STORYDESK_ANSWERS__MAX_QUESTION_CHARACTERS", "20")
    desk = desk_for(load_config(), STORY)
    with pytest.raises(Exception, match="up to 20"):
        await desk.ask("x" * 21)
    await desk.close()
