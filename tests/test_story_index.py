from __future__ import annotations

import json
import math
import os
import pkgutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes import CountingEmbedder
from hypothesis import given
from hypothesis import strategies as st

import index
import index.story_index
from index.dense import DenseIndex
from index.errors import DamagedIndexError, MissingIndexError, SavedIndexError, StaleIndexError
from index.fusion import CONTEXT_WEIGHT, COVERAGE_WEIGHT, KIND_WEIGHT, LEXICAL_WEIGHT
from index.settings import IndexSettings
from index.story import Story
from index.story_index import Hit, StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable

STORY = Story(
    body="The troops leave the base.  The base cost money.\r\nMinisters signed a pact.\r\n\r\nNothing else was said.",
    title="Troops leave",
    url="https://e.org/a",
    published="2024-04-20",
    source="Echo",
)
QUESTIONS = ["Which troops?", "Which base cost money?", "pact", "zebra", "", "How many troops signed a pact?"]


@pytest.fixture
def fake() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def built(fake: CountingEmbedder) -> StoryIndex:
    return StoryIndex.build(STORY, fake)


@pytest.fixture
def saved(built: StoryIndex, tmp_path: Path) -> Path:
    built.save(tmp_path / "indexes" / "story")
    return tmp_path / "indexes" / "story"


def names_beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir())


# Building and searching


def test_every_sentence_is_a_passage(built: StoryIndex) -> None:
    assert len(built) == 4
    assert [STORY.text(passage.span) for passage in built.passages] == [
        "The troops leave the base.",
        "The base cost money.",
        "Ministers signed a pact.",
        "Nothing else was said.",
    ]


def test_sentences_alone_are_embedded_each_once(built: StoryIndex, fake: CountingEmbedder) -> None:
    assert sorted(fake.seen) == sorted(STORY.text(passage.span) for passage in built.passages)


def test_the_score_of_a_hit_is_summed_from_its_evidence(built: StoryIndex) -> None:
    """All words stand in the first sentence and in the second one's context; no kind is asked for."""
    expected = 1 / math.sqrt(2) + COVERAGE_WEIGHT + CONTEXT_WEIGHT + LEXICAL_WEIGHT
    first, second, third, fourth = built.search("Which troops?")
    assert first == Hit(
        number=0,
        passage=built.passages[0],
        text="The troops leave the base.",
        score=first.score,
        dense=first.dense,
        bm25=1.0,
        coverage=1.0,
        context=1.0,
        kind=False,
    )
    assert (first.score, first.dense) == pytest.approx((expected, 1 / math.sqrt(2)), abs=1e-6)
    assert (second.number, second.dense, second.context) == (1, 0.0, 1.0)
    assert second.score == pytest.approx(CONTEXT_WEIGHT)
    assert [(hit.number, hit.score) for hit in (third, fourth)] == [(2, 0.0), (3, 0.0)]


def test_hits_are_ordered_by_score_and_equal_scores_by_place(built: StoryIndex) -> None:
    assert [hit.number for hit in built.search("pact")] == [2, 1, 0, 3]
    assert [hit.number for hit in built.search("Which base cost money?")][:2] == [1, 0]


def test_many_equal_scores_stand_in_the_order_of_the_story(fake: CountingEmbedder) -> None:
    built = StoryIndex.build(Story.from_text("\n".join(["Nobody spoke.", "The troops left."] * 50), title="T"), fake)
    evens_last = [*range(1, 100, 2), *range(0, 100, 2)]
    assert [hit.number for hit in built.search("troops", 100)] == evens_last


def test_a_thing_of_the_kind_that_is_asked_for_gains_a_tenth(fake: CountingEmbedder) -> None:
    built = StoryIndex.build(Story.from_text("The troops left.\n\nThe 500 troops left.", title="T"), fake)
    best, other = built.search("How many troops?")
    assert (best.number, best.kind, other.kind) == (1, True, False)
    words = 1 + COVERAGE_WEIGHT + CONTEXT_WEIGHT
    assert best.score == pytest.approx(words + LEXICAL_WEIGHT * best.bm25 + KIND_WEIGHT, abs=1e-6)
    assert other.score == pytest.approx(words + LEXICAL_WEIGHT * other.bm25, abs=1e-6)


@pytest.mark.parametrize(("count", "found"), [(0, 0), (-3, 0), (1, 1), (3, 3), (10, 4)])
def test_no_more_hits_than_asked_for_and_than_passages(built: StoryIndex, count: int, found: int) -> None:
    assert len(built.search("troops", count)) == found


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_text_of_a_hit_is_what_stands_in_the_story(built: StoryIndex, question: str) -> None:
    for hit in built.search(question):
        span = hit.passage.span
        assert hit.text == STORY.body[span.start : span.end]
        assert hit.passage == built.passages[hit.number]


