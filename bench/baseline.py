"""Compare the figures on our own questions (`bench/gate`) with their floors, and move the floors.

    python -m bench.baseline                 # measure, compare, exit 1 where a floor is broken
    python -m bench.baseline --write         # raise floors that were surpassed; new data needs a reason too
    python -m bench.baseline --write --lower "why less is right now"

`tests/eval_baseline.json` holds the floors, the digest of the data they were measured on, and every
lowering with its reason. A floor lies `SLACK` under what was measured, since processors round
differently. `tests/test_gate.py` asks the same in CI.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cases import read_cases, read_stories
from bot.config import Config
from bot.desk import Desk
from bot.evaluate import run_cases
from bot.figures import report
from bot.opening import load_shelf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.evaluate import Outcome
    from bot.shelf import Shelf
    from index.story import Story

GATE = Path(__file__).parent / "gate"
BASELINE = Path(__file__).parents[1] / "tests" / "eval_baseline.json"
SLACK = 0.02
HIGHER_IS_BETTER = (
    "hit_at_1", "hit_at_3", "mrr", "exact_match", "f1", "auroc_near", "auroc_foreign", "precision", "recall", "refused",
)  # fmt: skip


def digest(folder: Path = GATE) -> str:
    """Return the SHA-256 of the stories and cases that the floors are for."""
    found = hashlib.sha256()
    for name in ("stories.jsonl", "cases.jsonl"):
        found.update((folder / name).read_bytes())
    return found.hexdigest()


async def outcomes(load: Callable[[list[Story]], Shelf]) -> list[Outcome]:
    """Return what the desk makes of every question of the gate."""
    stories, cases = read_stories(GATE / "stories.jsonl"), read_cases(GATE / "cases.jsonl")
    async with Desk(lambda: load(list(stories.values())), hook=lambda _: None) as desk:
        return await run_cases(desk, cases, stories)


def broken(figures: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[str]:
    """Return what is wrong: data that changed, floors that are broken."""
    wrong = []
    if baseline["data"] != digest():
        wrong.append("the questions have changed: measure again with `python -m bench.baseline --write`")
    for name, floor in baseline["floors"].items():
        if figures[name] is None or figures[name] < floor:
            wrong.append(f"{name} is {figures[name]}, its floor {floor}")
    return wrong


def moved(figures: Mapping[str, Any], baseline: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Return the baseline with floors at what was measured; without a `reason` none is lowered.

    Raises:
        ValueError: a floor would have to be lowered, or the data changed, and there is no reason.
    """
    floors = {name: round(figures[name] - SLACK, 3) for name in HIGHER_IS_BETTER}
    old = baseline["floors"]
    lower = {name: old[name] for name in floors if name in old and figures[name] < old[name]}
    if (lower or (old and baseline["data"] != digest())) and not reason:
        message = f"needs --lower REASON: {', '.join(lower) or 'the questions changed'}"
        raise ValueError(message)
    kept = {name: floors[name] if name in lower else max(floors[name], old.get(name, 0.0)) for name in floors}
    today = datetime.now(UTC).date().isoformat()
    notes = [{"date": today, "reason": reason, "from": lower}] if reason else []
    return {"data": digest(), "floors": kept, "lowered": [*baseline["lowered"], *notes]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="move the floors to what is measured")
    parser.add_argument("--lower", metavar="REASON", default="", help="why floors may be lowered")
    arguments = parser.parse_args()
    figures = asdict(report(asyncio.run(outcomes(lambda stories: load_shelf_of(Config(), stories)))))
    nothing: dict[str, Any] = {"data": digest(), "floors": {}, "lowered": []}
    baseline = json.loads(BASELINE.read_text("utf-8")) if BASELINE.exists() else nothing
    for name in HIGHER_IS_BETTER:
        print(f"{name:15} {figures[name]:.3f}  floor {baseline['floors'].get(name, '-')}")
    if arguments.write:
        try:
            found = moved(figures, baseline, arguments.lower)
        except ValueError as error:
            sys.exit(f"bench.baseline: {error}")
        BASELINE.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    elif wrong := broken(figures, baseline):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
