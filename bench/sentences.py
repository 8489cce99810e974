"""Compare our sentence splitter with kept libraries on the labelled stories of `../shared/eval`.

Two figures a splitter: how many of the sentences that annotators marked (wikinews) come out with
exactly their boundaries, and how many marked answers (squad2, newwiki) are kept in one piece.
Run as `python -m bench.sentences`; the peers are `pip install pysbd syntok blingfire`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.sentences import sentence_spans
from index.story import Span, Story

if TYPE_CHECKING:
    from collections.abc import Callable

    Splitter = Callable[[Story], list[Span]]


def ours(story: Story) -> list[Span]:
    return sentence_spans(story)


def _by_paragraph(story: Story, split: Callable[[str], list[tuple[int, int]]]) -> list[Span]:
    return [
        Span(start, end).shifted(paragraph.span.start)
        for paragraph in story.paragraphs
        for start, end in split(story.text(paragraph.span))
    ]


def pysbd(story: Story) -> list[Span]:
    import pysbd as library

    segmenter = library.Segmenter(language="en", clean=False, char_span=True)
    return _by_paragraph(
        story,
        lambda text: [(piece.start, piece.start + len(piece.sent.rstrip())) for piece in segmenter.segment(text)],
    )


def syntok(story: Story) -> list[Span]:
    from syntok import segmenter

    return _by_paragraph(
        story,
        lambda text: [
            (sentence[0].offset, sentence[-1].offset + len(sentence[-1].value))
            for paragraph in segmenter.analyze(text)
            for sentence in paragraph
        ],
    )


def blingfire(story: Story) -> list[Span]:
    import blingfire as library

    return _by_paragraph(story, lambda text: list(library.text_to_sentences_and_offsets(text)[1]))


def measure(split: Splitter, folder: Path) -> dict[str, float]:
    stories = {row["id"]: Story(body=row["text"], title="") for row in _rows(folder / "stories.jsonl")}
    began = time.perf_counter()
    sentences = {key: split(story) for key, story in stories.items()}
    seconds = time.perf_counter() - began
    gold = {(row["story_id"], *span) for row in _rows(folder / "cases.jsonl") for span in row.get("spans", [])}
    known = {key: set(spans) for key, spans in sentences.items()}
    exact = sum(Span(a, b) in known[key] for key, a, b in gold)
    whole = sum(any(s.contains(Span(a, b)) for s in sentences[key]) for key, a, b in gold)
    return {
        "gold": len(gold), "exact": exact / len(gold), "whole": whole / len(gold),
        "sentences": sum(map(len, sentences.values())), "seconds": seconds,
    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"))
    arguments = parser.parse_args()
    for name in ("dev/wikinews", "train/wikinews", "dev/squad2", "dev/newwiki", "train/squad2"):
        for split in (ours, pysbd, syntok, blingfire):
            try:
                figures = measure(split, arguments.data / name)
            except ImportError as error:
                print(f"{name:15} {split.__name__:10} not installed: {error.name}")
                continue
            print(
                f"{name:15} {split.__name__:10} exact {figures['exact']:.4f} whole {figures['whole']:.4f} "
                f"of {figures['gold']}, {figures['sentences']} sentences, {figures['seconds']:.2f} s"
            )


if __name__ == "__main__":
    main()
