"""Whoever holds an office elsewhere, or is only a deputy, does not answer who holds it here."""

from __future__ import annotations

import pytest

from bot.offices import holder_of, is_of_another_office


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("who is the prime minister of mali", "They met Ana Lima, the prime minister of Niger."),
        ("Who is the prime minister of Iceland?", "“We know,” said the Danish prime minister, Mette Overgaard."),
        ("Who is Malawi's defence minister?", "Zambia’s defence minister, Chola Mumbango, read it out."),
        ("who's the foreign minister of Armenia", "Deputy Foreign Minister Lusine Hak spoke of Armenia."),
        ("What is the name of Oslo's mayor?", "Former mayor Rosa Ito and the mayor of Bergen met in Oslo."),
        ("Who is the president of the US?", "So did Vice President Dana Cole of the United States."),
        ("who is the president of North Korea", "South Korea's president, Min Park, called Jun Ri."),
        ("Who is the owner of the Star?", "The Owner of the Gull, Ben Ito, saw the Star sink."),
    ],
)
def test_another_office_does_not_answer(question: str, sentence: str) -> None:
    assert is_of_another_office(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("who is the prime minister of niger", "They met Ana Lima, the prime minister of Niger."),
        ("who is niger's prime minister", "They met the Nigerien prime minister, Ana Lima."),
        ("who is the president of the us", "American President Joe Biden spoke."),
        ("who is the president of france", "The French president, Ana Lima, spoke."),
        ("who is prime minister of haiti", "The prime minister, Garry Exantus, carries on."),
        ("who was prime minister of haiti", "Former prime minister Garry Exantus spoke."),
        ("who is the deputy mayor of Oslo", "Oslo's deputy mayor, Ben Ito, spoke."),
        ("who is the mayor of Oslo", "The mayor of Bergen met Rosa Ito, the mayor of Oslo."),
        ("who is the mayor of Oslo", "Rosa Ito runs Oslo."),
        ("who met the mayor", "The mayor of Bergen met Rosa Ito."),
        ("What did the mayor of Oslo say?", "“No,” said the mayor of Bergen."),
    ],
)
def test_the_office_itself_or_one_without_a_place_may_answer(question: str, sentence: str) -> None:
    assert not is_of_another_office(question, sentence)


@pytest.mark.parametrize(
    ("question", "holder"),
    [
        ("who is the finance minister of Turkey", "Deniz Kaya"),
        ("Who is Greece's finance minister?", "Nikos Pappas"),
        ("who is the finance minister of Malta", None),
        ("who met the finance minister of Turkey", None),
        ("who's the finance minister of turkey", "Deniz Kaya"),
        ("What is the name of Turkey's finance minister?", "Deniz Kaya"),
        ("where did they meet", None),
    ],
)
def test_the_name_beside_the_office_is_its_holder(question: str, holder: str | None) -> None:
    sentence = "Greece's finance minister, Nikos Pappas, met the finance minister of Turkey, Deniz Kaya, on Monday."
    found = holder_of(question, sentence)
    assert (sentence[found.start : found.end] if found else None) == holder
