"""Ask simple questions of single sentences: some that the sentence tells, more that it only seems to.

A story's one headcount, sum or office holder is what a reader gives to anybody who asks for a
headcount, a sum or an office holder. Here such a sentence is asked after somebody else's: a
question of the right kind, on a name that stands in the sentence, whose key word does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from near_misses import NATIONS, names_in, near_miss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


class Told(NamedTuple):
    """A question for a sentence; the answer's characters in the sentence, -1 and -1 when it does not tell."""

    question: str
    start: int
    end: int
    origin: str


_AMOUNT: Final = (
    r"(?:(?:more than|about|around|nearly|almost|over|at least|up to|fewer than|some) )?"
    r"(?:\d[\d,.]*\d|\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"dozens of|hundreds of|thousands of)(?: (?:hundred|thousand|million|billion))?"
)
_COUNT: Final = re.compile(
    rf"\b(?P<n>{_AMOUNT}) (?P<m>(?:[A-Z]?[a-z-]+ )?)(?P<noun>[a-z]{{3,}}s|people|men|women|children)\b"
)
_MONEY: Final = re.compile(r"(?:US)?[$£€]\s?\d[\d,.]*(?: (?:million|billion|trillion|thousand))?")
_OFFICES: Final = (
    r"[Pp]resident|[Pp]rime [Mm]inister|[Kk]ing|[Qq]ueen|[Ee]mperor|[Gg]overnor|[Mm]ayor|[Cc]hancellor|"
    r"[Ff]oreign [Mm]inister|[Gg]eneral|[Ss]ecretary of [Ss]tate|[Ss]enator|[Aa]rchbishop|[Pp]ope|[Cc]hairman|[Dd]irector"
)
_PERSON: Final = r"(?P<name>(?:[A-Z][\w.-]+)(?: (?:of the |of |de |van )?[A-Z][\w.-]+){0,3})"
_OFFICE: Final = re.compile(rf"\b(?P<office>{_OFFICES}) {_PERSON}")
_OFFICE_OF: Final = re.compile(
    rf"\b(?P<place>[A-Z]\w+(?: [A-Z]\w+)?)(?:['’]s)? (?:former |new |current |then )?(?P<office>{_OFFICES}) {_PERSON}"
)
_UNITS: Final = frozenset(
    "years months weeks days hours minutes seconds miles kilometres kilometers metres meters feet inches degrees "
    "percent pounds dollars times acres tons tonnes hectares species units points ways cents euros yards millimetres "
    "has was does this its always series less perhaps across towards consists includes contains".split()
)
_SUMS_ELSEWHERE: Final = (
    "How much does it cost to run each year?",
    "What is the yearly running cost?",
    "What is the annual budget?",
    "How much is spent on it every year?",
    "How much money was stolen?",
    "How much do the workers earn?",
    "What was the fine?",
    "How much did the tickets cost?",
    "How much rent is paid for it?",
    "What will it cost to replace?",
)
_FOUNDED: Final = "found|establish|creat|built|build|form|start|open|incorporat|began|organi|launch|construct|origin"
_DEATH: Final = "die|dea|kill|assassin|murder|fatal|casualt|victim|late|lost"
_TEMPLATES: Final = (
    # question, key words that may tell it after all, what must be in the sentence to tempt, fits places only
    ("How many people live in {x}?", "popul|inhabit|people|resid|live|living", "number", True),
    ("What is the population of {x}?", "popul|inhabit|people|resid", "number", True),
    ("What is the capital of {x}?", "capital", "name", True),
    ("Who is the president of {x}?", "presid|lead|head", "name", True),
    ("Who is the prime minister of {x}?", "minister|premier|lead|head", "name", True),
    ("Who is the leader of {x}?", "lead|led|head|rul|govern|presid|king|queen|emperor", "name", True),
    ("Who rules {x}?", "lead|led|head|rul|govern|presid|king|queen|emperor|reign", "name", True),
    ("Who is the mayor of {x}?", "mayor", "name", True),
    ("How many soldiers does {x} have?", "soldier|troop|army|force|militar", "number", True),
    ("How many troops were sent to {x}?", "soldier|troop|army|force|militar", "number", True),
    ("What language is spoken in {x}?", "language|speak|spoken", "name", True),
    ("When did {x} become independent?", "independ|sovereign", "date", True),
    ("When did the war in {x} end?", "war|end", "date", True),
    ("How big is {x}?", "area|size|big|large|square|wide|long", "number", True),
    ("Which country attacked {x}?", "attack|invad|war|conquer|raid", "name", True),
    ("How many visitors come to {x} every year?", "visit|touris|attend", "number", True),
    ("When was {x} founded?", _FOUNDED, "date", False),
    ("Who founded {x}?", _FOUNDED, "name", False),
    ("How many members does {x} have?", "member|strong|consist|compris", "number", False),
    ("How many people work for {x}?", "employ|work|staff", "number", False),
    ("How many employees does {x} have?", "employ|work|staff", "number", False),
    ("What is the budget of {x}?", "cost|budget|spen|fund|money", "number", False),
    ("How much does {x} cost a year?", "cost|budget|spen|fund|money|annual", "number", False),
    ("Who owns {x}?", "own|bought|acqui|belong|property|possess", "name", False),
    ("Who paid for {x}?", "paid|pay|fund|financ|spons|money|bought", "name", False),
    ("How old is {x}?", r"\bold\b|\bage|year-|born", "number", False),
    ("When was {x} born?", "born|birth", "date", False),
    ("Where was {x} born?", "born|birth|native", "name", False),
    ("When did {x} die?", _DEATH, "date", False),
    ("Who killed {x}?", _DEATH, "name", False),
    ("How many people died in {x}?", _DEATH, "number", False),
    ("How many people were arrested in {x}?", "arrest|detain|prison|custody", "number", True),
    ("Who did {x} marry?", "marr|wife|husband|spouse|wed", "name", False),
    ("What did {x} say?", "sa[iy]|told|tell|quot|announc|claim|stat|argu|accord|wrote|[“\x22]|call|ask|declar", "name", False),
    ("Why did {x} resign?", "resign|step|left|quit", "name", False),
    ("Who replaced {x}?", "replac|succe|new|after|follow|instead|took", "name", False),
    ("When will {x} return?", "return|back", "date", False),
    ("Who criticised {x}?", "critic|condemn|attack|oppos|accus|blam", "name", False),
)  # fmt: skip
_TEMPTS: Final = {
    "number": re.compile(
        r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)", re.IGNORECASE
    ),
    "date": re.compile(r"\b1\d{3}\b|\b20\d\d\b|century|January|March|April|June|July|August|ember|ober|years? ago"),
    "name": re.compile(""),
}


