from __future__ import annotations

import json
from pathlib import Path

import pytest
from bot_fakes import ANSWERS, BODY, IS_SILENT, STORY, quote_of, shelf_of

from bot.answer import Answer, NoAnswer, Quote, Reply
from bot.cases import Case, is_right, read_cases, read_stories, with_foreign, with_gold_spans
from bot.desk import Desk
from bot.errors import CasesError
from bot.evaluate import Outcome, prediction, run_cases, write_predictions
from bot.figures import report, risk_table
from index.story import Span, Story

GOLD = Span(100, 140)


def quote_at(start: int, end: int) -> Quote:
    return Quote(STORY.id, Span(start, end), "x" * (end - start), 1, 1.0, 0)


RIGHT, WRONG = quote_at(90, 150), quote_at(0, 60)


def outcome(reply: Reply, *ranked: Quote, answerable: bool = True, ms: float = 1.0) -> Outcome:
    case = Case("c", "s", "Why?", answerable, (), (GOLD,) if answerable else ())
    return Outcome(case, reply, ranked, ms)


def answered(quote: Quote) -> Answer:
    return Answer("Why?", 0.9, (quote,), None)


SILENT = NoAnswer("Why?", 0.1, (), verdict="silent")


@pytest.mark.parametrize(
    ("start", "end", "right"),
    [
        (90, 150, True),  # it holds the gold span
        (110, 120, True),  # it lies within the gold span
        (120, 200, True),  # it shares half of the shorter
        (121, 200, False),  # it shares a little less
        (0, 100, False),  # it ends where the gold span begins
        (140, 150, False),  # it begins where the gold span ends
    ],
)
def test_a_quote_is_right_where_it_shares_half_of_the_shorter_span(start: int, end: int, right: bool) -> None:  # noqa: FBT001 - a table
    assert is_right(Span(start, end), [Span(500, 510), GOLD]) is right


def test_nothing_is_right_without_a_gold_span() -> None:
    assert not is_right(RIGHT.span, [])
    assert not is_right(RIGHT.span, [Span(100, 100)])


def test_the_rank_is_the_place_of_the_first_right_sentence() -> None:
    assert outcome(SILENT, WRONG, RIGHT, RIGHT).rank == 2
    assert outcome(SILENT, WRONG).rank is None


def test_the_figures_are_exact() -> None:
    figures = report(
        [
            outcome(answered(RIGHT), RIGHT, ms=5),
            outcome(answered(WRONG), WRONG, RIGHT, ms=1),
            outcome(SILENT, WRONG, WRONG, WRONG, RIGHT, ms=4),
            outcome(SILENT, WRONG, ms=2),
            outcome(answered(WRONG), WRONG, answerable=False, ms=3),
            outcome(SILENT, WRONG, answerable=False, ms=9),
            outcome(NoAnswer("Why?", 0.2, (WRONG,)), WRONG, answerable=False, ms=9),
        ]
    )
    assert (figures.cases, figures.answerable) == (7, 4)
    assert figures.hit_at_1 == pytest.approx(1 / 4)
    assert figures.hit_at_3 == pytest.approx(2 / 4)
    assert figures.mrr == pytest.approx((1 + 1 / 2 + 1 / 4 + 0) / 4)
    assert figures.precision == pytest.approx(1 / 3)
    assert figures.recall == pytest.approx(1 / 4)
    assert figures.refused == pytest.approx(2 / 3)
    assert figures.median_ms == 4


def test_a_figure_is_none_where_nothing_was_counted() -> None:
    empty = report([])
    assert empty.cases == 0
    assert {empty.hit_at_1, empty.hit_at_3, empty.mrr, empty.precision, empty.recall, empty.refused} == {None}
    assert empty.median_ms is None


def test_a_case_without_spans_gets_every_place_at_which_an_answer_stands() -> None:
    story = Story(body="troops, and troops", title="t")
    case = Case("c", "s", "Who?", answerable=True, answers=("troops", "", "nobody"))
    assert with_gold_spans(case, story).spans == (Span(0, 6), Span(12, 18))


