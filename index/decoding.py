"""The text of a file's bytes.

Decoding is decided by rules that can be told in one line (byte order mark, UTF-16 by its zero bytes, what the
server declares, valid UTF-8, what the page declares, else Windows-1252), since statistical detectors guess wrong
on short stories.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from index.errors import BinaryStoryError
from index.settings import FILE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSUPPORTED = {
    b"%PDF": ("a PDF", "PDF"), b"PK\x03\x04": ("a Word or ZIP file", "DOCX, ZIP"),
    b"\x89PNG": ("a picture", "PNG"), b"\xff\xd8\xff": ("a picture", "JPEG"), b"GIF8": ("a picture", "GIF"),
    b"\xd0\xcf\x11\xe0": ("an old Word file", "DOC"), b"\x1f\x8b": ("a compressed file", "GZIP"),
}  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"<meta[^>]+charset=[\"']?([\w.:-]+)", re.IGNORECASE)
# Browsers read a label as the larger set of characters that pages which declare it really use, Latin-1 as
# Windows-1252 for its curly quotes above all (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
# No others: Python has codecs that take hours (punycode, idna) or are no encodings of text (unicode_escape).
_KNOWN = frozenset(
    "utf-8 utf-16 utf-16-le utf-16-be cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 cp932 "
    "cp949 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 "
    "iso8859-15 iso8859-16 koi8-r koi8-u mac-roman mac-cyrillic gb18030 big5hkscs euc_jp iso2022_jp".split()
)


def decode(content: bytes, charset: str | None = None) -> str:
    """Return the text of a file, without its byte order mark; `charset` is what a server said of it.

    Raises:
        BinaryStoryError: the bytes are no text in any encoding that is looked for.
    """
    for magic, (kind, name) in _UNSUPPORTED.items():
        if content.startswith(magic):
            message = f"The file is {kind}, not text. Give a {FILE_KINDS} file."
            raise BinaryStoryError(message, reason="other-format", format=name)
    for encoding, skip in _encodings(content, charset):
        try:
            return content[skip:].decode(encoding)
        except UnicodeError:
            continue
    message = "The file is not text in UTF-8, UTF-16 or Windows-1252. Save it as UTF-8 and try again."
    raise BinaryStoryError(message, reason="encoding")


def _encodings(content: bytes, charset: str | None) -> Iterator[tuple[str, int]]:
    """Yield encodings to try, each with how many bytes of a byte order mark to leave out."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            yield encoding, len(mark)
            return
    served = _meant(charset or "")
    zeros = content[:4096].count(0)
    if zeros:
        if served is not None and served.startswith("utf-16"):
            yield served, 0
        yield from _utf16_by_zeros(content[:4096], zeros)
        return
    # Servers say Latin-1 of whatever they serve unless told otherwise; of other encodings they know.
    if served is not None and served != "cp1252":
        yield served, 0
    yield "utf-8", 0
    if served is not None:
        yield served, 0
    if declared := _DECLARED.search(content[:2048]):
        named = _meant(declared.group(1).decode("ascii", "replace"))
        if named is not None:
            yield named, 0
    yield "cp1252", 0


def _meant(label: str) -> str | None:
    """Return the encoding that browsers take for a label; None for one that pages never have."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    name = _MEANS.get(name, name)
    return name if name in _KNOWN else None


def _utf16_by_zeros(sample: bytes, zeros: int) -> Iterator[tuple[str, int]]:
    """Yield a UTF-16 encoding where the zero bytes stand nearly all on one side of the pairs."""
    if zeros < len(sample) // 4:
        return
    odd = sample[1::2].count(0) / zeros
    if odd > 0.95:  # noqa: PLR2004 - nearly all; a few characters over U+00FF change nothing
        yield "utf-16-le", 0
    elif odd < 0.05:  # noqa: PLR2004 - as above, for the other byte order
        yield "utf-16-be", 0
