"""A web page as a tree, and what of it is not its story: banners, boxes, labels, layout.

Content extraction judges by text and links; what sites say themselves in class names and roles it mostly
leaves aside. That is done here, before it: boxes are taken out, layout tables and line breaks become blocks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKS = "self::" + " or self::".join("p li h1 h2 h3 h4 h5 h6 blockquote pre td th dt dd figcaption".split())
_FURNITURE = "//head|//script|//style|//nav|//header|//footer|//aside|//form|//noscript|//template|//button"
_UNREAD = "//script|//style|//noscript|//template|//iframe|//svg"
_IS_HIDDEN = "@hidden or @aria-hidden='true' or contains(translate(@style, ' ', ''), 'display:none')"
_HIDDEN = f"{_UNREAD}|//head|//*[{_IS_HIDDEN}]"
_PARTS = "[-_\\s]"
_BANNER = re.compile(
    rf"(?:^|{_PARTS})(?:cookies?|consent|onetrust\w*|gdpr|cmp|didomi\w*|usercentrics\w*|sp_message\w*|cli)(?:$|{_PARTS})",
    re.IGNORECASE,
)
_BOX = re.compile(
    rf"(?:^|{_PARTS})(?:ads?|adslot|advert\w*|anzeige|werbung|publicite|publicidad\w*|taboola|outbrain|"
    r"newsletters?|infolettre|related\w*|relatedposts|recirc\w*|most-?(?:read|popular|viewed)|more-?(?:on|from)|"
    r"read-(?:more|next)|you-may-like|a-lire-aussi|leia-(?:mais|tambem)|te-puede-interesar|lee-tambien|weitere|"
    r"mehr-zum-thema|key-events|load-more|share\w*|sharing|social|redes|comments?|respond|bio|bylines?|autor|"
    r"author(?:s|box|info)?|signature|firma|assinatura|dateline|breadcrumbs?|tags?|tagged|promo\w*|skip-link|"
    rf"screen-reader-text|caption|legende|bildunterschrift|credit)(?:$|{_PARTS})",
    re.IGNORECASE,
)
_BOX_ROLES = frozenset(("alertdialog", "dialog", "navigation", "complementary", "search", "contentinfo"))
_NEVER_BOXES = frozenset(("html", "body", "main", "article", "h1"))
# Of the page's text; a “box” with more in it is the story, however its classes are called.
_MOST_OF_PAGE, _NEARLY_ALL = 0.35, 0.9
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>")
# What lxml gives from a page and does not take back into its tree: control characters and halves of others.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x0*([0-9a-f]{1,8})|0*([0-9]{1,9}))(?![0-9a-f]);?", re.IGNORECASE)
_LAST_CHARACTER = 0x10FFFF
_LIVE = re.compile(r"LiveBlogPosting|class=[\"'][^\"']*live-?blog", re.IGNORECASE)
_LONG_CELL = 300  # characters, in a cell that is no figure of a table but a column of a page


def tree_of(text: str) -> Any | None:  # noqa: ANN401 - lxml ships no types
    """Return the tree of a page, or None where there is none."""
    from lxml import html as lxml_html

    fit = _REFERENCE.sub(_fit, _UNFIT.sub("", _DECLARATION.sub("", text, count=1)))
    try:
        return lxml_html.document_fromstring(fit)
    except (ValueError, lxml_html.etree.ParserError):
        return None


def _fit(reference: re.Match[str]) -> str:
    """Return a character reference, or nothing for one to a character that a tree does not take."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    is_fit = number <= _LAST_CHARACTER and not _UNFIT.match(chr(number))
    return reference[0] if is_fit else ""


def language_of(root: Any) -> str | None:  # noqa: ANN401 - as above
    """Return what language a page says that it is in."""
    found = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    return str(found) if found else None


def author_of(root: Any, found: str) -> str:  # noqa: ANN401 - as above
    """Return the authors that were found as the page itself writes them, with the dots of initials."""
    for named in root.xpath("//meta[translate(@name, 'AUTHOR', 'author')='author']/@content"):
        if re.findall(r"\w+", named.casefold()) == re.findall(r"\w+", found.casefold()):
            return " ".join(str(named).split())
    return found


def visible_lines(root: Any, *, furniture: bool = True) -> list[str]:  # noqa: ANN401 - as above
    """Return the lines of a page that a reader sees, with or without what its tags say is furniture."""
    unread = {
        id(part) for found in root.xpath(_HIDDEN if furniture else f"{_HIDDEN}|{_FURNITURE}") for part in found.iter()
    }
    shown = (block for block in root.xpath("//body//*[text()[normalize-space()]]") if block not in unread)
    return [line for block in shown if (line := " ".join(str(block.text_content()).split()))]