def test_given_spans_are_kept_and_the_unanswerable_has_none() -> None:
    given = Case("c", "s", "Who?", answerable=True, answers=("troops",), spans=(Span(1, 2),))
    hopeless = Case("c", "s", "Who?", answerable=False, answers=("troops",))
    assert with_gold_spans(given, STORY) is given
    assert with_gold_spans(hopeless, STORY).spans == ()


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def test_stories_are_known_by_the_ids_of_their_file(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "T", "text": "One.\u2028Two.", "date": "2024-04-05", "source": "S", "url": "https://x.y"},
        {"id": 7, "text": "Three."},
    ]
    found = read_stories(lines(tmp_path / "s.jsonl", rows[0], "", rows[1]))
    assert found == {
        "a": Story("One.\u2028Two.", "T", url="https://x.y", published="2024-04-05", source="S"),
        "7": Story("Three.", "7"),
    }


def test_cases_are_read_with_their_spans(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "story_id": "a", "question": "Who?", "answers": ["B"], "answerable": True, "spans": [[3, 4]]},
        {"id": "2", "story_id": "a", "question": "Why?", "answerable": False, "spans": None, "evidence": "…"},
    ]
    assert read_cases(lines(tmp_path / "c.jsonl", *rows)) == [
        Case("1", "a", "Who?", answerable=True, answers=("B",), spans=(Span(3, 4),)),
        Case("2", "a", "Why?", answerable=False),
    ]


@pytest.mark.parametrize("row", ["not json", "[1]", '"x"', "{", "null"])
def test_a_line_that_is_no_object_is_named_with_file_and_number(row: str, tmp_path: Path) -> None:
    good_story = {"id": "a", "text": "One."}
    path = lines(tmp_path / "s.jsonl", good_story, "", row)
    with pytest.raises(CasesError, match=r"s\.jsonl, line 3: not a JSON object\.$"):
        read_stories(path)


@pytest.mark.parametrize("row", [{"id": "a"}, {"text": "One."}, {"id": "a", "text": " \n"}])
def test_a_line_that_is_no_story_is_named(row: object, tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"s\.jsonl, line 1: not a story with id and text: "):
        read_stories(lines(tmp_path / "s.jsonl", row))


@pytest.mark.parametrize(
    "change", [{"id": None}, {"question": None}, {"spans": [[1]]}, {"spans": [["a", "b"]]}, {"spans": 3}]
)
def test_a_line_that_is_no_case_is_named(change: dict[str, object], tmp_path: Path) -> None:
    good: dict[str, object] = {"id": "1", "story_id": "a", "question": "Who?", "answerable": True}
    row = {name: value for name, value in (good | change).items() if value is not None}
    with pytest.raises(CasesError, match=r"c\.jsonl, line 2: not a case with id, story_id, question and answerable: "):
        read_cases(lines(tmp_path / "c.jsonl", good, row))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\n")
    for name in ("gone.jsonl", "latin.jsonl"):
        with pytest.raises(CasesError, match=rf"{name} cannot be read: "):
            read_cases(tmp_path / name)


async def outcomes_of(*cases: Case, speaks: bool = True) -> list[Outcome]:
    shelf = shelf_of(calibration=ANSWERS if speaks else IS_SILENT)
    async with Desk(lambda: shelf, hook=lambda _: None) as desk:
        return await run_cases(desk, cases, {"niger": STORY})


TROOPS = Case("q1", "niger", "How many troops are stationed there?", answerable=True, answers=("More than 1,000",))


async def test_a_right_answer_is_found_right() -> None:
    (found,) = await outcomes_of(TROOPS)
    assert (found.rank, found.answers_right) == (1, True)
    assert found.elapsed_ms > 0


async def test_a_case_about_an_unknown_story_is_refused() -> None:
    with pytest.raises(CasesError, match=r"^Case q asks about story 'mars', which is not among the stories\.$"):
        await outcomes_of(Case("q", "mars", "Who?", answerable=True))


async def test_progress_is_told_after_every_case() -> None:
    told: list[int] = []
    async with Desk(shelf_of, hook=lambda _: None) as desk:
        await run_cases(desk, [TROOPS] * 3, {"niger": STORY}, progress=lambda: told.append(1))
    assert len(told) == 3


