from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from bot_fakes import ANSWERS, STORY
from fakes import CountingEmbedder, WordReader

from bot.config import load_config
from bot.doctor import Finding, examine
from bot.errors import ConfigError
from bot.opening import index_folder
from index.bundled import BUNDLED_SHA256
from index.errors import ModelError
from index.load import shipped_story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Config

EMBEDDER = CountingEmbedder(fingerprint=BUNDLED_SHA256)


@pytest.fixture(autouse=True)
def _a_healthy_setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path / "data"))
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.delenv("DISCORD_TOKEN_FILE", raising=False)
    monkeypatch.setattr("bot.doctor.load_embedder", lambda _: EMBEDDER)
    monkeypatch.setattr("bot.doctor.load_reader", lambda *_: (WordReader(), ANSWERS))


def findings(config: Path | None = None) -> dict[str, Finding]:
    found = examine(config)
    assert all("\n" not in finding.text for finding in found)
    return {finding.subject: finding for finding in found}


def test_a_healthy_setup_is_good_throughout() -> None:
    found = findings()
    assert {"reader", "index", "database"} <= set(found)
    assert list(found)[:3] == ["settings", "story", "model"]
    assert list(found)[-3:] == ["data folder", "server", "token"]
    assert all(finding.is_good for finding in found.values())
    assert shipped_story().title in found["story"].text
    assert found["index"].text == "none yet; it is built at the first question, or by `storydesk index`."


def test_wrong_settings_are_the_only_finding(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[answers]\nclosets = 3\n", "utf-8")
    (finding,) = examine(tmp_path / "my.toml")
    assert (finding.subject, finding.is_good) == ("settings", False)
    assert "answers.closets" in finding.text


def test_a_missing_story_is_bad_and_the_rest_is_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_STORY__PATH", "gone.md")
    found = findings()
    assert not found["story"].is_good
    assert "There is no story at gone.md" in found["story"].text
    assert found["model"].is_good
    assert "index" not in found


def test_a_model_that_does_not_load_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: Config) -> CountingEmbedder:
        message = "The embedding model is not installed."
        raise ModelError(message)

    monkeypatch.setattr("bot.doctor.load_embedder", load)
    found = findings()
    assert found["model"] == Finding("model", is_good=False, text="The embedding model is not installed.")
    assert "index" not in found
    assert "token" in found


def test_a_model_without_a_calibration_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        message = "The answers' calibration was fitted for another reader."
        raise ConfigError(message)

    monkeypatch.setattr("bot.doctor.load_reader", load)
    found = findings()
    assert found["model"].is_good
    assert found["reader"] == Finding("reader", False, "The answers' calibration was fitted for another reader.")  # noqa: FBT003


def test_a_saved_index_is_told_with_its_size_and_place() -> None:
    folder = index_folder(load_config(), shipped_story().id)
    built = StoryIndex.build(shipped_story(), EMBEDDER)
    built.save(folder)
    assert findings()["index"].text == f"{len(built)} passages in {folder}."


@pytest.mark.parametrize(("saved", "told"), [(STORY, "another story"), (shipped_story(), "damaged")])
def test_a_useless_index_is_no_fault_since_it_is_rebuilt(saved: object, told: str) -> None:
    folder = index_folder(load_config(), shipped_story().id)
    StoryIndex.build(STORY if saved is STORY else shipped_story(), EMBEDDER).save(folder)
    if told == "damaged":
        (folder / "vectors.faiss").write_bytes(b"x")
    finding = findings()["index"]
    assert finding.is_good
    assert told in finding.text
    assert "by itself at the next start" in finding.text


def test_a_token_is_noticed_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Only `storydesk run` needs it." in findings()["token"].text
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    found = findings()
    assert found["token"].text.startswith("there is one")
    assert "very-secret" not in repr(found)


def test_a_token_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "gone")
    assert "DISCORD_TOKEN_FILE names gone" in findings()["token"].text


def test_a_database_that_cannot_be_used_is_bad(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "storydesk.db").write_bytes(b"no database " * 100)
    found = findings()
    assert not found["database"].is_good
    assert "cannot be used" in found["database"].text


def test_a_data_folder_that_cannot_be_written_is_bad(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    found = findings()["data folder"]
    assert not found.is_good
    assert "a file stands where a folder is wanted: name another one under storage.folder" in found.text


def test_little_room_is_bad_before_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "MB are free." in findings()["data folder"].text
    monkeypatch.setattr("bot.doctor._LITTLE_BYTES", 2**63)
    found = findings()["data folder"]
    assert not found.is_good
    assert "free some space before it is full" in found.text


def test_a_port_in_use_is_bad_and_a_free_one_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings()["server"].text.startswith("none;")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("STORYDESK_SERVER__PORT", str(taken.getsockname()[1]))
        found = findings()["server"]
    assert not found.is_good
    assert "set server.port to a free one, or to 0." in found.text
    assert findings()["server"].is_good


def test_a_port_of_an_ipv6_address_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
            port = free.getsockname()[1]
    except OSError:
        pytest.skip("this machine has no IPv6")
    monkeypatch.setenv("STORYDESK_SERVER__HOST", "::1")
    monkeypatch.setenv("STORYDESK_SERVER__PORT", str(port))
    assert findings()["server"].is_good


def test_what_a_killed_restore_left_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path))
    assert findings()["data folder"].is_good
    (tmp_path / ".before-restore-abc").mkdir()
    found = findings()["data folder"]
    assert not found.is_good
    assert f"{tmp_path}/.before-restore-abc: move it back, or delete it." in found.text
