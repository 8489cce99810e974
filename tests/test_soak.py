"""A short soak; `python -m bench.soak` is the long one."""

from __future__ import annotations

from bench.soak import soak


async def test_of_questions_and_changes_among_faults_nothing_is_lost_done_twice_or_left_over() -> None:
    run = await soak(150, restarts=1, patience=120)
    assert run.tally.lost == []
    assert run.tally.done["wrong"] == 0
    assert run.tally.done["gateway drops"] >= 1
    assert run.tally.done["faults"] >= 4
    assert run.tally.done["ask"] + run.tally.done["mention"] > 60
