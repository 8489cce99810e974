"""What the bot says on Discord, as Markdown; knows no discord.

Whatever comes from a story, a question or a model is escaped, so that it is shown and not
interpreted. Every text is made to fit Discord's limits here, by leaving out whole quotes: nothing
is ever cut inside a word or a quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import AskError, InexactQuoteError, StorydeskError
from index.errors import StoryError
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.answer import Quote, Reply
    from index.story import Story

TEXT_LIMIT = 4000
"""Characters that all text of one Components V2 message may have together."""

_RESERVE = 600  # characters for the lines around the quotes
_TITLE_CHARACTERS = 90
_URL_CHARACTERS = 500
_CERTAIN, _LIKELY = 0.8, 0.6
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|`*~\\]+")
_MARKS = re.compile(
    r"[\\*_~`|<\[\]]"  # what has a meaning anywhere
    r"|(?:^|(?<=[\n\r\u2028\u2029]))[^\S\n\r\u2028\u2029]*(?:[>#+-]|\d+(?=\.\s))",  # where a line begins
)
_LINE_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")


def escape(text: str) -> str:
    """Return `text` so that Discord shows it as it is; web addresses stay whole."""
    parts: list[str] = []
    at = 0
    for address in _ADDRESS.finditer(text):
        parts += [_MARKS.sub(_escaped, text[at : address.start()]), address.group()]
        at = address.end()
    return "".join([*parts, _MARKS.sub(_escaped, text[at:])])


def _escaped(mark: re.Match[str]) -> str:
    """Put a backslash before a mark, or behind the number of what would be a list item."""
    found = mark.group()
    return f"{found}\\" if found[-1].isdigit() else f"{found[:-1]}\\{found[-1]}"


def quoted(quote: Quote, story: Story) -> str:
    """Return a quote as a Markdown block quote, with its answering words in bold.

    Raises:
        InexactQuoteError: the quote is not byte for byte in the story.
    """
    if story.id != quote.story_id or story.text(quote.span) != quote.text:
        message = f"Quote {quote.span} is not the text of story {quote.story_id}."
        raise InexactQuoteError(message)
    parts: list[str] = []
    at = quote.span.start
    for span in _bold(quote):
        words = story.text(span)
        # Marks beside white space are shown as asterisks and could part a line break in two.
        marks = "**" if words == words.strip() else ""
        parts += [escape(story.body[at : span.start]), f"{marks}{escape(words)}{marks}"]
        at = span.end
    parts.append(escape(story.body[at : quote.span.end]))
    return "> " + _LINE_BREAK.sub("\n> ", "".join(parts))


def _bold(quote: Quote) -> list[Span]:
    """Return the words to set in bold: apart from each other, and none in a web address, which marks would break."""
    offset = quote.span.start
    addresses = [Span(*match.span()).shifted(offset) for match in _ADDRESS.finditer(quote.text)]
    kept: list[Span] = []
    for span in sorted(quote.bold):
        if any(span.overlap(address) for address in addresses):
            continue
        if kept and span.start <= kept[-1].end:
            kept[-1] = Span(kept[-1].start, max(kept[-1].end, span.end))
        else:
            kept.append(span)
    return kept


def place(quote: Quote, story: Story) -> str:
    """Return where a quote stands: paragraph, title, and the link where the story has one."""
    return f"-# ¶ {quote.paragraph} · {linked_title(story)}"


def linked_title(story: Story) -> str:
    """Return the title, shortened between words, as a link where the story has an address."""
    title = escape(shortened(story.title, _TITLE_CHARACTERS))
    is_linkable = story.url and len(story.url) <= _URL_CHARACTERS and re.fullmatch(r"https?://[^\s()<>]+", story.url)
    if is_linkable and not _ADDRESS.search(story.title):  # Discord links no text that holds an address
        return f"[{title}]({story.url})"
    return title


def shortened(text: str, limit: int) -> str:
    """Return `text` on one line, cut between words and marked where it is over `limit` characters."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1].rsplit(" ", 1)[0]
    return f"{cut}…"


def certainty(confidence: float) -> str:
    """Return how sure an answer is, in words."""
    if confidence >= _CERTAIN:
        return "very likely the answer"
    return "probably the answer" if confidence >= _LIKELY else "possibly the answer"


def reply_texts(reply: Reply, story: Story, suggestions: Sequence[str] = ()) -> list[str]:
    """Return the parts of a reply, in their order, together under Discord's limit.

    `suggestions` are questions that the story answers, for a member whose own is about something else.

    Raises:
        InexactQuoteError: a quote is not byte for byte in the story.
    """
    if reply.verdict == "silent":
        line = f"{linked_title(story)} says nothing about that. I answer questions about this story only."
        return [line, _tries(suggestions)] if suggestions else [line]
    if reply.verdict == "closest":
        return ["I find no answer to this in the story. The closest passages are:", *_quotes(reply.quotes, story)]
    return [*_quotes(reply.quotes, story), f"-# {certainty(reply.confidence)}"]


def passages_texts(heading: str, quotes: Sequence[Quote], story: Story, *, scores: bool) -> list[str]:
    """Return a heading and as many of the passages as fit, with their scores where wanted.

    Raises:
        InexactQuoteError: a passage is not byte for byte in the story.
    """
    return [heading, *_quotes(quotes, story, scores=scores)]


def _quotes(quotes: Iterable[Quote], story: Story, *, scores: bool = False) -> list[str]:
    texts: list[str] = []
    room = TEXT_LIMIT - _RESERVE
    for quote in quotes:
        score = f" · score {quote.score:.2f}" if scores else ""
        text = f"{quoted(quote, story)}\n{place(quote, story)}{score}"
        room -= len(text)
        if room < 0 and texts:
            break
        texts.append(text)
    return texts


def welcome_texts(story: Story, suggestions: Sequence[str]) -> list[str]:
    """Return the bot's greeting: what it does, how to ask, and questions to try."""
    how = (
        "I answer with the story's own words and say so when the story does not. "
        "Use `/ask`, mention me, reply to me, or write me a direct message. `/lookup` shows the closest passages. "
        "In the Apps menu of a message, “Ask about this message” asks what it says."
    )
    texts = [f"### Ask me about: {linked_title(story)}", how]
    return [*texts, _tries(suggestions)] if suggestions else texts


def _tries(suggestions: Sequence[str]) -> str:
    return "\n".join(["Try:", *(f"- {escape(question)}" for question in suggestions)])


LOADING = "One moment: I am still loading the story. Your answer comes as soon as I am done."
NO_QUESTION = "I see no question in that. Write it after mentioning me, or use `/ask`."


def apology(error: BaseException, code: str) -> str:
    """Return one honest line about an error; `code` finds it in the log where it is ours."""
    if isinstance(error, AskError):
        return escape(str(error))
    if isinstance(error, InexactQuoteError) or not isinstance(error, (StorydeskError, StoryError)):
        return f"Something went wrong on my side, not on yours. Whoever runs me finds it in the log under `{code}`."
    return f"I cannot answer at the moment: {escape(str(error))} (`{code}`)"
