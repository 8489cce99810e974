"""PDF and Word files made for tests, whole ones and hostile ones."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

import docx
from pypdf import PdfWriter

if TYPE_CHECKING:
    from collections.abc import Callable

_DOCUMENT = "word/document.xml"


def pdf_with(*objects: bytes, catalog: bytes = b"<< /Type /Catalog /Pages 2 0 R >>") -> bytes:
    """Return a PDF file with a catalog and these objects, numbered from 2 on."""
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate((catalog, *objects), start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start, size = out.tell(), len(places) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start))
    return out.getvalue()


def page_of(stream: bytes, options: bytes = b"") -> tuple[bytes, ...]:
    """Return the objects of a PDF file of one page that this stream draws."""
    return (
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), options, stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )


def pdf_of(text: str, *, password: str | None = None) -> bytes:
    """Return a PDF file of one page with one line of text, written by hand."""
    plain = pdf_with(*page_of(f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()))
    if password is None:
        return plain
    writer = PdfWriter(clone_from=io.BytesIO(plain))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def docx_of(*paragraphs: str, title: str = "") -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.core_properties.title = title
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_with(xml: str | bytes) -> bytes:
    """Return a Word file whose text is this XML."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx_of("words"))) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts,
    ):
        for part in whole.infolist():
            parts.writestr(part.filename, xml if part.filename == _DOCUMENT else whole.read(part))
    return out.getvalue()


def word(inner: str, before: str = "") -> str:
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'<?xml version="1.0"?>{before}<w:document xmlns:w="{namespace}"><w:body>{inner}</w:body></w:document>'


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(_DOCUMENT, b"\0" * 150_000_000)
    return out.getvalue()


def lying_zip() -> bytes:
    """Return a Word file that says its text is of ten bytes, and is of 90 million."""
    content = bytearray(docx_with(word("<w:p><w:r><w:t>" + "a" * 90_000_000 + "</w:t></w:r></w:p>")))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as parts:
        size = parts.getinfo(_DOCUMENT).file_size.to_bytes(4, "little")
    return bytes(content).replace(size, (10).to_bytes(4, "little"))


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_FLATE = b"/Filter /FlateDecode"
_DEEP = 100_000

PDFS: dict[str, Callable[[], bytes]] = {
    "a stream that unpacks to hundreds of megabytes": lambda: pdf_with(
        *page_of(zlib.compress(b"\0" * 400_000_000, 9), _FLATE)
    ),
    "packed three times over": lambda: pdf_with(
        *page_of(
            zlib.compress(zlib.compress(zlib.compress(b"\0" * 60_000_000))),
            b"/Filter [/FlateDecode /FlateDecode /FlateDecode]",
        )
    ),
    "pages that hold themselves": lambda: pdf_with(b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"),
    "a billion pages": lambda: pdf_with(b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>", b"<< /Type /Page >>"),
    "arrays nested without end": lambda: pdf_with(
        b"<< /Type /Pages /Kids " + b"[" * _DEEP + b"]" * _DEEP + b" /Count 1 >>"
    ),
    "dictionaries nested without end": lambda: pdf_with(b"<< /A " * _DEEP + b">> " * _DEEP),
    "a stream that is longer than the file": lambda: pdf_with(*page_of(b"BT ET", b"/Length 99999999999")),
    "text nested without end": lambda: pdf_with(*page_of(b"q " * 1_000_000 + b"BT " * 100_000)),
    "a reference to itself": lambda: pdf_with(b"2 0 R"),
    "no trailer": lambda: pdf_of("words").partition(b"trailer")[0],
    "a wrong table of places": lambda: pdf_of("words").replace(b"00000 n", b"65535 f"),
}
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "a bomb": zip_bomb,
    "a zip that lies about its size": lying_zip,
    "a billion laughs": lambda: docx_with(
        word("<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>')
    ),
    "a file of the system": lambda: docx_with(
        word("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    ),
    "tables nested without end": lambda: docx_with(
        word("<w:tbl><w:tr><w:tc>" * 50_000 + "</w:tc></w:tr></w:tbl>" * 50_000)
    ),
    "many empty paragraphs": lambda: docx_with(word("<w:p/>" * 100_000)),
    "no XML": lambda: docx_with(bytes(range(256)) * 100),
    "another root": lambda: docx_with("<html><body><p>words</p></body></html>"),
    "no body": lambda: docx_with(word("").replace("<w:body></w:body>", "")),
    "no document": lambda: docx_of("words").replace(b"word/document.xml", b"word/documenu.xml"),
    "wrong sums": lambda: docx_of("words")[:200] + b"\xff" * 300 + docx_of("words")[500:],
}