@pytest.mark.parametrize("question", ["", "zebra", "?!"])
def test_a_question_about_nothing_in_the_story_has_hits_that_no_word_speaks_for(
    built: StoryIndex, question: str
) -> None:
    hits = built.search(question)
    assert [(hit.bm25, hit.coverage, hit.context, hit.kind) for hit in hits] == [(0.0, 0.0, 0.0, False)] * 4


def test_a_known_vector_is_searched_without_embedding_again(built: StoryIndex, fake: CountingEmbedder) -> None:
    vector = fake.encode(["Which troops?"])[0]
    fake.seen.clear()
    hits = built.search_vector("Which troops?", vector, 2)
    assert fake.seen == []
    assert hits == built.search("Which troops?", 2)


def test_a_story_of_one_sentence_is_searched(fake: CountingEmbedder) -> None:
    built = StoryIndex.build(Story.from_text("The troops leave", title="T"), fake)
    (hit,) = built.search("troops")
    assert hit.text == "The troops leave"
    assert hit.score == pytest.approx(1 + COVERAGE_WEIGHT + CONTEXT_WEIGHT + LEXICAL_WEIGHT, abs=1e-6)


def test_progress_adds_up_to_all_passages(fake: CountingEmbedder) -> None:
    steps: list[tuple[int, int]] = []
    StoryIndex.build(STORY, fake, IndexSettings(batch_size=3), progress=lambda done, total: steps.append((done, total)))
    assert steps == [(3, 4), (1, 4)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_size_of_a_batch_changes_nothing_that_is_found(
    built: StoryIndex, fake: CountingEmbedder, size: int
) -> None:
    other = StoryIndex.build(STORY, fake, IndexSettings(batch_size=size))
    assert [other.search(question) for question in QUESTIONS] == [built.search(question) for question in QUESTIONS]


def test_vectors_that_do_not_fit_the_story_are_refused(fake: CountingEmbedder) -> None:
    dense = DenseIndex.from_vectors(fake.encode(["troops", "base"]))
    with pytest.raises(DamagedIndexError, match=r"has 2 vectors of 5 numbers; the story needs 4 of 5\."):
        StoryIndex(STORY, dense, fake, IndexSettings())


@given(
    st.text(st.sampled_from("aB .?\n-1é\u00a0") | st.characters(exclude_categories=["Cc", "Cs"]), max_size=120),
    st.text(),
)
def test_any_story_and_any_question_give_exact_texts_in_falling_order(text: str, question: str) -> None:
    story = Story.from_text(f"a{text}", title="T")
    hits = StoryIndex.build(story, CountingEmbedder()).search(question, 1_000)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.text == story.text(hit.passage.span) for hit in hits)
    assert len({hit.number for hit in hits}) == len(hits) > 0


def test_a_story_of_100_000_words_is_built_searched_saved_and_loaded(fake: CountingEmbedder, tmp_path: Path) -> None:
    started = time.process_time()
    words = "In week {} Mr. Smith told the committee in Geneva that {} people had crossed the river near the old mill"
    lines = [words.format(number, number * 7) for number in range(5_000)]
    lines[3_456] += " and that the troops signed the pact"
    story = Story.from_text(". ".join(lines) + ".", title="Long")
    assert len(story.body.split()) > 100_000
    StoryIndex.build(story, fake).save(tmp_path / "index")
    loaded = StoryIndex.load(tmp_path / "index", fake, story=story)
    assert len(loaded) == 5_000
    assert loaded.search("How many troops signed the pact?", 1)[0].number == 3_456
    assert time.process_time() - started < 30


# Saving and loading


def test_a_loaded_index_gives_equal_hits_and_the_same_story(
    saved: Path, built: StoryIndex, fake: CountingEmbedder
) -> None:
    loaded = StoryIndex.load(saved, fake)
    assert loaded.story == STORY
    assert loaded.story.body == STORY.body
    assert loaded.passages == built.passages
    for question in QUESTIONS:
        assert loaded.search(question) == built.search(question)


def test_loading_embeds_nothing(saved: Path) -> None:
    fresh = CountingEmbedder()
    StoryIndex.load(saved, fresh, story=STORY)
    assert fresh.seen == []


