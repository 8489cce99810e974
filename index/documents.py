"""Stories in PDF and Word files. Reading such a file may take long and much memory: do it in a child process."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from index.about import About, about, title_of
from index.errors import EmptyStoryError, UnreadableStoryError
from index.story import Story

_MOST_PAGES = 500
_MOST_UNPACKED = 100_000_000  # bytes of a Word file's parts
_HYPHENATED = re.compile(r"(?<=\w)[-\u00ad\u2010]\n(?=[a-zà-ÿ])")
_PAGE_NUMBER = re.compile(r"\n\s*(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?\s*$", re.IGNORECASE)


def from_pdf(content: bytes, *, fallback_title: str) -> Story:
    """Return the story of a PDF file that has text; words parted at line ends are joined.

    Raises:
        UnreadableStoryError: it is damaged, has a password, or too many pages.
        EmptyStoryError: it has no text, as a scan has none.
    """
    from pypdf.errors import PyPdfError

    try:
        pages, title, known = _pdf_pages(content)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError) as error:
        kind = type(error).__name__
        message = f"The PDF file is damaged and cannot be read ({kind})."
        raise UnreadableStoryError(message, reason="pdf-damaged", kind=kind) from None
    body = _HYPHENATED.sub("", "\n".join(pages)).replace("\u00ad", "")
    body = "".join(character for character in body if character in "\n\t" or character.isprintable())
    if not any(map(str.isalnum, body)):
        message = "The PDF file has no text; it may be a scan. Save the article's text as .txt and give that."
        raise EmptyStoryError(message, reason="pdf-no-text")
    return Story(body, title_of(title, fallback_title), **known)


def from_docx(content: bytes, *, fallback_title: str) -> Story:
    """Return the story of a Word file: its paragraphs and the cells of its tables, in their order.

    Raises:
        UnreadableStoryError: it is damaged, or unpacks to too much.
        EmptyStoryError: it has no text.
    """
    try:
        blocks, title, known = _docx_blocks(content)
    except UnreadableStoryError:
        raise
    except Exception as error:  # noqa: BLE001 - python-docx lets through whatever lxml and zipfile raise
        kind = type(error).__name__
        message = f"The Word file is damaged and cannot be read ({kind})."
        raise UnreadableStoryError(message, reason="word-damaged", kind=kind) from None
    body = "\n\n".join(block for block in blocks if block.strip())
    if not any(map(str.isalnum, body)):
        message = "The Word file has no text."
        raise EmptyStoryError(message, reason="word-no-text")
    return Story(body, title_of(title, fallback_title), **known)


def _pdf_pages(content: bytes) -> tuple[list[str], object, About]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        message = "The PDF file has a password; save it without one."
        raise UnreadableStoryError(message, reason="pdf-locked")
    if len(reader.pages) > _MOST_PAGES:
        pages = len(reader.pages)
        message = f"The PDF file has {pages} pages; at most {_MOST_PAGES} are read."
        raise UnreadableStoryError(message, reason="pdf-pages", pages=pages, limit=_MOST_PAGES)
    texts = [_PAGE_NUMBER.sub("", page.extract_text() or "") for page in reader.pages]
    told = reader.metadata
    return (texts, told.title, about(author=told.author)) if told else (texts, None, About())


def _docx_blocks(content: bytes) -> tuple[list[str], object, About]:
    import docx

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MOST_UNPACKED:
            message = "The Word file unpacks to too much; save the article's text as .txt and give that."
            raise UnreadableStoryError(message, reason="word-unpacked")
    document: Any = docx.Document(io.BytesIO(content))
    told = document.core_properties
    author = None if told.author == "python-docx" else told.author  # a program that nobody told who writes
    return [_docx_text(block) for block in document.iter_inner_content()], told.title, about(author=author)


def _docx_text(block: Any) -> str:  # noqa: ANN401 - python-docx has no common type for paragraphs and tables
    if hasattr(block, "rows"):
        return "\n".join(" · ".join(cell.text for cell in row.cells) for row in block.rows)
    return str(block.text)
