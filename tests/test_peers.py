"""What the comparison with peers says of itself; the measuring takes other environments, and is not tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import peers


@pytest.mark.parametrize(
    ("others", "named"),
    [((), "our own"), (("squad2", "newwiki"), "our own and of samples of newwiki, squad2")],
)
def test_the_sets_that_are_named_are_those_that_are_there(
    others: tuple[str, ...], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "EVAL", tmp_path / "eval")
    for name in others:
        folder = tmp_path / "eval" / name
        folder.mkdir(parents=True)
        story = {"id": "cats", "title": "Cats", "text": "Cats sleep for fifteen hours a day."}
        case = {"id": "1", "story_id": "cats", "question": "How long do cats sleep?", "answers": ["fifteen hours"]}
        (folder / "stories.jsonl").write_text(json.dumps(story), "utf-8")
        (folder / "cases.jsonl").write_text(json.dumps(case | {"answerable": True}), "utf-8")
    everything = peers.material(questions=2, passages=20)
    figures = peers.Figures(cold=[1.0], build=[1.0], ask=[0.1] * len(everything))
    assert f"answerable questions of {named}. Times" in next(peers.table({"floor": figures}, [1.0], everything))
