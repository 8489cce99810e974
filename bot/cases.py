"""Labelled questions: read from JSON Lines, with the places that answer them.

A ranked sentence is right when it holds a gold span, lies within one, or shares half of the
shorter of the two: gold spans are words in some sets and sentences in others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from bot.errors import CasesError
from index.errors import StoryError
from index.story import Span, Story

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SEED = 20261124
_FOREIGN = ("foreign", "chat")


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled question; `spans` are the gold places in the story's text, none if unanswerable.

    `kind` says of an unanswerable one whether it is about the story ("near", the default) or not
    ("foreign", "chat").
    """

    id: str
    story_id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    kind: str = ""

    @property
    def is_foreign(self) -> bool:
        """Say whether the question is about something else than its story."""
        return not self.answerable and self.kind in _FOREIGN


def is_right(shown: Span, gold: Sequence[Span]) -> bool:
    """Say whether what is shown stands where a gold span does."""
    return any(2 * shown.overlap(span) >= min(len(shown), len(span)) for span in gold if len(span))


def read_stories(path: Path) -> dict[str, Story]:
    """Return the stories of a JSON Lines file by their ids in that file.

    Raises:
        CasesError: a line is no story.
    """
    stories = {}
    for number, row in _rows(path):
        try:
            text, name = str(row["text"]), str(row["id"])
            stories[name] = Story(
                body=text, title=str(row.get("title") or name), url=row.get("url"), published=row.get("date"),
                source=row.get("source"),
            )  # fmt: skip
        except (KeyError, StoryError) as error:
            message = f"{path}, line {number}: not a story with id and text: {error}."
            raise CasesError(message) from None
    return stories


def read_cases(path: Path) -> list[Case]:
    """Return the cases of a JSON Lines file.

    Raises:
        CasesError: a line is no case.
    """
    cases = []
    for number, row in _rows(path):
        try:
            spans = tuple(Span(int(start), int(end)) for start, end in row.get("spans") or [])
            answers = tuple(map(str, row.get("answers") or []))
            cases.append(
                Case(
                    str(row["id"]),
                    str(row["story_id"]),
                    str(row["question"]),
                    bool(row["answerable"]),
                    answers,
                    spans,
                    str(row.get("kind") or ""),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            message = f"{path}, line {number}: not a case with id, story_id, question and answerable: {error}."
            raise CasesError(message) from None
    return cases


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise CasesError(message) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            message = f"{path}, line {number}: not a JSON object."
            raise CasesError(message)
        yield number, row


def with_foreign(cases: Sequence[Case], count: int) -> list[Case]:
    """Return `cases` and, for each story, `count` answerable questions of the others that it is asked as well."""
    random = Random(_SEED)  # noqa: S311 - a sample, nothing secret
    added = []
    for story_id in dict.fromkeys(case.story_id for case in cases):
        others = [case for case in cases if case.answerable and case.story_id != story_id]
        added += [
            Case(f"{story_id}/{case.id}", story_id, case.question, answerable=False, kind="foreign")
            for case in random.sample(others, min(count, len(others)))
        ]
    return [*cases, *added]


def with_gold_spans(case: Case, story: Story) -> Case:
    """Return `case` with spans: where none are given, every place at which an answer stands in the story."""
    if case.spans or not case.answerable:
        return case
    found = tuple(Span(at, at + len(answer)) for answer in case.answers for at in _occurrences(story.body, answer))
    return replace(case, spans=found)


def _occurrences(body: str, answer: str) -> Iterator[int]:
    at = body.find(answer) if answer else -1
    while at >= 0:
        yield at
        at = body.find(answer, at + 1)
