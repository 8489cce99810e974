"""Make the reader's training examples from the labelled stories of `shared/eval/train`.

Every epoch is made anew from `(seed, epoch)`: another window around each answer, other wrong
passages, other near misses, other typing. About half the examples have no answer, because telling
that a passage does not answer is the harder half of the reader's work.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, Final

import news
import numpy as np
from near_misses import names_in, near_miss
from told_questions import told

from index.sentences import split_sentences
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Encode = Callable[[list[str]], Floats]

NEWS: Final = "news"
"""The name of the set of our own telling."""

WINDOW_SIZES: Final = (1, 2, 3, 4)
WINDOW_WEIGHTS: Final = (0.5, 0.25, 0.15, 0.1)
"""How many sentences a window has: at run time it is mostly one, or one with its predecessor."""

_PRONOUNS: Final = frozenset("they them he him she her it we us i you this that these those who".split())
_KINDS: Final = (
    (
        "number",
        re.compile(r"\bhow (many|much|long|far|old|big|large|high|tall|often)|percent|number of|cost", re.IGNORECASE),
    ),
    ("date", re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)", re.IGNORECASE)),
    ("person", re.compile(r"\b(who|whom|whose)\b", re.IGNORECASE)),
    ("place", re.compile(r"\bwhere\b|\b(what|which) (country|city|state|place|region|town|continent)", re.IGNORECASE)),
    ("reason", re.compile(r"\bwhy\b", re.IGNORECASE)),
)

_ASKING: Final = re.compile(r"\b(how (?:many|much|long)|when|who|where|why|which|what|how)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a passage and the answer's characters in it (`end` exclusive; both -1 for none)."""

    question: str
    passage: str
    start: int
    end: int
    origin: str


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled question; `spans` are in characters of the story, chosen span first, empty when unanswerable."""

    id: str
    question: str
    answers: tuple[str, ...]
    spans: tuple[Span, ...]
    gold: tuple[int, ...]
    paragraph: Span | None
    kind: str
    tempting: tuple[int, ...] = ()
    """The sentences that look most as if they answered an unanswerable question, where somebody said so."""


class Source:
    """A story with its sentences, their embeddings and lexical statistics, and its cases."""

    def __init__(self, name: str, row: dict[str, Any]) -> None:
        """Cut the story of `row` (one line of `stories.jsonl`) into sentences."""
        self.set_name = name
        self.id: str = row["id"]
        self.text: str = row["text"]
        self.sentences = _sentences(self.text)
        self.cases: list[Case] = []
        self.dense: Floats = np.zeros((0, 384), np.float32)
        self.queries: Floats = np.zeros((0, 384), np.float32)

    @cached_property
    def names(self) -> list[str]:
        """Names of the story, as often as they occur."""
        return names_in(self.text)

    @cached_property
    def words(self) -> list[str]:
        """Lower-case words of five letters and more."""
        return sorted(set(re.findall(r"(?<![\w'])[a-z]{5,}(?![\w'])", self.text)))

    @cached_property
    def bm25(self) -> Bm25:
        """Lexical scorer over the sentences."""
        return Bm25([self.text[s.start : s.end] for s in self.sentences])

    def ranking(self, at: int) -> Floats:
        """Return standardised dense + standardised BM25 scores of all sentences for case `at`, shape (sentences,)."""
        dense: Floats = self.dense @ self.queries[at]
        return standardised(dense) + standardised(self.bm25.scores(self.cases[at].question))

    def window(self, first: int, last: int) -> Span:
        """Return the characters from sentence `first` to sentence `last`, both inclusive."""
        return Span(self.sentences[first].start, self.sentences[last].end)


class Bm25:
    """Okapi BM25 over a few hundred sentences (Robertson & Zaragoza 2009, eq. 3.15; k1 1.2, b 0.75)."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the words of `texts`."""
        counts = [Counter(words_of(text)) for text in texts]
        lengths = np.array([sum(c.values()) for c in counts], np.float32)
        norm = 1.2 * (0.25 + 0.75 * lengths / max(float(lengths.mean()), 1.0))
        self._size = len(texts)
        self._postings: dict[str, list[tuple[int, float]]] = {}
        frequency = Counter(word for c in counts for word in c)
        for row, count in enumerate(counts):
            for word, tf in count.items():
                idf = math.log(1 + (self._size - frequency[word] + 0.5) / (frequency[word] + 0.5))
                self._postings.setdefault(word, []).append((row, idf * tf * 2.2 / (tf + float(norm[row]))))

    def scores(self, query: str) -> Floats:
        """Return one score per sentence."""
        scores = np.zeros(self._size, np.float32)
        for word in set(words_of(query)):
            for row, weight in self._postings.get(word, ()):
                scores[row] += weight
        return scores


