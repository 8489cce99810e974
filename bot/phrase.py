"""What the bot says on Discord, as Markdown; knows no discord.

Whatever comes from a story, a question or a model is escaped. Every text is made to fit Discord's
limits here, by leaving out whole quotes: nothing is ever cut inside a word or a quote.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.causes import Cause, cause_of
from bot.errors import AskError, InexactQuoteError, RefusedStoryError, StorageError, StorydeskError
from bot.fragment import in_markdown, link_to
from bot.language import ENGLISH, Phrases
from bot.markdown import ADDRESS, block_quote, escape, shortened
from index.dates import day_of
from index.errors import StoryError
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answer import Answer, Quote, Reply
    from bot.claim import Mention
    from bot.store.records import StoryRecord
    from index.story import Story

TEXT_LIMIT = 4000
"""Characters that all text of one Components V2 message may have together."""

ROOM = TEXT_LIMIT - 900
"""Characters for quotes and rows of lists, beside the lines around them."""

TITLE_CHARACTERS = 90
QUESTION_CHARACTERS = 180
_URL_CHARACTERS = 500
_DATE_CHARACTERS = 40
_PAGE = 5  # passages
_CERTAIN, _LIKELY = 0.8, 0.6


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
    return block_quote("".join(parts))


def _bold(quote: Quote) -> list[Span]:
    """Return the words to set in bold: apart from each other, and none in a web address, which marks would break."""
    offset = quote.span.start
    addresses = [Span(*match.span()).shifted(offset) for match in ADDRESS.finditer(quote.text)]
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
    return f"-# ¶ {quote.paragraph} · {linked_title(story, quote.span)}"


def linked_title(story: Story, span: Span | None = None) -> str:
    """Return the title, shortened between words, as a link where the story has an address; to `span` if given."""
    name = story.name or story.title
    title = escape(shortened(name, TITLE_CHARACTERS))
    url = story.url or ""
    if _is_linkable(url) and not ADDRESS.search(name):  # Discord links no text that holds an address
        return f"[{title}]({link_to(url, story.body, span, title=story.title) if span else in_markdown(url)})"
    return title


def _is_linkable(url: str) -> bool:
    return len(url) <= _URL_CHARACTERS and re.fullmatch(r"https?://[^\s<>]+", url) is not None


def certainty(confidence: float, say: Phrases = ENGLISH) -> str:
    """Return how sure an answer is, in words."""
    if confidence >= _CERTAIN:
        return say("very-likely")
    return say("probably") if confidence >= _LIKELY else say("possibly")


def reply_texts(
    reply: Reply,
    story: Story,
    suggestions: Sequence[str] = (),
    say: Phrases = ENGLISH,
    *,
    asked_of: int = 1,
    rivals: Sequence[tuple[Answer, Story]] = (),
) -> list[str]:
    """Return the parts of a reply, in their order, together under Discord's limit.

    `suggestions` are questions that the story answers, for a member whose own is about something else;
    `rivals` the answers of other stories that contradict this one, which are shown beside it, the newest first.

    Raises:
        InexactQuoteError: a quote is not byte for byte in the story.
    """
    if reply.verdict == "silent":
        line = say("silent", title=linked_title(story)) if asked_of == 1 else say("silent-all", count=asked_of)
        return [line, _tries(suggestions, say)] if suggestions else [line]
    if rivals:
        told = sorted([(reply, story), *rivals], key=lambda pair: day_of(pair[1].published), reverse=True)
        texts = [_with_place(answer.quotes[0], said, date=say) for answer, said in told]
        return [say("stories-differ"), *texts[: _fitting(texts)], f"-# {certainty(reply.confidence, say)}"]
    texts = [_with_place(quote, story) for quote in reply.quotes]
    shown = texts[: _fitting(texts)]
    if reply.verdict == "closest":
        return [say("closest"), *shown]
    return [*shown, f"-# {certainty(reply.confidence, say)}"]


def fitted(reply: Reply, story: Story) -> Reply:
    """Return a reply with as many quotes as fit into a message; those that do not come first among its further ones.

    Raises:
        InexactQuoteError: a quote is not byte for byte in the story.
    """
    shown = _fitting([_with_place(quote, story) for quote in reply.quotes])
    left = tuple(quote.number for quote in reply.quotes[shown:])
    return replace(reply, quotes=reply.quotes[:shown], further=(*left, *reply.further)) if left else reply


def question_text(question: str) -> str:
    """Return a question as a small line above its reply, where Discord does not show it."""
    return f"-# {escape(shortened(question, QUESTION_CHARACTERS))}"


def understood_text(question: str, say: Phrases = ENGLISH) -> str:
    """Return how a follow-up question was understood."""
    return f"-# {say('understood', question=escape(shortened(question, QUESTION_CHARACTERS)))}"


def passages_page(
    heading: str,
    quotes: Sequence[Quote],
    story: Story,
    page: int = 0,
    *,
    scores: bool = False,
    say: Phrases = ENGLISH,
) -> tuple[list[str], int]:
    """Return one page of passages, and how many pages there are; a page that does not exist is the last one.

    Raises:
        InexactQuoteError: a passage is not byte for byte in the story.
    """
    pages: list[list[str]] = []
    rest = list(quotes)
    while rest or not pages:
        texts = [_with_place(quote, story, score=say if scores else None) for quote in rest[:_PAGE]]
        pages.append(texts[: _fitting(texts)])
        rest = rest[len(pages[-1]) :] if pages[-1] else []
    shown = min(page, len(pages) - 1)
    foot = [f"-# {say('page', page=shown + 1, pages=len(pages))}"] if len(pages) > 1 else []
    return [heading, *pages[shown], *foot], len(pages)


def lookup_heading(query: str, say: Phrases = ENGLISH) -> str:
    """Return what stands above the passages closest to a query."""
    return say("closest-to", query=escape(shortened(query, 150)))


def context_texts(quote: Quote, story: Story, say: Phrases = ENGLISH) -> list[str]:
    """Return a quote's paragraph with the quote in bold.

    Raises:
        InexactQuoteError: it is not byte for byte in the story.
    """
    return [say("in-context"), _with_place(quote, story)]


def mention_texts(claim: str, mention: Mention, story: Story, say: Phrases = ENGLISH) -> list[str]:
    """Return a claim and, below it, what the story says of the same; never whether either is true.

    Raises:
        InexactQuoteError: a quote is not byte for byte in the story.
    """
    said = block_quote(escape(shortened(claim, QUESTION_CHARACTERS)))
    heading = say("found") if mention.is_found else say("not-mentioned")
    texts = [_with_place(quote, story) for quote in mention.quotes]
    return [f"{say('claimed')}\n{said}", heading, *texts[: _fitting(texts)]]


def _with_place(quote: Quote, story: Story, *, score: Phrases | None = None, date: Phrases | None = None) -> str:
    note = f" · {score('score', score=f'{quote.score:.2f}')}" if score else ""
    if date:
        note += f" · {escape(shortened(story.published, _DATE_CHARACTERS)) if story.published else date('undated')}"
    return f"{quoted(quote, story)}\n{place(quote, story)}{note}"


def _fitting(texts: Sequence[str]) -> int:
    """Return how many texts, at least one where there are any, fit into a message."""
    room = ROOM
    for count, text in enumerate(texts):
        room -= len(text)
        if room < 0:
            return max(1, count)
    return len(texts)


def welcome_texts(story: Story, suggestions: Sequence[str], say: Phrases = ENGLISH) -> list[str]:
    """Return the bot's greeting: what it does, how to ask, and questions to try."""
    texts = [f"### {say('ask-me-about', title=linked_title(story))}", say("how")]
    return [*texts, _tries(suggestions, say)] if suggestions else texts


