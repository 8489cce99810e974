"""When two texts count as nearly the same."""

from __future__ import annotations

from bot.similar import NEARLY_THE_SAME, resemblance

SENTENCES = [
    f"Sentence {word} of the story says that the harbour of {word} closes on day {word}." for word in "abcdefghij"
]
TEXT = " ".join(SENTENCES)


def test_a_text_with_one_sentence_in_ten_changed_is_nearly_the_same() -> None:
    changed = TEXT.replace(SENTENCES[4], "Nobody in town had expected anything of that kind so early in the year.")
    assert NEARLY_THE_SAME < resemblance(TEXT, changed) < 1
    assert resemblance(TEXT, TEXT.upper().replace(".", " ")) == 1


def test_another_text_on_the_same_matter_is_not() -> None:
    other = " ".join(f"The harbour of {word} closes, says a story about {word}, on that day." for word in "abcdefghij")
    assert resemblance(TEXT, other) < NEARLY_THE_SAME
    assert resemblance("Cats sleep.", "Dogs sleep.") == 0
    assert resemblance("", "Dogs") == 0
    assert resemblance("Cats", "cats") == 1
