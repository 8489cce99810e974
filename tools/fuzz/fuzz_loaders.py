"""Give the loaders bytes that libFuzzer thinks of: whatever they do but return a story or raise a LoadError is a bug."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["index", "yaml", "markdown_it", "pypdf", "docx", "trafilatura"]):
    import docx  # noqa: F401 - loaded here to be instrumented, as the following
    import markdown_it  # noqa: F401
    import pypdf  # noqa: F401
    import trafilatura  # noqa: F401
    import yaml  # noqa: F401

    from index.errors import LoadError
    from index.load import read_story

NAMES = ("x.html", "x.md", "x.txt", "x.pdf", "x.docx")


def read_one(content: bytes) -> None:
    """Read a file of the kind that its first byte names, as a page or as a file."""
    if not content:
        return
    kind = content[0]
    name = NAMES[kind % len(NAMES)]
    url = "https://a.b/c" if kind >= 128 else None
    try:
        story = read_story(content[1:], name, url=url, charset="iso-8859-1" if kind % 3 == 0 else None)
    except LoadError:
        return
    assert story.title.strip()
    assert story.paragraphs


if __name__ == "__main__":
    logging.disable()
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
