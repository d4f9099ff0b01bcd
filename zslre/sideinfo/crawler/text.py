"""The text of a web page: paragraphs without boilerplate, in the right encoding."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

PARAGRAPH = "\u2029"  # ends a sentence for zslre.sentences
# Parts of a page that are not its text; tables and lists of links say nothing in sentences.
_DROPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "math",
    "canvas",
    "object",
    "embed",
    "iframe",
    "video",
    "audio",
    "map",
    "button",
    "select",
    "textarea",
    "input",
    "nav",
    "header",
    "footer",
    "aside",
    "menu",
    "dialog",
    "figure",
    "table",
    "head",
    "title",
]
_BLOCKS = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "li",
    "dd",
    "dt",
    "ul",
    "ol",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "address",
    "details",
    "summary",
    "hr",
    "td",
    "form",  # some sites put the whole page into one
    "body",
]
_BOILERPLATE = re.compile(
    r"(?:^|[-_ ])(?:nav(?:bar|igation)?|menu|sidebar|footer|header|breadcrumbs?|cookies?|banner|advert(?:isement)?|"
    r"ads?|share|social|related|comments?|toc|infobox|navbox|reflist|references|mw-editsection|noprint|catlinks|hatnote)"
    r"(?:[-_ ]|$)",
    re.IGNORECASE,
)
# A wrapper of the page says what it has: "has-sidebar", "no-header".
_WRAPPER = re.compile(r"(?:^|[-_ ])(?:has|no|with|without)[-_]", re.IGNORECASE)
_SUPERSCRIPT_REFERENCE = re.compile(r"\[(?:\d{1,3}|citation needed|note \d+|[a-z])\]")
_WHITE = re.compile(r"[^\S\u2029]+")
# A block whose text is mostly links is navigation.
_LINK_SHARE = 0.6
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# What pages call Latin-1 or ASCII is Windows-1252 to every browser (WHATWG Encoding Standard).
_AS_WINDOWS = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii"})


def page_text(body: bytes, content_type: str) -> str:
    """The sentences of an HTML or plain-text page, paragraphs separated by blank lines."""
    text = decode(body, content_type).replace("\0", "")
    if content_type.partition(";")[0].strip().lower() == "text/plain":
        return text
    return html_text(text)


def html_text(html: str) -> str:
    """The text of the body of a page; see `page_text`."""
    from bs4 import BeautifulSoup
    from bs4.element import Comment

    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(_is_boilerplate):
        if not tag.decomposed and tag.name not in ("html", "body", "main", "article"):
            tag.decompose()
    for comment in soup.find_all(string=lambda string: isinstance(string, Comment)):
        comment.extract()
    for tag in soup.find_all(["ul", "ol", "div", "li", "section"]):
        if not tag.decomposed and _is_navigation(tag):
            tag.decompose()
    for tag in soup.find_all(_BLOCKS):
        tag.insert_before(PARAGRAPH)
        tag.insert_after(PARAGRAPH)
    for tag in soup.find_all("br"):
        tag.replace_with(" ")
    paragraphs = _WHITE.sub(" ", soup.get_text()).split(PARAGRAPH)
    cleaned = (_SUPERSCRIPT_REFERENCE.sub("", paragraph).strip() for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in cleaned if paragraph)


def links(html: str) -> list[str]:
    """The targets of a page's links, in order, without repetitions; those inside navigation are left out."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(["nav", "header", "footer", "aside"]):
        tag.decompose()
    return list(dict.fromkeys(str(tag["href"]) for tag in soup.find_all("a", href=True)))


def decode(body: bytes, content_type: str) -> str:
    """The characters of a page, whatever it says of itself.

    A byte-order mark counts first. Bytes that are valid UTF-8 are UTF-8: other text hardly ever is by chance, and
    servers that announce Latin-1 for it are common. Then the Content-Type header, the page's own <meta>, Windows-1252.
    """
    from bs4.dammit import EncodingDetector

    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3:  # cut off inside the last character
            return body.decode("utf-8", "ignore")
    header = Message()
    header["Content-Type"] = content_type or "text/html"
    declared = EncodingDetector.find_declared_encoding(body, is_html=True)
    for said in (header.get_content_charset(), declared):
        name = "windows-1252" if said is not None and said.lower() in _AS_WINDOWS else said
        # A page that were UTF-8 has been read already.
        if name is not None and name.lower().replace("_", "-") not in ("utf-8", "utf8"):
            try:
                return body.decode(name, "replace")
            except (LookupError, UnicodeError):
                continue
    return body.decode("windows-1252", "replace")


def _is_boilerplate(tag: Tag) -> bool:
    if tag.get("hidden") is not None or tag.get("aria-hidden") == "true" or tag.get("role") in ("navigation", "banner"):
        return True
    named = tag.get("class")
    names = [*(named if isinstance(named, list) else [named or ""]), str(tag.get("id") or "")]
    return any(_BOILERPLATE.search(name) and not _WRAPPER.search(name) for name in names if name)


def _is_navigation(tag: Tag) -> bool:
    anchors = tag.find_all("a")
    if not anchors or tag.find("p") is not None:  # an encyclopedia's paragraph may be links for the most part
        return False
    linked = sum(len(anchor.get_text()) for anchor in anchors)
    return len(anchors) > 1 and linked > _LINK_SHARE * len(tag.get_text().strip())
