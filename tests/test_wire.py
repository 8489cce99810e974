from __future__ import annotations

import json

from bot_fakes import BODY, STORY, quote_of, shelf_of

from bot.answer import Answer, NoAnswer
from bot.wire import hit_object, quote_object, reply_object

SENTENCE = "More than 1,000 American troops are stationed there at present."


def test_an_answer_is_exactly_the_object_of_the_contract() -> None:
    quote = quote_of(SENTENCE, bold="More than 1,000", score=0.712345)
    start = BODY.index(SENTENCE)
    reply = Answer("How many?", 0.876543, (quote,), "More than 1,000", (3, 4))
    assert reply_object(reply, 12.345) == {
        "question": "How many?",
        "verdict": "answered",
        "confidence": 0.8765,
        "short": "More than 1,000",
        "quotes": [
            {
                "story": STORY.id,
                "start": start,
                "end": start + len(SENTENCE),
                "text": SENTENCE,
                "paragraph": 2,
                "score": 0.7123,
                "bold": [[start, start + len("More than 1,000")]],
            }
        ],
        "elapsed_ms": 12.3,
    }


def test_silence_has_no_quotes_and_no_short_answer() -> None:
    found = reply_object(NoAnswer("Why?", 0.0, (), verdict="silent"), 1.0)
    assert (found["verdict"], found["quotes"], found["short"]) == ("silent", [], None)
    assert json.loads(json.dumps(found)) == found


def test_the_closest_passages_have_no_short_answer() -> None:
    found = reply_object(NoAnswer("Why?", 0.1, (quote_of(SENTENCE),)), 1.0)
    assert (found["verdict"], found["short"], found["quotes"][0]["bold"]) == ("closest", None, [])


def test_a_hit_is_its_place_text_and_score_and_no_more() -> None:
    quote = quote_of(SENTENCE, bold="troops")
    found = quote_object(quote)
    assert list(hit_object(quote)) == ["story", "start", "end", "text", "score"]
    assert hit_object(quote) == {name: found[name] for name in ("story", "start", "end", "text", "score")}


def test_offsets_are_characters_of_the_body_and_short_is_a_bold_span() -> None:
    reply = shelf_of().answer("How many troops are stationed there?", None, 3)
    found = json.loads(json.dumps(reply_object(reply, 1.0)))
    assert found["verdict"] == "answered"
    for quote in found["quotes"]:
        assert quote["text"] == BODY[quote["start"] : quote["end"]]
        assert all(quote["start"] <= start < end <= quote["end"] for start, end in quote["bold"])
    assert found["short"] in [BODY[start:end] for start, end in found["quotes"][0]["bold"]]