def test_a_saved_index_is_three_files_and_nothing_beside_them(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == ["manifest.json", "story.json", "vectors.faiss"]
    assert names_beside(saved) == ["story"]


def test_the_manifest_tells_what_the_index_depends_on(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text("utf-8"))
    digests = manifest.pop("files")
    assert manifest == {
        "format": 1,
        "model": "counting-1",
        "settings": {"max_sentence_characters": 900, "context_sentences": 1, "batch_size": 32},
        "story": STORY.id,
        "title": "Troops leave",
        "model_name": "counting",
        "passages": 4,
    }
    assert set(digests) == {"story.json", "vectors.faiss"}


def test_saving_again_replaces_what_stood_there(saved: Path, fake: CountingEmbedder) -> None:
    other = Story.from_text("Nobody signed.", title="T")
    (saved / "left over").write_text("x", "utf-8")
    StoryIndex.build(other, fake).save(saved)
    assert StoryIndex.load(saved, fake).story == other
    assert not (saved / "left over").exists()
    assert names_beside(saved) == ["story"]


def failing(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, call: int, error: type[BaseException]) -> None:
    """Let the function `name` of `owner` do its work, except in its `call`th call (from 1)."""
    real: Callable[..., object] = getattr(owner, name)
    calls = 0

    def fails_once(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            message = "no space left"
            raise error(message)
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, fails_once)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (Path, "write_text", 1),
        (Path, "write_text", 2),
        (os, "fsync", 1),
        (os, "fsync", 3),
        (Path, "rename", 1),
        (Path, "rename", 2),
    ],
    ids=["story", "manifest", "first flush", "last flush", "old one away", "new one there"],
)
def test_saving_that_fails_half_way_leaves_the_old_index_and_nothing_beside_it(
    saved: Path,
    fake: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    call: int,
    error: type[BaseException],
) -> None:
    other = StoryIndex.build(Story.from_text("Nobody signed.", title="T"), fake)
    failing(monkeypatch, owner, name, call, error)
    with pytest.raises(error, match="no space left"):
        other.save(saved)
    monkeypatch.undo()
    assert StoryIndex.load(saved, fake).story == STORY
    assert names_beside(saved) == ["story"]


def test_a_first_save_that_fails_leaves_nothing(
    built: StoryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, Path, "rename", 1, OSError)
    with pytest.raises(OSError, match="no space left"):
        built.save(tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


# What cannot be loaded


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_an_index_is_missing(tmp_path: Path, fake: CountingEmbedder, exists: bool) -> None:  # noqa: FBT001 - both cases of one fact
    folder = tmp_path / "index"
    if exists:
        folder.mkdir()
    with pytest.raises(MissingIndexError) as caught:
        StoryIndex.load(folder, fake)
    assert str(caught.value) == f"There is no index in {folder}; run `storydesk index`."


def test_an_index_of_another_format_is_stale(
    saved: Path, fake: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.story_index, "FORMAT", 2)
    with pytest.raises(StaleIndexError, match=r"made with another format; it has to be rebuilt\.$"):
        StoryIndex.load(saved, fake)


def test_an_index_of_another_model_is_stale(saved: Path) -> None:
    with pytest.raises(StaleIndexError, match=r"made with another model; it has to be rebuilt\.$"):
        StoryIndex.load(saved, CountingEmbedder(fingerprint="counting-2"))


@pytest.mark.parametrize(
    "settings",
    [IndexSettings(max_sentence_characters=100), IndexSettings(context_sentences=2), IndexSettings(batch_size=1)],
)
def test_an_index_of_other_settings_is_stale(saved: Path, fake: CountingEmbedder, settings: IndexSettings) -> None:
    with pytest.raises(StaleIndexError, match=r"made with another settings|made with other settings"):
        StoryIndex.load(saved, fake, settings)


@pytest.mark.parametrize("other", [replace(STORY, body=f"{STORY.body} "), replace(STORY, title="Other")])
def test_an_index_of_another_story_or_an_older_text_is_stale(saved: Path, fake: CountingEmbedder, other: Story) -> None:
    with pytest.raises(StaleIndexError, match=r"is of another story or of an older text; it has to be rebuilt\.$"):
        StoryIndex.load(saved, fake, story=other)


def test_what_is_newly_known_of_the_same_story_is_kept(saved: Path, fake: CountingEmbedder) -> None:
    newer = replace(STORY, source="The Echo", url="https://e.org/b")
    assert StoryIndex.load(saved, fake, story=newer).story == newer


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00\xfe garbage")


def a_list(path: Path) -> None:
    path.write_text("[1, 2]", "utf-8")


def without_digests(path: Path) -> None:
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(manifest | {"files": None}), "utf-8")


