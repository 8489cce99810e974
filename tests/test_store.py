from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_remembered_is_known_to_the_next_start(tmp_path: Path) -> None:
    Store(tmp_path / "new" / "folder").remember_synced_commands(7, "abc")
    assert Store(tmp_path / "new" / "folder").synced_commands(7) == "abc"


def test_nothing_is_known_at_first_and_looking_writes_nothing(tmp_path: Path) -> None:
    assert Store(tmp_path / "state").synced_commands(7) is None
    assert not (tmp_path / "state").exists()


def test_applications_do_not_forget_each_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.remember_synced_commands(1, "one")
    store.remember_synced_commands(2, "two")
    store.remember_synced_commands(1, "uno")
    assert (store.synced_commands(1), store.synced_commands(2), store.synced_commands(3)) == ("uno", "two", None)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'"x"', b"{}", b'{"synced_commands": []}', b'{"synced_commands": {"7": 1}}', b"\xff"]
)
def test_a_damaged_file_only_costs_one_more_sync(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(damage)
    store = Store(tmp_path)
    assert store.synced_commands(7) is None
    store.remember_synced_commands(7, "abc")
    assert store.synced_commands(7) == "abc"


def test_only_the_state_file_stays_behind(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.remember_synced_commands(7, "abc")
    store.remember_synced_commands(7, "def")
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_folder_that_cannot_be_made_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Store(tmp_path / "file" / "state").remember_synced_commands(7, "abc")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