def words_of(text: str) -> list[str]:
    """Return lower-case words, plural and tense endings cut off."""
    return [re.sub(r"(?<=\w{3})(?:ing|ed|es|s)$", "", word) for word in re.findall(r"\w+", text.lower())]


def standardised(scores: Floats) -> Floats:
    """Shift and scale to mean 0 and deviation 1."""
    shifted: Floats = scores - scores.mean()
    return shifted / np.float32(max(float(scores.std()), 1e-6))


def kind_of(question: str) -> str:
    """Return which kind of answer `question` asks for."""
    return next((kind for kind, pattern in _KINDS if pattern.search(question)), "other")


def asking_word(question: str) -> str:
    """Return the word or two with which `question` asks, in lower case; empty where it has none."""
    found = _ASKING.search(question)
    return found[0].lower() if found else ""


def load_sources(folder: Path, names: Sequence[str], encode: Encode, cache: Path) -> list[Source]:
    """Load the sets `names` of `folder`; embeddings of sentences and questions are kept in `cache` (a folder)."""
    told = [(_rows(folder / name / "stories.jsonl"), _rows(folder / name / "cases.jsonl"), name) for name in names]
    return _embedded([source for rows in told for source in _sources(*rows)], encode, cache / folder.name)


def load_news(encode: Encode, cache: Path, *, dev: bool) -> list[Source]:
    """Load the news of our own telling: the stories kept from training, or the others; `cache` as in `load_sources`."""
    return _embedded(_sources(*news.rows(dev=dev), NEWS), encode, cache / "own")


def _embedded(sources: list[Source], encode: Encode, cache: Path) -> list[Source]:
    cache.mkdir(parents=True, exist_ok=True)
    for source in sources:
        kept = cache / f"{source.set_name}-{source.id}.npz"
        if not kept.exists():
            texts = [source.text[s.start : s.end] for s in source.sentences]
            np.savez(kept, dense=encode(texts), queries=encode([case.question for case in source.cases]))
        with np.load(kept) as arrays:
            source.dense, source.queries = arrays["dense"], arrays["queries"]
        if len(source.dense) != len(source.sentences) or len(source.queries) != len(source.cases):
            message = f"{kept} was made from other sentences; delete it"
            raise ValueError(message)
    return sources


def _sources(stories: Iterable[dict[str, Any]], cases: Iterable[dict[str, Any]], name: str) -> list[Source]:
    sources = {row["id"]: Source(name, row) for row in stories}
    for row in cases:
        source = sources[row["story_id"]]
        source.cases.append(_case(source, row))
    return list(sources.values())


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _sentences(text: str) -> list[Span]:
    spans: list[Span] = []
    for match in re.finditer(r"[^\n]*\S[^\n]*", text):
        spans.extend(split_sentences(text, Span(match.start(), match.end())))
    return spans


def _case(source: Source, row: dict[str, Any]) -> Case:
    spans = _spans(source, row)
    gold = {at for span in spans for at in _covering(source, span)}
    if source.set_name == "wikinews":
        gold |= {at for start, end in row["spans"] for at in _covering(source, Span(start, end))}
    paragraph = Span(*row["paragraph"]) if row.get("paragraph") else None
    answers = tuple(row["answers"])
    tempting = tuple(_covering(source, Span(*row["tempting"]))) if "tempting" in row else ()
    kind = kind_of(row["question"])
    return Case(row["id"], row["question"], answers, spans, tuple(sorted(gold)), paragraph, kind, tempting)


