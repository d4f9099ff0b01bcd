"""What tagger and encoder read of a sentence: as many characters, with blanks for what is no language."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    kept = [(mention.start, mention.end) for mention in mentions]

    def in_a_mention(start: int, end: int) -> bool:
        return any(left < end and start < right for left, right in kept)

    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = "".join(" " if _is_pictograph(c) and not in_a_mention(i, i + 1) else c for i, c in enumerate(text))
    if not _HINT.search(text):
        return text

    def blanks(found: re.Match[str]) -> str:
        return found[0] if in_a_mention(*found.span()) else " " * len(found[0])

    return _MARKUP.sub(blanks, text)


def _is_pictograph(character: str) -> bool:
    """Signs of trade, arrows and emoji with what joins and varies them; a tokenizer makes a word with one unknown."""
    return character in "\u00ae\u2122\ufe0f\u200d" or (character > "\u2190" and category(character) in ("So", "Sk"))
