"""Whoever holds an office elsewhere, or is only a deputy, does not answer who holds it here."""

from __future__ import annotations

import pytest

from bot.offices import is_of_another_office


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("who is the prime minister of mali", "They met Ana Lima, the prime minister of Niger."),
        ("Who is the prime minister of Iceland?", "“We know,” said the Danish prime minister, Mette Overgaard."),
        ("Who is Malawi's defence minister?", "Zambia’s defence minister, Chola Mumbango, read it out."),
        ("who's the foreign minister of Armenia", "Deputy Foreign Minister Lusine Hak spoke of Armenia."),
        ("What is the name of Oslo's mayor?", "Former mayor Rosa Ito and the mayor of Bergen met in Oslo."),
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