async def test_a_prediction_has_exactly_the_keys_of_the_contract_and_the_files_story_ids() -> None:
    (found,) = await outcomes_of(TROOPS)
    line = prediction(found)
    assert list(line) == ["id", "question", "verdict", "confidence", "short", "quotes", "elapsed_ms", "hits"]
    assert (line["id"], line["question"], line["short"]) == ("q1", TROOPS.question, "More than 1,000")
    assert [set(quote) for quote in line["quotes"]] == [{"story", "start", "end", "text", "paragraph", "score", "bold"}]
    assert all(set(hit) == {"story", "start", "end", "text", "score"} for hit in line["hits"])
    assert {place["story"] for place in [*line["quotes"], *line["hits"]]} == {"niger"}
    assert all(hit["text"] == BODY[hit["start"] : hit["end"]] for hit in line["hits"])
    assert [hit["score"] for hit in line["hits"]] == sorted((hit["score"] for hit in line["hits"]), reverse=True)
    assert len(line["hits"]) == 6


async def test_at_most_ten_hits_are_predicted_even_where_the_bot_is_silent(tmp_path: Path) -> None:
    story = Story(body=" ".join(f"The base number {number} is closed." for number in range(15)), title="Bases")
    async with Desk(lambda: shelf_of(story, calibration=IS_SILENT), hook=lambda _: None) as desk:
        outcomes = await run_cases(desk, [Case("q", "bases", "Which base?", answerable=False)], {"bases": story})
    write_predictions(outcomes, tmp_path / "out.jsonl")
    line = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert (line["verdict"], line["quotes"], line["short"], len(line["hits"])) == ("silent", [], None, 10)


async def test_predictions_are_one_object_a_line_in_the_order_of_the_cases(tmp_path: Path) -> None:
    other = Case("q2", "niger", "“Wo?” 👍", answerable=False)
    write_predictions(await outcomes_of(TROOPS, other), tmp_path / "out.jsonl")
    written = (tmp_path / "out.jsonl").read_bytes()
    assert written.endswith(b"\n")
    rows = [json.loads(row) for row in written.decode("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["q1", "q2"]
    assert "“Wo?” 👍" in written.decode("utf-8")


def test_predictions_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    right = quote_of("The base near Agadez cost $100 million.")
    with pytest.raises(CasesError, match=r"out\.jsonl cannot be written: No such file or directory\.$"):
        write_predictions([outcome(answered(right), right)], tmp_path / "gone" / "out.jsonl")


def test_every_story_is_asked_questions_of_the_others_too() -> None:
    cases = [Case(f"{story}{n}", story, f"{story} {n}?", answerable=n < 3) for story in "ab" for n in range(4)]
    found = with_foreign(cases, 2)
    assert found[:8] == cases
    added = found[8:]
    assert [case.story_id for case in added] == ["a", "a", "b", "b"]
    assert all(case.is_foreign and not case.answerable for case in added)
    assert {case.question[0] for case in added if case.story_id == "a"} == {"b"}
    assert with_foreign(cases, 2) == found
    assert with_foreign(cases, 0) == cases


def test_confidence_is_weighed_against_near_misses_and_foreign_questions_apart() -> None:
    near = outcome(NoAnswer("Why?", 0.95, (WRONG,)), WRONG, answerable=False)
    foreign = Outcome(Case("f", "s", "Why?", answerable=False, kind="foreign"), SILENT, (WRONG,), 1.0)
    figures = report([outcome(answered(RIGHT), RIGHT), near, foreign])
    assert (figures.auroc_near, figures.auroc_foreign) == (0.0, 1.0)
    assert figures.intervals["auroc_near"] == (0.0, 0.0)


def test_risk_and_calibration_are_over_all_questions() -> None:
    figures = report([outcome(answered(RIGHT), RIGHT), outcome(SILENT, WRONG)])
    assert figures.risk_area == pytest.approx((0 + 1 / 2) / 2)
    assert figures.calibration_error == pytest.approx((0.1 + 0.1) / 2)
    assert risk_table([outcome(answered(RIGHT), RIGHT)] * 10)[-1] == (1.0, 0.0)


def test_short_answers_are_compared_with_every_gold_answer() -> None:
    case = Case("c", "s", "Who?", answerable=True, answers=("the troops", "x"), spans=(GOLD,))
    reply = Answer("Who?", 0.9, (RIGHT,), "troops there")
    figures = report([Outcome(case, reply, (RIGHT,), 1.0)])
    assert figures.exact_match == 0.0
    assert figures.f1 == pytest.approx(2 / 3)
