"""The lines of `name: value` between two rules at the top of a Markdown file.

It is YAML, of which only the events are read: values are the text that stands there, so nothing in it
can grow (aliases), nest without end (collections are skipped) or become something other than text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.errors import UnreadableStoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_CHARACTERS = 20_000
_DEEPEST = 20  # collections in each other; the time that parsing takes grows with the square
_RULE = re.compile(r"^-{3,}[^\S\n]*$", re.MULTILINE)
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return what front matter says, by name, and the text below it; nothing and all of the text where there is none.

    Raises:
        UnreadableStoryError: it is too long or not valid YAML, or has aliases.
    """
    opening = _RULE.match(text)
    closing = _RULE.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return {}, text
    import yaml

    source = text[opening.end() : closing.start()]
    if len(source) > _MOST_CHARACTERS:
        if not re.search(r"^\w+:\s", source, re.MULTILINE):
            return {}, text  # two rules far apart, with a story between them
        message = f"The front matter has {len(source):,} characters; at most {_MOST_CHARACTERS:,} are read."
        size, limit = f"{len(source):,}", f"{_MOST_CHARACTERS:,}"
        raise UnreadableStoryError(message, reason="front-matter-long", characters=size, limit=limit)
    try:
        said = dict(_pairs(source))
    except (yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())[:300]
        message = f"The front matter is not valid YAML: {told}"
        if mark := getattr(
            error, "problem_mark", None
        ):  # its line 0 is what follows the rule, in the file's first line
            raise UnreadableStoryError(message, reason="front-matter-line", line=mark.line + 1) from None
        raise UnreadableStoryError(message, reason="front-matter") from None
    # A rule at the top of the text looks like front matter, but names nothing.
    return (said, text[closing.end() :]) if said else ({}, text)


def _pairs(source: str) -> Iterator[tuple[str, str]]:
    """Yield the names of the uppermost mapping that have text for a value, each with it; all of `source` is parsed."""
    import yaml

    depth = 0
    names = False  # whether the outermost collection is a mapping
    name: str | None = None
    for event in yaml.parse(source, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            message = "anchors and aliases are not read"
            raise yaml.YAMLError(message)
        if isinstance(event, yaml.CollectionStartEvent):
            names = isinstance(event, yaml.MappingStartEvent) if depth == 0 else names
            depth += 1
            if depth > _DEEPEST:
                message = "it is nested too deeply"
                raise yaml.YAMLError(message)
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if depth != 1 or not names:
            continue
        # A key or a value of the mapping is over.
        value = event.value.strip() if isinstance(event, yaml.ScalarEvent) else ""
        if name is None:
            name = value
            continue
        if name and value and not (getattr(event, "style", None) is None and value in _NOTHING):
            yield name, value
        name = None
