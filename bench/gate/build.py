"""Write `stories.jsonl` and `cases.jsonl` from the stories and `cases.toml`, and check every offset.

Run as `python bench/gate/build.py [--check]`. Offsets are computed from an answer's words
and its sentence's beginning, so that nobody counts characters; with `--check` nothing is written
and the files on disk must be what would be written.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
MAIN = HERE.parent.parent
SHARED = MAIN.parent / "shared"
sys.path.insert(0, str(MAIN))

from index.load import load_story  # noqa: E402 - the repository is put on the path above
from index.sentences import sentence_spans  # noqa: E402 - as above

if TYPE_CHECKING:
    from index.story import Story

STORIES = {
    "us-leaves-niger": MAIN / "index/stories/us-leaves-niger.md",
    "match": HERE / "stories/match.md",
    "results": HERE / "stories/results.md",
    "finding": HERE / "stories/finding.md",
}
KINDS = ("answerable", "near", "foreign", "chat")
STYLES = frozenset("plain lower typo slang several followup paraphrase keywords spread parts yesno attributed".split())
_DATELINE = re.compile(r"[A-ZØ ]+, [A-Z][a-z]+\.")
_ASKING = re.compile(r"how (?:many|much|old|long)|wh(?:o|y|ere|en|at|ich|ose)|how")
_COPIED_WORDS = 4  # shorter texts ("hello there") are nobody's


def gold_sentences(story: Story) -> list[tuple[int, int]]:
    """Return the offsets of the sentences; a dateline such as "SPOKANE, Wash." belongs to its sentence."""
    spans: list[tuple[int, int]] = []
    for span in sentence_spans(story):
        if spans and _DATELINE.fullmatch(story.body[slice(*spans[-1])]):
            spans[-1] = (spans[-1][0], span.end)
        else:
            spans.append((span.start, span.end))
    return spans


def sentence_beginning(body: str, sentences: list[tuple[int, int]], start: str) -> tuple[int, int]:
    """Return the one sentence that begins with the words `start`."""
    found = [(s, e) for s, e in sentences if re.match(re.escape(start) + r"(?!\w)", body[s:e])]
    if len(found) != 1:
        message = f"{len(found)} sentences begin with {start!r}"
        raise ValueError(message)
    return found[0]


def words_in(body: str, sentence: tuple[int, int], words: str) -> list[tuple[int, int]]:
    """Return where `words` stand in a sentence as whole words: nowhere or once.

    Raises:
        ValueError: they stand there more than once, so that it is open which are meant.
    """
    s, e = sentence
    whole = re.compile(rf"(?<![\w,.-]){re.escape(words)}(?![\w-])")
    found = [(s + m.start(), s + m.end()) for m in whole.finditer(body[s:e])]
    if len(found) > 1:
        message = f"{words!r} stands {len(found)} times in {body[s:e]!r}"
        raise ValueError(message)
    return found


def case(
    story_id: str, kind: str, entry: dict[str, Any], body: str, sentences: list[tuple[int, int]]
) -> dict[str, Any]:
    """Return the line of one question, with the offsets of its answers and gold sentences."""
    made = {
        "id": entry["id"], "story_id": story_id, "question": entry["question"], "answers": entry.get("answers", []),
        "answerable": kind == "answerable", "kind": kind, "style": entry["style"],
    }  # fmt: skip
    if kind == "answerable":
        gold = [sentence_beginning(body, sentences, start) for start in entry["sentences"]]
        spans = []
        for words in entry["answers"]:
            found = [span for sentence in gold for span in words_in(body, sentence, words)]
            if not found:
                message = f"{entry['id']}: {words!r} is in none of its sentences"
                raise ValueError(message)
            spans += found
        made["spans"] = sorted(set(spans))
        made["sentences"] = sorted(gold)
        unused = [body[s:e] for s, e in gold if not any(s <= a and b <= e for a, b in spans)]
        if unused:
            message = f"{entry['id']}: no answer in {unused}"
            raise ValueError(message)
    elif kind == "near":
        made["why"] = entry["why"]
    elif kind == "foreign":
        made["of"] = entry["of"]
    return made


def problems(stories: dict[str, Story], cases: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with the data; every line is read anew, as a user of it would."""
    wrong = [f"id {i} stands {n} times" for i, n in Counter(c["id"] for c in cases).items() if n > 1]
    asked = Counter((c["story_id"], " ".join(c["question"].lower().split())) for c in cases)
    wrong += [f"asked {n} times: {q}" for q, n in asked.items() if n > 1]
    for c in cases:
        body = stories[c["story_id"]].body
        shown = {body[s:e] for s, e in c.get("spans", [])}
        if shown != set(c["answers"]):
            wrong.append(f"{c['id']}: spans show {shown}, answers are {c['answers']}")
        if len(c["answers"]) != len(set(c["answers"])):
            wrong.append(f"{c['id']}: an answer stands twice")
        for s, e in c.get("spans", []):
            if not any(a <= s and e <= b for a, b in c["sentences"]):
                wrong.append(f"{c['id']}: a span leaves its sentence")
        if c["answerable"] != bool(c["answers"]):
            wrong.append(f"{c['id']}: answerable without answers, or the other way round")
        if not c["style"] or not set(c["style"]) <= STYLES:
            wrong.append(f"{c['id']}: style {c['style']}")
        if ("lower" in c["style"]) != (c["question"][0].islower() and "I " not in c["question"]):
            wrong.append(f"{c['id']}: lower case is not what its style says: {c['question']}")
        if c["kind"] == "foreign" and (c["of"] == c["story_id"] or c["of"] not in {*stories, "news"}):
            wrong.append(f"{c['id']}: of {c['of']}")
    return wrong


