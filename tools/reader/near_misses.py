"""Turn an answerable question into one that its passage no longer answers.

A reader learns early which *kind* of answer a question asks for and late whether the passage
speaks of the same *thing*. So each change here keeps the kind and breaks the match: another name
of the same story, another year, another thing counted, the opposite word, a condition that the
passage does not state. The passage stays the one that answered the original question.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_NAME: Final = re.compile(r"[A-Z][\w'’.-]*[\w](?:(?: of| the| de| von| and)? [A-Z][\w'’-]+)*")
_NUMBER: Final = re.compile(r"\d[\d,.]*\d|\d")
_HOW_MANY: Final = re.compile(r"\bhow many ((?:[\w-]+ ){0,2}?)([a-z-]+s|people|men|women|children)\b", re.IGNORECASE)
_SPARE_WORDS: Final = frozenset(
    "what which who whom whose when where why how in on at the a an is are was were did do does of for from "
    "by to during after before if name and or between according with as under over has have had can could "
    "would should will it its his her their there this that these those many much".split()
)
_DATES: Final = frozenset(
    "January February March April May June July August September October November December "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
)


_OPPOSITES: Final = (
    "first/last,largest/smallest,biggest/smallest,highest/lowest,most/least,oldest/youngest,longest/shortest,"
    "more/fewer,more/less,greater/smaller,higher/lower,older/younger,earlier/later,early/late,before/after,"
    "increase/decrease,increased/decreased,rise/fall,rose/fell,won/lost,win/lose,winner/loser,"
    "began/ended,begin/end,start/end,started/ended,start/finish,opened/closed,open/close,founded/abolished,"
    "established/dissolved,created/destroyed,built/demolished,built/repaired,constructed/demolished,"
    "born/buried,born/married,birth/death,joined/left,join/leave,arrived/left,arrive/leave,entered/left,"
    "supported/opposed,support/oppose,accepted/rejected,accept/reject,approved/rejected,allowed/banned,"
    "allow/ban,legal/illegal,north/south,east/west,northern/southern,eastern/western,northwest/southeast,"
    "northeast/southwest,male/female,men/women,man/woman,father/mother,son/daughter,brother/sister,"
    "husband/wife,king/queen,boys/girls,public/private,urban/rural,rich/poor,best/worst,major/minor,maximum/minimum,"
    "upper/lower,left/right,inside/outside,above/below,minority/majority,buy/sell,bought/sold,import/export,"
    "imports/exports,income/debt,profit/loss,attack/defend,attacked/defended,killed/wounded,killed/injured,"
    "died/injured,died/recovered,old/new,modern/ancient,strong/weak,heavy/light,hot/cold,summer/winter,"
    "cause/prevent,caused/prevented,include/exclude,includes/excludes,added/removed,remove/add,gain/lose,"
    "gained/lost,employ/fire,hired/fired,appointed/dismissed,elected/defeated,arrested/released,"
    "president/vice president,prime minister/foreign minister,king/emperor,governor/mayor,chairman/secretary,"
    "minister/ambassador,leader/founder,founder/owner,author/translator,director/producer,manager/owner,"
    "written/translated,wrote/translated,published/banned,discovered/rejected,invented/sold,directed/financed,"
    "spoken/forbidden,common/rare,popular/unpopular,positive/negative,internal/external,"
    "import/ban,withdrew/arrived,withdraw/arrive,withdrawn/sent,leave/return,left/returned,signed/rejected,"
    "cost/earn,spent/saved,paid/owed,annual/one-off,daily/yearly,month/decade,day/century,"
    "capital/port,population/area,area/population,height/width,length/depth,distance/height,age/weight,"
    "temperature/pressure,speed/weight,percentage/number,revenue/profit,budget/debt,cost/budget,price/weight"
)
_NATIONS: Final = (
    "United States/American,Britain/British,France/French,Germany/German,Russia/Russian,China/Chinese,"
    "Japan/Japanese,India/Indian,Italy/Italian,Spain/Spanish,Canada/Canadian,Mexico/Mexican,Brazil/Brazilian,"
    "Egypt/Egyptian,Nigeria/Nigerian,Niger/Nigerien,Mali/Malian,Turkey/Turkish,Iran/Iranian,Iraq/Iraqi,"
    "Israel/Israeli,Ukraine/Ukrainian,Poland/Polish,Sweden/Swedish,Norway/Norwegian,Greece/Greek,"
    "Portugal/Portuguese,Australia/Australian,Kenya/Kenyan,South Africa/South African,Chad/Chadian,"
    "Argentina/Argentine,Chile/Chilean,Cuba/Cuban,Pakistan/Pakistani,Afghanistan/Afghan,Syria/Syrian,"
    "Ethiopia/Ethiopian,Vietnam/Vietnamese,Indonesia/Indonesian,Ireland/Irish,Scotland/Scottish,"
    "Austria/Austrian,Hungary/Hungarian,Belgium/Belgian,Finland/Finnish,Denmark/Danish,Libya/Libyan"
)
_COUNTED: Final = (
    "people soldiers troops students children women men aircraft ships tanks bases schools hospitals houses "
    "cars trains books countries cities towns villages states members employees workers players teams games "
    "goals points votes seats parties ministers prisoners refugees protesters victims deaths injuries arrests "
    "languages species islands rivers mountains churches bridges factories companies drones instructors "
    "doctors teachers officers police journalists patients passengers flights weapons missiles camps families"
).split()
_CONDITIONS: Final = (
    "each year,per month,every day,in total since {year},in {year},before {year},after {year},in {nation},"
    "among {nationality} people,outside {nation},by {nationality} law,last week,next year,at the age of {age},"
    "to run each year,to maintain,to repair,for the second time,for {nation},against {nation},with {nation},"
    "according to the {nationality} government"
).split(",")


def _pairs(listed: str) -> list[tuple[str, str]]:
    return [(left, right) for left, _, right in (pair.partition("/") for pair in listed.split(","))]


def _opposites() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for left, right in _pairs(_OPPOSITES):
        table.setdefault(left, []).append(right)
        if " " not in right:
            table.setdefault(right, []).append(left)
    return table


OPPOSITES: Final = _opposites()
NATIONS: Final = _pairs(_NATIONS)
_OPPOSITE: Final = re.compile(r"\b(" + "|".join(sorted(map(re.escape, OPPOSITES), key=len, reverse=True)) + r")\b")


def names_in(text: str) -> list[str]:
    """Return the capitalised names of `text`, without words that are capitalised as the first of a sentence."""
    found = []
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip()
        name = match.group()
        if " " not in name and (not before or before[-1] in ".!?\"'\n") and not name.isupper():
            continue
        if name.split()[0].lower() in _SPARE_WORDS:
            name = name.partition(" ")[2]
        name = re.sub(r"['’]s?$", "", name)
        if len(name) > 1 and name not in _DATES:
            found.append(name)
    return found


def swap_name(question: str, names: Sequence[str], passage: str, random: Random) -> str | None:
    """Put another name of the story in the place of one that `question` and `passage` share."""
    asked = [name for name in names_in(question) if name.lower() in passage.lower()]
    if not asked:
        return None
    name = random.choice(asked)
    return _replaced(question, name, _other_name(name, names, passage, random))


def _other_name(name: str, names: Sequence[str], passage: str, random: Random) -> str | None:
    """Choose a name as long as `name`; three times in four one that the passage does not speak of."""
    parts = set(name.lower().split())
    nation = _other_nation(name, random)
    if nation and random.random() < 0.7:
        return nation
    others = [
        other for other in names if abs(len(other.split()) - len(parts)) <= 1 and not parts & set(other.lower().split())
    ]
    absent = [other for other in others if other.lower() not in passage.lower()]
    chosen = absent if absent and random.random() < 0.75 else others
    return random.choice(chosen) if chosen else None


def _other_nation(name: str, random: Random) -> str | None:
    for form in (0, 1):
        if any(name == nation[form] for nation in NATIONS):
            return random.choice([nation[form] for nation in NATIONS if nation[form] != name])
    return None


def swap_number(question: str, passage: str, random: Random) -> str | None:
    """Change a number or a year that `question` and `passage` share."""
    shared = [match.group() for match in _NUMBER.finditer(question) if match.group() in passage]
    if not shared:
        return None
    number = random.choice(shared)
    changed = _changed_number(number, random)
    return None if changed in passage else _replaced(question, number, changed)


def _changed_number(number: str, random: Random) -> str:
    if number.isdigit() and len(number) == 4:
        return str(int(number) + random.choice((-1, 1)) * random.choice((1, 2, 3, 5, 8, 10, 20, 50, 100)))
    at = random.choice([place for place, mark in enumerate(number) if mark.isdigit()])
    digit = random.choice([d for d in "123456789" if d != number[at]])
    return number[:at] + digit + number[at + 1 :]


def swap_opposite(question: str, passage: str, random: Random) -> str | None:
    """Put its opposite, or a sister notion, in the place of one word."""
    found = [match.group() for match in _OPPOSITE.finditer(question)]
    if not found:
        return None
    word = random.choice(found)
    other = random.choice(OPPOSITES[word])
    return None if re.search(rf"\b{other}\b", passage) else _replaced(question, word, other)


def swap_counted(question: str, passage: str, random: Random) -> str | None:
    """Ask how many of something else, or of the same thing under another nation."""
    match = _HOW_MANY.search(question)
    if match is None:
        return None
    if random.random() < 0.25:
        nationality = random.choice(NATIONS)[1]
        if nationality.lower() in passage.lower():
            return None
        return question[: match.start(1)] + f"{nationality} {match.group(2)}" + question[match.end() :]
    other = random.choice(_COUNTED)
    if re.search(rf"\b{other}", passage, re.IGNORECASE) or other == match.group(2):
        return None
    kept = match.group(1) if random.random() < 0.5 else ""
    return question[: match.start(1)] + kept + other + question[match.end() :]


def add_condition(question: str, passage: str, random: Random) -> str | None:
    """Add a condition (a year, a nation, a rate) that the passage does not speak of."""
    bare = question.rstrip("? ")
    nation, nationality = random.choice(NATIONS)
    condition = random.choice(_CONDITIONS).format(
        year=random.randint(1700, 2024), nation=nation, nationality=nationality, age=random.randint(9, 90)
    )
    asks_amount = re.match(r"how (much|many|often)|what (is|was) the (cost|price|budget)", bare, re.IGNORECASE)
    if ("year" in condition or "to r" in condition or "to m" in condition) and not asks_amount:
        return None
    words = [word for word in condition.split() if word[0].isupper() or word.isdigit()]
    if any(word.lower() in (passage + question).lower() for word in words):
        return None
    return f"{bare} {condition}?"


def swap_word(question: str, words: Sequence[str], passage: str, random: Random) -> str | None:
    """Put another word of the story with the same ending in the place of one that the passage contains."""
    low = passage.lower()
    own = [w for w in re.findall(r"\b[a-z]{5,}\b", question) if w not in _SPARE_WORDS and w in low]
    if not own:
        return None
    word = random.choice(own)
    others = [o for o in words if o[-2:] == word[-2:] and o[:4] != word[:4] and o not in low]
    return _replaced(question, word, random.choice(others)) if others else None


def near_miss(
    question: str, passage: str, names: Sequence[str], words: Sequence[str], random: Random
) -> tuple[str, str] | None:
    """Return a changed question and how it was changed, or None where no change applies.

    `names` and `words` are capitalised names and lower-case words of the story.
    """
    changes: list[tuple[float, str, Callable[[], str | None]]] = [
        (4.0, "name", lambda: swap_name(question, names, passage, random)),
        (3.0, "number", lambda: swap_number(question, passage, random)),
        (3.0, "counted", lambda: swap_counted(question, passage, random)),
        (2.5, "opposite", lambda: swap_opposite(question, passage, random)),
        (0.45, "word", lambda: swap_word(question, words, passage, random)),
        (0.4, "condition", lambda: add_condition(question, passage, random)),
    ]
    changes.sort(key=lambda change: random.random() ** (1 / change[0]), reverse=True)
    for _, kind, change in changes:
        changed = change()
        if changed is not None and changed != question:
            return changed, kind
    return None


def _replaced(text: str, old: str, new: str | None) -> str | None:
    if new is None:
        return None
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, count=1)