def _tries(suggestions: Sequence[str], say: Phrases) -> str:
    return "\n".join([say("try"), *(f"- {escape(question)}" for question in suggestions)])


def story_name(record: StoryRecord) -> str:
    """Return a story's name as it is shown within a sentence."""
    return f"“{escape(shortened(record.name, TITLE_CHARACTERS))}”"


def address(url: str) -> str:
    """Return an address that is shown within a sentence, without a preview of its page; a long one in part."""
    if _is_linkable(url):
        return f"<{url}>"
    return escape(shortened(url.partition("://")[2] or url, TITLE_CHARACTERS))


def story_texts(record: StoryRecord, say: Phrases = ENGLISH, *, author: str | None = None) -> list[str]:
    """Return what is known about a story."""
    told = (author, record.source, record.published)
    known = [escape(shortened(value, TITLE_CHARACTERS)) for value in told if value]
    size = say("story-card", paragraphs=record.paragraphs, characters=f"{record.characters:,}", added=record.added_at)
    shared = [say("story-shared")] if record.guild_id is None else []
    by = [f"<@{record.member_id}>"] if record.member_id else []
    details = [" · ".join(known)] if known else []
    where = [f"<{record.url}>"] if record.url and _is_linkable(record.url) else []  # in which nothing is interpreted
    return [
        f"### {escape(shortened(record.name, TITLE_CHARACTERS))}",
        "\n".join([*details, *where, " · ".join([size, *by, *shared])]),
    ]


def apology(error: BaseException, code: str, say: Phrases = ENGLISH) -> str:
    """Return one honest line about an error; `code` finds it in the log where it is ours.

    What is wrong with the operator's set-up, and where on that machine a file lies, stands in the log only.
    """
    if isinstance(error, RefusedStoryError):
        return say(error.key, cause=cause_text(cause_of(error), str(error), say))
    if isinstance(error, AskError):
        return say(error.key, **error.values)
    if isinstance(error, StorageError):
        return say("no-database", code=code)
    if isinstance(error, InexactQuoteError) or not isinstance(error, (StorydeskError, StoryError)):
        return say("bug", code=code)
    return say("cannot", code=code)


def cause_text(cause: Cause | None, otherwise: str, say: Phrases = ENGLISH) -> str:
    """Return why something failed, in the member's language; `otherwise` where no phrase says it.

    A cause may have been kept by a version that said it with other values.
    """
    if cause is not None:
        with contextlib.suppress(KeyError):
            return say(cause.key, **{name: escape(str(value)) for name, value in cause.values.items()})
    return escape(otherwise)