def told(text: str, random: Random) -> Iterator[Told]:
    """Yield a few questions for the sentence `text`."""
    yield from _counts(text, random)
    yield from _sums(text, random)
    yield from _offices(text, random)
    if random.random() < 0.22:
        yield from _elsewhere(text, random)


def _counts(text: str, random: Random) -> Iterator[Told]:
    match = _COUNT.search(text)
    if match is None or match["noun"] in _UNITS or re.search(r"\d{4}", match["n"]):
        return
    noun, modifier = match["noun"], match["m"]
    tail = random.choice((" are there", " were there", " are mentioned", "", " does the story speak of"))
    question = f"How many {random.choice((noun, modifier + noun))}{tail}?"
    if random.random() < 0.45:
        yield Told(question, match.start("n"), match.end("n"), "told-count")
    else:
        changed = near_miss(question, text, (), (), random)
        if changed and changed[1] == "counted":
            yield Told(changed[0], -1, -1, "told-count-miss")


def _sums(text: str, random: Random) -> Iterator[Told]:
    match = _MONEY.search(text)
    if match and random.random() < 0.5 and not re.search(r"annual|year|budget|rent|fine|salar|wage|ticket", text):
        yield Told(random.choice(_SUMS_ELSEWHERE), -1, -1, "told-sum-miss")


def _offices(text: str, random: Random) -> Iterator[Told]:
    match = _OFFICE_OF.search(text)
    if match and match["place"] not in ("For", "General", "Major", "Brigadier") and random.random() < 0.6:
        place, office = match["place"], match["office"].lower()
        yield Told(f"Who is the {office} of {place}?", *_name_span(match), "told-office")
    match = _OFFICE.search(text)
    if match is None:
        return
    office = match["office"].lower()
    questions = [question for question in _wrong_offices(text, match, random) if question]
    if questions and random.random() < 0.7:
        yield Told(random.choice(questions), -1, -1, "told-office-miss")
    elif match["name"] not in ("Street", "Secretary", "Court") and random.random() < 0.6:
        question = random.choice((f"Who is the {office}?", f"Who was {office}?", f"Which {office} is named?"))
        yield Told(question, *_name_span(match), "told-office")


def _wrong_offices(text: str, match: re.Match[str], random: Random) -> Iterator[str]:
    """Yield questions for the office in another country, for another name of the sentence, for another office."""
    office = match["office"].lower()
    nation, nationality = random.choice(NATIONS)
    if nation not in text and nationality not in text:
        yield random.choice((f"Who is the {office} of {nation}?", f"Who is the {nationality} {office}?"))
    around = text[max(match.start() - 30, 0) : match.end() + 30]
    for other in names_in(text):
        if other not in around and not re.search(_OFFICES, other):
            yield f"Who is the {office} of {other}?"
            yield f"Who is {other}'s {office}?"
    other = random.choice(("defence minister", "ambassador", "army chief", "spokesman", "vice president", "judge"))
    if other not in text.lower():
        yield f"Who is the {other}?"


def _name_span(match: re.Match[str]) -> tuple[int, int]:
    return match.start("name"), match.start("name") + len(match["name"].rstrip(".-"))


def _elsewhere(text: str, random: Random) -> Iterator[Told]:
    """Ask a common question about a name of the sentence that the sentence has no word on."""
    names = names_in(text)
    if not names:
        return
    name = random.choice(names)
    is_place = re.search(rf"\b(?:in|from|near|at|to) (?:the )?{re.escape(name)}", text) is not None
    fitting = [
        question
        for question, key, tempts, places in _TEMPLATES
        if (is_place or not places)
        and not re.search(key, text, re.IGNORECASE)
        and _TEMPTS[tempts].search(text.replace(name, ""))
        and (tempts != "name" or len(set(names)) > 1)
    ]
    if fitting:
        yield Told(random.choice(fitting).format(x=name), -1, -1, "told-elsewhere")
