from __future__ import annotations

from typing import TYPE_CHECKING

from bench import crash

if TYPE_CHECKING:
    import pytest


def test_after_a_kill_every_acknowledged_story_is_there_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as `python -m bench.crash`, which does it 200 times, with four rounds."""
    crash.run(4, seed=7)
    assert "all whole" in capsys.readouterr().out
