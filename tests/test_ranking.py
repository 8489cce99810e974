from __future__ import annotations

import pytest
from bot_fakes import BODY, STORY, shelf_of
from fakes import CountingEmbedder, WordReader

from bot.ranking import CONVINCING, MOST_READ, READ, READER_WEIGHT, Ranking
from bot.reader import Reading
from index.story import Story

BASES = Story(body="\n\n".join(f"The base near town {number} was closed." for number in range(40)), title="Bases")
CLOSED = "Which base was closed?"
TALKS = "What did Kurt Campbell agree to in Washington?"


def ranked(
    question: str, reader: WordReader, story: Story = STORY, embedder: CountingEmbedder | None = None
) -> Ranking:
    return shelf_of(story, reader=reader, embedder=embedder).ranking(question, None, 10)


def test_a_passage_that_reads_as_an_answer_comes_first() -> None:
    asked = "What about the troops that are pulled out?"
    before = [candidate.hit.number for candidate in ranked(asked, WordReader()).candidates]
    found = ranked(asked, WordReader({"stationed": 12.0}))
    best = found.candidates[0]
    assert "stationed" in best.hit.text
    assert best.hit.number != before[0]
    assert best.read == 12.0
    assert best.words is not None
    assert STORY.text(best.words) == "stationed"
    assert best.score == pytest.approx(best.hit.score + READER_WEIGHT * 12)


def test_only_the_best_few_are_read_each_alone_and_with_the_sentence_before_it() -> None:
    reader = WordReader({"Kurt Campbell": 12.0})
    found = ranked(TALKS, reader)
    assert sum(candidate.read is not None for candidate in found.candidates) == READ
    windows = [window for _, window in reader.seen]
    first = found.candidates[0]
    assert "More than 1,000 American troops are stationed there at present. " + first.hit.text in windows
    assert first.hit.text in windows
    assert found.candidates[1].hit.text in windows
    assert all(window in BODY for window in windows)


def test_further_passages_are_read_where_they_would_win_if_they_read_like_an_answer() -> None:
    reader = WordReader()
    further = ranked(CLOSED, WordReader({"base": 12.0}), BASES).candidates[READ].hit.text
    ranked(CLOSED, reader, BASES)
    assert any(further in window for _, window in reader.batches[1])
    assert not any(further in window for _, window in reader.batches[0])


def test_no_further_passage_is_read_where_none_can_win() -> None:
    best, *_, fifth = ranked(CLOSED, WordReader({"base": 12.0}), BASES).candidates[: READ + 1]
    assert fifth.read is None
    assert fifth.hit.score + READER_WEIGHT * CONVINCING < best.score


def test_no_passage_is_there_twice_where_many_introduce_somebody() -> None:
    """They come first whatever their score, so that those that could win need not be the ones that follow."""
    far = (
        "On a cold morning, long before the boats went out and the lamps along the harbour were lit, old fishermen and "
        "their wives stood waiting beside nets, ropes, barrels, baskets, sails and engines for Ana Lima, a pilot."
    )
    near = ("Who is Ana Lima, and who is she?", "Who is Ana Lima?")
    story = Story(
        body="\n\n".join(["So came Ana Lima, a pilot.", "Then came Ana Lima, a pilot.", far, *near]), title="?"
    )
    candidates = shelf_of(story, reader=WordReader({"pilot": 3.6})).ranking("Who is Ana Lima?", None, 20).candidates
    assert [candidate.hit.text for candidate in candidates if candidate.read is None] == [far]
    assert sorted(candidate.hit.number for candidate in candidates) == list(range(5))


def test_of_a_long_story_no_more_than_eight_passages_are_read() -> None:
    found = shelf_of(BASES, reader=WordReader()).ranking(CLOSED, None, len(BASES.paragraphs)).candidates
    assert len(found) == len(BASES.paragraphs)
    assert sum(candidate.read is not None for candidate in found) == MOST_READ


def test_what_is_read_on_counts_as_much_as_what_was_read_first() -> None:
    further = ranked(CLOSED, WordReader({"base": 12.0}), BASES).candidates[READ].hit.text
    best = ranked(CLOSED, WordReader({further: 12.0}), BASES).candidates[0]
    assert best.hit.text == further
    assert best.score == pytest.approx(best.hit.score + READER_WEIGHT * 12)
    assert best.words == best.hit.passage.span


