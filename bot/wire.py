"""Replies as the JSON objects that `storydesk … --json` prints: a contract that other tools rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.answer import Quote, Reply


def reply_object(reply: Reply, elapsed_ms: float) -> dict[str, Any]:
    """Return what `storydesk ask --json` prints; offsets count characters of the story's body."""
    return {
        "question": reply.question,
        "verdict": reply.verdict,
        "confidence": round(reply.confidence, 4),
        "short": reply.short,
        "quotes": [quote_object(quote) for quote in reply.quotes],
        "elapsed_ms": round(elapsed_ms, 1),
    }


def quote_object(quote: Quote) -> dict[str, Any]:
    """Return a quote with its place."""
    return {
        "story": quote.story_id,
        "start": quote.span.start,
        "end": quote.span.end,
        "text": quote.text,
        "paragraph": quote.paragraph,
        "score": round(quote.score, 4),
        "bold": [[span.start, span.end] for span in quote.bold],
    }


def hit_object(quote: Quote) -> dict[str, Any]:
    """Return a place in the final ranking, as predictions list them."""
    return {name: value for name, value in quote_object(quote).items() if name not in ("paragraph", "bold")}