def blocks(root: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Yield the text of a page's blocks, for pages too short for content extraction; changes the tree."""
    for unwanted in root.xpath(_FURNITURE):
        _drop(unwanted)
    for block in root.xpath(f"//*[{_BLOCKS}][not(.//*[{_BLOCKS}])]") or [root]:
        if line := " ".join(str(block.text_content()).split()):
            yield line


def clean(root: Any) -> None:  # noqa: ANN401 - as above
    """Take out of a page what is not its story, and make plain blocks of its layout."""
    from lxml import html as lxml_html

    is_live = _LIVE.search(lxml_html.tostring(root, encoding="unicode")) is not None
    for unread in root.xpath(_UNREAD):
        _drop(unread)
    _drop_boxes(root)
    if is_live:
        _join_updates(root)
    for table in root.xpath("//table"):
        if _is_layout(table):
            for part in (table, *table.xpath(".//tbody|.//tr|.//td|.//th|.//center")):
                part.tag = "div"
    for font in root.xpath("//font"):
        font.drop_tag()
    for parent in {br.getparent() for br in root.xpath("//br[following-sibling::node()[1][self::br]]|//div/br")}:
        _part_at_breaks(parent)


def _drop(element: Any) -> None:  # noqa: ANN401 - as above
    if element.getparent() is not None:
        element.drop_tree()


def _drop_boxes(root: Any) -> None:  # noqa: ANN401 - as above
    page = _length(root)
    for element in root.xpath("//*[@class or @id or @role or @style or @hidden]"):
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        is_banner = _BANNER.search(named) is not None
        if (
            not is_banner
            and not element.xpath(f"boolean({_IS_HIDDEN})")
            and element.get("role") not in _BOX_ROLES
            and not _BOX.search(named)
        ):
            continue
        room = page * (_NEARLY_ALL if is_banner else _MOST_OF_PAGE)
        if _may_be_a_box(element) and _length(element) <= room:
            _drop(element)
        else:
            for name in {"class", "id"} & set(element.keys()):
                del element.attrib[name]  # content extraction goes by names too


def _length(element: Any) -> int:  # noqa: ANN401 - as above
    return len(" ".join(str(element.text_content()).split()))


def _may_be_a_box(element: Any) -> bool:  # noqa: ANN401 - as above
    if element.tag == "p":
        return _is_short(element)
    holds_story = element.xpath("boolean(.//h1|.//article|.//main|.//*[@itemprop='articleBody'])")
    return element.tag not in _NEVER_BOXES and not holds_story


def _is_short(paragraph: Any) -> bool:  # noqa: ANN401 - as above
    """Say whether a paragraph is a line of a name or a label, not a sentence of a story."""
    return len(str(paragraph.text_content()).split()) <= 12  # noqa: PLR2004 - as the docstring says


def _join_updates(root: Any) -> None:  # noqa: ANN401 - as above
    """Make one story of the updates of a live blog, which are an article each."""
    updates = root.xpath("//article")
    for update in updates if len(updates) > 1 else ():
        update.tag = "div"
        for part in update.xpath(".//footer|.//time"):
            _drop(part)
        for header in update.xpath(".//header"):
            header.tag = "div"


def _is_layout(table: Any) -> bool:  # noqa: ANN401 - as above
    return bool(table.xpath(".//table|.//td//p|.//td//h1")) or any(
        len(str(cell.text_content())) >= _LONG_CELL for cell in table.xpath(".//td")
    )


def _part_at_breaks(parent: Any) -> None:  # noqa: ANN401 - as above
    """Make paragraphs of the text between line breaks; what stands in blocks already is left as it is."""
    from lxml import etree

    pieces: list[Any] = []
    piece = etree.Element("p")
    piece.text, parent.text = parent.text, None
    for child in list(parent):
        tail, child.tail = child.tail, None
        parent.remove(child)
        if child.tag == "br" or child.tag in (
            "div",
            "p",
            "ul",
            "ol",
            "h1",
            "h2",
            "h3",
            "blockquote",
            "figure",
            "table",
        ):
            pieces.append(piece)
            if child.tag != "br":
                pieces.append(child)
            piece = etree.Element("p")
            piece.text = tail
        else:
            piece.append(child)
            child.tail = tail
    for found in (*pieces, piece):
        if len(found) or (found.text or "").strip() or found.tag != "p":
            parent.append(found)