def _spans(source: Source, row: dict[str, Any]) -> tuple[Span, ...]:
    """Return the answering words, the one of middling length first: the shortest often say too little."""
    if source.set_name == "wikinews":
        spans = list(_words_within(source.text, row))
    else:
        spans = [Span(start, end) for start, end in row.get("spans", ())]
    spans = sorted({_trimmed(source.text, span) for span in spans}, key=lambda span: (len(span), span.start))
    if not spans:
        return ()
    chosen = spans.pop((len(spans) - 1) // 2)
    return (chosen, *spans)


def _words_within(text: str, row: dict[str, Any]) -> Iterator[Span]:
    for start, end in row["spans"]:
        sentence = text[start:end].lower()
        for answer in row["answers"]:
            at = sentence.find(answer.lower())
            if at >= 0 and answer.lower() not in _PRONOUNS:
                yield Span(start + at, start + at + len(answer))


def _trimmed(text: str, span: Span) -> Span:
    words = text[span.start : span.end]
    left = len(words) - len(words.lstrip())
    return Span(span.start + left, span.start + max(len(words.rstrip()), left))


def _covering(source: Source, span: Span) -> list[int]:
    return [at for at, s in enumerate(source.sentences) if s.start < span.end and span.start < s.end]


_MADE: Final = frozenset(
    ("told-elsewhere", "told-office-miss", "told-count-miss", "told-sum-miss", "made-condition", "made-word")
)
"""Near misses that a reader can learn to tell by their wording alone, whatever the passage says."""


class ExampleMaker:
    """Makes one epoch of examples; the same `(seed, epoch)` gives the same list."""

    def __init__(
        self,
        sources: Sequence[Source],
        seed: int,
        *,
        wide: float = 0.0,
        made: float = 1.0,
        wrong: float = 0.0,
        news_times: int = 1,
        others: float = 1.0,
        even: bool = False,
    ) -> None:
        """Make examples from all cases of `sources`.

        The share `wide` of windows has four to seven sentences. Of the near misses that a template
        or a rule made, the share `made` is kept. So many questions as the share `wrong` says are
        paired with one more passage that does not answer them. Each question of the news of our own
        telling comes `news_times` an epoch, of those of the other sets only the share `others`.
        With `even`, near misses of our own that ask with one word, as "how many", come no oftener than
        answerable questions that ask with it, lest the word alone looks like a near miss.
        """
        self._sources = sources
        self._wide = wide
        self._made = made
        self._wrong = wrong
        self._seed = seed
        self._news_times = news_times
        self._others = others
        self._kept = _shares_kept(sources) if even else {}
        self._rankings: dict[tuple[str, int], NDArray[np.int64]] = {}

    def epoch(self, number: int) -> list[Example]:
        """Return the examples of one epoch in random order."""
        random = Random(f"{self._seed}-{number}")
        examples: list[Example] = []
        for source in self._sources:
            for at, case in enumerate(source.cases):
                for _ in range(self._times(source, case, random)):
                    if case.spans:
                        examples.extend(self._answerable(source, at, random))
                    elif case.paragraph is not None:
                        examples.extend(self._unanswerable(source, at, random))
            if random.random() < self._others:
                examples.extend(told_examples(source, random))
        if self._made < 1:
            examples = [e for e in examples if e.origin not in _MADE or random.random() < self._made]
        examples = [_as_members_type(example, random) for example in examples]
        random.shuffle(examples)
        return examples

    def _times(self, source: Source, case: Case, random: Random) -> int:
        if source.set_name == NEWS:
            kept = 1.0 if case.spans else self._kept.get(asking_word(case.question), 1.0)
            return self._news_times if kept >= 1 or random.random() < kept else 0
        return int(self._others >= 1 or random.random() < self._others)

    def _answerable(self, source: Source, at: int, random: Random) -> Iterator[Example]:
        case = source.cases[at]
        if source.set_name == "wikinews" and random.random() > 0.7:
            return  # a sentence there has a dozen questions: fewer of them an epoch
        positive = self._positive(source, case, random)
        if positive is None:
            return
        yield positive
        if self._wrong and random.random() < self._wrong:
            yield from self._wrong_passage(source, at, random)
            if random.random() < 1 / 3:
                yield from self._same_kind(source, at, random)
        draw = random.random()
        if draw < 0.36:
            made = near_miss(case.question, positive.passage, source.names, source.words, random)
            if made:
                yield Example(made[0], positive.passage, -1, -1, f"made-{made[1]}")
        elif draw < 0.6:
            yield from self._wrong_passage(source, at, random)
        elif draw < 0.74:
            yield from self._same_kind(source, at, random)
        elif draw < 0.77:
            yield from self._foreign(source, case, random)

    def _positive(self, source: Source, case: Case, random: Random) -> Example | None:
        span = case.spans[0]
        covering = _covering(source, span)
        if not covering:
            return None
        window = self._around(source, covering[0], covering[-1], random)
        passage = source.text[window.start : window.end]
        start = span.start - window.start
        end = min(span.end, window.end) - window.start
        return Example(case.question, passage, max(start, 0), end, "positive")

    def _around(self, source: Source, first: int, last: int, random: Random) -> Span:
        """Widen sentences `first`..`last` to a window of random size; neighbours before them are likelier."""
        size = random.choices(WINDOW_SIZES, WINDOW_WEIGHTS)[0]
        if self._wide and random.random() < self._wide:
            size = random.randint(4, 7)
        while last - first + 1 < size:
            before = random.random() < 0.65
            if before and first > 0:
                first -= 1
            elif last + 1 < len(source.sentences):
                last += 1
            elif first > 0:
                first -= 1
            else:
                break
        return source.window(first, last)

    def _unanswerable(self, source: Source, at: int, random: Random) -> Iterator[Example]:
        """Pair a near miss written for a paragraph with that paragraph's closest sentences."""
        case = source.cases[at]
        if case.paragraph is None:
            return
        inside = [i for i in self._ranked(source, at) if _overlap(source.sentences[i], case.paragraph)]
        inside.sort(key=lambda i: i not in case.tempting)  # those first, the others as they are ranked
        for rank in (0, min(1 + int(random.expovariate(0.7)), len(inside) - 1)):
            window = self._around(source, inside[rank], inside[rank], random)
            if rank == 0 or random.random() < 0.6:
                yield Example(case.question, source.text[window.start : window.end], -1, -1, "near")

    def _wrong_passage(self, source: Source, at: int, random: Random) -> Iterator[Example]:
        case = source.cases[at]
        wrong = [i for i in self._ranked(source, at)[:14] if i not in case.gold][:9]
        if wrong:
            chosen = wrong[min(int(random.expovariate(0.5)), len(wrong) - 1)]
            yield from self._without_answer(source, case, self._around(source, chosen, chosen, random), "retrieved")

    def _same_kind(self, source: Source, at: int, random: Random) -> Iterator[Example]:
        """Pair with a passage that answers another question of the same kind."""
        case = source.cases[at]
        others = [c for c in source.cases if c.kind == case.kind and c.gold and not set(c.gold) & set(case.gold)]
        if others and case.kind != "other":
            scores = source.ranking(at)
            picked = random.sample(others, min(4, len(others)))
            best = max(picked, key=lambda c: float(scores[c.gold[0]]))
            window = self._around(source, best.gold[0], best.gold[0], random)
            yield from self._without_answer(source, case, window, "kind")

    def _foreign(self, source: Source, case: Case, random: Random) -> Iterator[Example]:
        other = random.choice(self._sources)
        if other is not source:
            at = random.randrange(len(other.sentences))
            yield from self._without_answer(other, case, self._around(other, at, at, random), "foreign")

    def _without_answer(self, source: Source, case: Case, window: Span, origin: str) -> Iterator[Example]:
        passage = source.text[window.start : window.end]
        low = passage.lower()
        if not any(answer.lower() in low for answer in case.answers):
            yield Example(case.question, passage, -1, -1, origin)

    def _ranked(self, source: Source, at: int) -> NDArray[np.int64]:
        """Return the sentences of the story, best first (those of rank 40 and below only for paragraphs)."""
        key = (source.id, at)
        if key not in self._rankings:
            self._rankings[key] = np.argsort(-source.ranking(at), kind="stable")
        return self._rankings[key]


def _shares_kept(sources: Sequence[Source]) -> dict[str, float]:
    """Return, by asking word, answerable questions of our own news for each near miss."""
    cases = [case for source in sources if source.set_name == NEWS for case in source.cases]
    answerable = Counter(asking_word(case.question) for case in cases if case.spans)
    near = Counter(asking_word(case.question) for case in cases if not case.spans)
    return {word: answerable[word] / count for word, count in near.items()}


def _overlap(left: Span, right: Span) -> bool:
    return left.start < right.end and right.start < left.end


def told_examples(source: Source, random: Random) -> Iterator[Example]:
    """Ask simple questions of single sentences of the story."""
    for sentence in source.sentences:
        text = source.text[sentence.start : sentence.end]
        for question, start, end, origin in told(text, random):
            yield Example(question, text, start, end, origin)


_GREETINGS: Final = (
    "hi all, quick one.", "hey,", "Hello everyone!", "sorry if this was asked already.", "Just read the article.",
    "ok so", "quick question:", "Thanks for posting this.", "I have a question.", "yo", "um,", "interesting story!",
    "can someone tell me", "Good morning all. I skimmed the piece.", "does anyone know,", "so",
)  # fmt: skip
_TAILS: Final = ("thanks!", "thx", "please", "just curious", "anyone?", "lol", "cheers", "I couldn't find it.")


def _as_members_type(example: Example, random: Random) -> Example:
    """Let a quarter of the questions look typed in a chat."""
    question = example.question.strip()
    if random.random() < 0.25:
        if random.random() < 0.6:
            question = question.lower()
        if random.random() < 0.5:
            question = question.rstrip("? ")
        if random.random() < 0.3:
            question = _with_typo(question, random)
        if random.random() < 0.3:
            question = f"{random.choice(_GREETINGS)} {question}"
        if random.random() < 0.12:
            question = f"{question} {random.choice(_TAILS)}"
    return Example(question, example.passage, example.start, example.end, example.origin)


def _with_typo(text: str, random: Random) -> str:
    """Drop, double or swap one letter inside a word of five letters or more."""
    places = [match.start() + 1 for match in re.finditer(r"[a-z]{5,}", text)]
    if not places:
        return text
    at = random.choice(places) + random.randrange(3)
    change = random.choice(("drop", "double", "swap"))
    if change == "drop":
        return text[:at] + text[at + 1 :]
    if change == "double":
        return text[: at + 1] + text[at:]
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