DAMAGE: list[tuple[str, Callable[[Path], None]]] = [
    *(
        (name, damage)
        for name in ("story.json", "vectors.faiss")
        for damage in (truncated, flipped, emptied, Path.unlink)
    ),
    *((name, made_a_folder) for name in ("story.json", "vectors.faiss", "manifest.json")),
    *(("manifest.json", damage) for damage in (truncated, emptied, garbage, a_list, without_digests)),
]
IDS = [f"{name} {damage.__name__}" for name, damage in DAMAGE]


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=IDS)
def test_a_damaged_index_is_refused(
    saved: Path, fake: CountingEmbedder, name: str, damage: Callable[[Path], None]
) -> None:
    damage(saved / name)
    with pytest.raises(DamagedIndexError, match=r"\A[^\n]+; the index has to be rebuilt\.\Z"):
        StoryIndex.load(saved, fake)


def test_files_that_match_their_digests_and_hold_no_index_are_damaged(
    saved: Path, fake: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.story_index, "_check_files", lambda *_: None)
    garbage(saved / "vectors.faiss")
    with pytest.raises(DamagedIndexError, match=r"cannot be read; it has to be rebuilt\.$"):
        StoryIndex.load(saved, fake)


# Opening


def test_opening_for_the_first_time_builds_and_saves(tmp_path: Path, fake: CountingEmbedder) -> None:
    opened = StoryIndex.open(STORY, tmp_path / "deep" / "index", fake)
    assert len(fake.seen) == 4
    assert StoryIndex.load(tmp_path / "deep" / "index", fake).search("troops") == opened.search("troops")


def test_opening_again_embeds_nothing(saved: Path, built: StoryIndex) -> None:
    fresh = CountingEmbedder()
    opened = StoryIndex.open(STORY, saved, fresh)
    assert fresh.seen == []
    assert opened.search("troops") == built.search("troops")


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=IDS)
def test_a_damaged_index_is_rebuilt_in_silence(
    saved: Path,
    built: StoryIndex,
    name: str,
    damage: Callable[[Path], None],
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    damage(saved / name)
    fresh = CountingEmbedder()
    opened = StoryIndex.open(STORY, saved, fresh)
    assert len(fresh.seen) == 4
    assert opened.search("troops") == built.search("troops")
    assert StoryIndex.load(saved, fresh, story=STORY).search("troops") == built.search("troops")
    assert names_beside(saved) == ["story"]
    assert (*capfd.readouterr(), len(recwarn)) == ("", "", 0)


@pytest.mark.parametrize(
    ("story", "fresh", "settings"),
    [
        (replace(STORY, title="Other"), CountingEmbedder(), IndexSettings()),
        (STORY, CountingEmbedder(fingerprint="counting-2"), IndexSettings()),
        (STORY, CountingEmbedder(words=("troops",), fingerprint="counting-3"), IndexSettings()),
        (STORY, CountingEmbedder(), IndexSettings(context_sentences=2)),
    ],
    ids=["story", "model", "dimensions", "settings"],
)
def test_a_stale_index_is_rebuilt(saved: Path, story: Story, fresh: CountingEmbedder, settings: IndexSettings) -> None:
    fresh.seen.clear()
    steps: list[tuple[int, int]] = []
    StoryIndex.open(story, saved, fresh, settings, progress=lambda done, total: steps.append((done, total)))
    assert len(fresh.seen) == 4
    assert steps == [(4, 4)]
    assert StoryIndex.load(saved, fresh, settings, story=story).story == story


def test_a_folder_that_cannot_be_written_costs_the_saved_index_only(tmp_path: Path, fake: CountingEmbedder) -> None:
    (tmp_path / "file").write_text("a file is no folder", "utf-8")
    opened = StoryIndex.open(STORY, tmp_path / "file" / "index", fake)
    assert opened.search("troops", 1)[0].number == 0


def test_every_error_of_a_saved_index_is_one_that_opening_mends() -> None:
    assert {MissingIndexError, StaleIndexError, DamagedIndexError} == set(SavedIndexError.__subclasses__())


# What importing costs


def test_importing_every_module_of_index_loads_nothing_that_takes_seconds() -> None:
    modules = [module.name for module in pkgutil.walk_packages(index.__path__, "index.")]
    with_torch = {"index.bert", "index.product"}  # imported by who wants to load it
    modules = [name for name in modules if name not in with_torch]
    assert {"index.embed", "index.story_index", "index.load"} <= set(modules)
    code = f"import sys, {', '.join(['index', *modules])}; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"torch", "discord", "sentence_transformers", "transformers", "faiss", "bm25s", "trafilatura", "bot"}
    assert "index.embed" in found
    assert heavy & set(found) == set()