def plain(text: str) -> str:
    """Return the words of `text` in lower case, one space apart."""
    return " ".join(re.findall(r"\w+", text.lower()))


def copied(stories: dict[str, Story], cases: list[dict[str, Any]]) -> list[str]:
    """Return sentences and questions of ours that stand in `../shared`, word for word."""
    theirs = set()
    running = []
    for file in SHARED.glob("eval/*/*/*.jsonl"):
        for line in file.open():
            row = json.loads(line)
            if "question" in row:
                theirs.add(plain(row["question"]))
            else:
                running.append(plain(row["text"]))
    running += [plain(file.read_text()) for file in (SHARED / "stories").glob("*.txt")]
    ours = [plain(c["question"]) for c in cases]
    for story in stories.values():
        ours += [plain(story.body[s:e]) for s, e in gold_sentences(story)]
    long = [text for text in ours if len(text.split()) >= _COPIED_WORDS]
    return [text for text in long if text in theirs or any(text in shown for shown in running)]


def main() -> int:
    """Write or check the two files; return 1 when anything is wrong."""
    source = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
    stories = {story_id: load_story(path) for story_id, path in STORIES.items()}
    cases = []
    for story_id, story in stories.items():
        sentences = gold_sentences(story)
        cases += [
            case(story_id, kind, entry, story.body, sentences) for kind in KINDS for entry in source[story_id][kind]
        ]
    rows = [{"id": story_id, "title": story.title, "text": story.body} for story_id, story in stories.items()]
    files = {"stories.jsonl": rows, "cases.jsonl": cases}
    texts = {name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in of) for name, of in files.items()}
    read_back = [json.loads(line) for line in texts["cases.jsonl"].splitlines()]
    wrong = problems(stories, read_back) + [f"copied: {text}" for text in copied(stories, cases)]
    for name, text in texts.items():
        if "--check" not in sys.argv:
            (HERE / name).write_text(text, encoding="utf-8")
        elif (HERE / name).read_text(encoding="utf-8") != text:
            wrong.append(f"{name} is not what cases.toml and the stories give; run build.py")
    report(stories, cases)
    print("\n".join(wrong) or "no problems")
    return 1 if wrong else 0


def report(stories: dict[str, Story], cases: list[dict[str, Any]]) -> None:
    """Print how many questions there are of each story, kind and style."""
    print(f"{'story':16}" + "".join(f"{kind:>12}" for kind in KINDS) + f"{'all':>6}{'words':>7}{'sentences':>11}")
    for story_id, story in stories.items():
        of = Counter(c["kind"] for c in cases if c["story_id"] == story_id)
        print(
            f"{story_id:16}" + "".join(f"{of[kind]:12}" for kind in KINDS)
            + f"{of.total():6}{len(story.body.split()):7}{len(gold_sentences(story)):11}"
        )  # fmt: skip
    kinds = Counter(c["kind"] for c in cases)
    print(f"{'all':16}" + "".join(f"{kinds[kind]:12}" for kind in KINDS) + f"{len(cases):6}")
    print("\n" + f"{'style':16}" + "".join(f"{kind:>12}" for kind in KINDS))
    for style in sorted(STYLES):
        of = Counter(c["kind"] for c in cases if style in c["style"])
        print(f"{style:16}" + "".join(f"{of[kind]:12}" for kind in KINDS))
    asks = Counter(
        (_ASKING.search(c["question"].lower()) or ["other"])[0]
        for c in cases if c["kind"] in ("answerable", "near")
    )  # fmt: skip
    print("\nasks: " + ", ".join(f"{word} {n}" for word, n in asks.most_common()))


if __name__ == "__main__":
    sys.exit(main())