def test_the_first_of_the_index_is_read_in_all_its_windows_at_once() -> None:
    reader = WordReader({"stationed": 5.0})
    best = ranked("More than 1,000 American troops are stationed there at present", reader).candidates[0]
    assert best.hit.text.startswith("More than 1,000")
    assert best.support is not None
    assert len(reader.batches) == 1
    windows = [window for _, window in reader.batches[0]]
    assert best.hit.text in windows
    assert any(window.startswith(f"{best.hit.text} ") for window in windows)


def test_what_a_passage_holds_is_the_mean_of_both_windows() -> None:
    reader = WordReader({"stationed": 9.0, "Kurt Campbell": 4.0})  # the first stands in the sentence before
    found = ranked(TALKS, reader).candidates[0]
    assert found.hit.text.startswith("Kurt Campbell")
    assert found.read == pytest.approx((-6.0 + 4.0) / 2)
    assert STORY.text(found.words or STORY.paragraphs[0].span) == "Kurt Campbell"
    assert found.score == pytest.approx(found.hit.score - READER_WEIGHT)


class LongWindowsRead(WordReader):
    """Reads "Washington" in windows of several sentences, "Kurt Campbell" in single ones, with another score each."""

    def _reading(self, passage: str) -> Reading:
        words = "Washington" if passage.count(".") > 1 else "Kurt Campbell"
        at = passage.find(words)
        return Reading(at, at + len(words), self.scores[words]) if at >= 0 else Reading(0, 0, float("-inf"))


@pytest.mark.parametrize(("scores", "words"), [((1.0, 4.0), "Kurt Campbell"), ((4.0, 1.0), "Washington")])
def test_the_words_are_those_of_the_window_that_reads_better(scores: tuple[float, float], words: str) -> None:
    reader = LongWindowsRead(dict(zip(("Washington", "Kurt Campbell"), scores, strict=True)))
    found = ranked(TALKS, reader).candidates[0]
    assert found.words is not None
    assert STORY.text(found.words) == words


def test_another_winner_is_read_again_with_the_sentence_after_it() -> None:
    reader = WordReader({"stationed": 12.0})
    best = ranked("What about the troops that are pulled out?", reader).candidates[0]
    ((_, following),) = reader.batches[1]
    assert following.startswith(best.hit.text + " ")
    assert following in BODY


def test_support_is_the_mean_over_the_three_windows() -> None:
    asked = "What about the troops that are pulled out?"
    candidates = ranked(asked, WordReader({"Kurt Campbell": 6.0, "stationed": 12.0})).candidates
    best = candidates[0]
    assert "stationed" in best.hit.text
    assert best.support == pytest.approx((12.0 + 12.0 - 6.0) / 3)
    assert [candidate.support for candidate in candidates[1:]] == [None] * (len(candidates) - 1)


def test_words_in_the_sentence_before_are_not_the_sentences_own() -> None:
    found = ranked(TALKS, WordReader({"More than 1,000": 9.0}))
    after = next(c for c in found.candidates if c.hit.text.startswith("Kurt Campbell"))
    assert (after.words, after.read) == (None, -6.0)


def test_a_score_counts_within_its_bounds() -> None:
    for score, counted in ((99.0, 12.0), (-99.0, -12.0)):
        best = next(c for c in ranked("base cost", WordReader({"$100": score})).candidates if "$100" in c.hit.text)
        assert best.read == counted


def test_an_unread_passage_never_overtakes_one_that_was_read() -> None:
    found = ranked("troops base cost pact", WordReader({"troops": 1.0}))
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert [candidate.read is None for candidate in found.candidates] == [False] * 4 + [True] * 2


def test_the_asking_sentence_is_what_is_read_and_the_whole_message_counts_a_little() -> None:
    reader, embedder = WordReader(), CountingEmbedder()
    found = ranked("I like the troops. How much did the base cost?", reader, embedder=embedder)
    assert found.question == "How much did the base cost?"
    assert {question for question, _ in reader.seen} == {"How much did the base cost?"}
    assert embedder.seen[-2:] == ["How much did the base cost?", "I like the troops. How much did the base cost?"]


def test_slips_are_mended_before_anything_is_looked_for() -> None:
    found = ranked("what did kurt campbel agree", WordReader(unknown=("campbel",)))
    assert found.question == "what did kurt Campbell agree"


def test_the_same_question_gives_the_same_ranking_a_hundred_times() -> None:
    shelf = shelf_of(reader=WordReader({"closed": 2.0}))
    first = shelf.ranking("base cost", None, 10)
    assert all(shelf.ranking("base cost", None, 10) == first for _ in range(100))
