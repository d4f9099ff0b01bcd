"""What tagger and encoder read of a sentence: as many characters, with blanks for what is no language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from unicodedata import category

from zslre.types import Mention

_TAG = (
    "a|abbr|b|blockquote|br|cite|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|su[bp]|table|t[dhr]|u|ul"
)
_TARGET = r"\((?=[^()\s]*[/#.])"
_ADDRESS = r"[^\s<>\"'()\[\]\u2013\u2014\u3001\u3002\uff0c\uff1b]*"
# The brackets and the target of a Markdown link, an address, a tag of HTML.
_MARKUP = re.compile(
    rf"!?\[(?=[^\[\]]*\]{_TARGET})"
    rf'|\]{_TARGET}[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)'
    rf"|<?(?:https?://|\bwww\.){_ADDRESS}(?:\({_ADDRESS}\){_ADDRESS})*(?<![.,;:!?])>?"
    r"|<?\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}\b>?"
    rf"|</?(?:{_TAG})(?:\s[^<>]*=[^<>]*)?\s?/?>",
    re.IGNORECASE,
)
_HINT = re.compile(r"\]\(|://|www\.|@|<", re.IGNORECASE)  # no markup is without one of these


def plain(text: str, mentions: Iterable[Mention] = ()) -> str:
    """The text with blanks for link targets, addresses, HTML's tags and pictographs, but where a mention stands.

    Half a surrogate pair, which cannot be tokenised, becomes a question mark.

    >>> plain("[Rome](/wiki/Rome) is nice\\u2122, says <i>Ann</i> (ann@example.org).")
    ' Rome              is nice , says    Ann     (               ).'
    """
    if text.isascii() and not _HINT.search(text):
        return text
    kept = {(mention.start, mention.end) for mention in mentions}
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = _blanked(text, ((i, i + 1) for i, c in enumerate(text) if _is_pictograph(c)), kept)
    return _blanked(text, (found.span() for found in _MARKUP.finditer(text)), kept) if _HINT.search(text) else text


def _blanked(text: str, places: Iterable[tuple[int, int]], kept: Collection[tuple[int, int]]) -> str:
    """The text with blanks at these places, but for those that share a character with what is kept."""
    for start, end in list(places):
        if all(right <= start or end <= left for left, right in kept):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _is_pictograph(character: str) -> bool:
    """Signs of trade, arrows and emoji with what joins and varies them; a tokenizer makes a word with one unknown."""
    return character in "\u00ae\u2122\ufe0f\u200d" or (character > "\u2190" and category(character) in ("So", "Sk"))
