"""What tagger and encoder read of a sentence: as many characters, with blanks for what is no language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category

from zslre.types import Mention

_TAG = (
    "a|abbr|b|blockquote|br|cite|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|su[bp]|table|t[dhr]|u|ul"
)
# The brackets and the target of a Markdown link, an address, a tag of HTML.
_MARKUP = re.compile(
    r"!?\[(?=[^\[\]]*\]\()"
    r'|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)'
    r"|<?(?:https?://|\bwww\.)[^\s<>\"'()\[\]]*(?:\([^\s<>\"'()\[\]]*\)[^\s<>\"'()\[\]]*)*>?"
    r"|<?\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+>?"
    rf"|</?(?:{_TAG})(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_HINT = re.compile(r"\]\(|://|www\.|@|<", re.IGNORECASE)  # no markup is without one of these


def plain(text: str, mentions: Iterable[Mention] = ()) -> str:
    """The text with blanks for link targets, addresses, HTML's tags and pictographs, but where a mention stands.

    Half a surrogate pair, which cannot be tokenised, becomes a question mark.

    >>> plain("[Rome](/wiki/Rome) is nice\\u2122, says <i>Ann</i> (ann@example.org).")
    ' Rome              is nice , says    Ann     (               ).'
    """
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = "".join(" " if _is_pictograph(c) else c for c in text)
    if not _HINT.search(text):
        return text
    kept = [(mention.start, mention.end) for mention in mentions]

    def blanks(found: re.Match[str]) -> str:
        in_a_mention = any(start < found.end() and found.start() < end for start, end in kept)
        return found[0] if in_a_mention else " " * len(found[0])

    return _MARKUP.sub(blanks, text)


def _is_pictograph(character: str) -> bool:
    """Signs of trade, arrows and emoji with what joins and varies them; a tokenizer makes a word with one unknown."""
    return character in "\u00ae\u2122\ufe0f\u200d" or (character > "\u2190" and category(character) in ("So", "Sk"))
