"""What tagger and encoder read of a sentence: as many characters, with blanks for what is no language."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from unicodedata import category

from zslre.lines import MARK
from zslre.types import Mention
from zslre.unread import ATTRIBUTES, BLOCKS, CUE, STRUCK

_TAG = rf"{BLOCKS}|button|cite|code|col(?:group)?|del|img|ins|label|link|meta|o:p|s|strike|su[bp]"
_EXCHANGE = (
    r"NASDAQ|NYSE(?: American| Arca)?|AMEX|LSE|LON|AIM|TSXV?|ASX|NZX|SGX|HKEX|SEHK|HKG|TYO|TSE|FRA|ETR|XETRA|EPA|AMS|"
    r"Euronext(?: [A-Z]\w+)?|OTC\w*|BSE|NSE|KRX|SIX|BIT|BME|JSE|STO|CPH|HEL|OSE"
)
_TARGET = r"\((?=[^()\s]*[/#.])"
_ADDRESS = r"[^\s<>\"'()\[\]\u2013\u2014\u3001\u3002\uff0c\uff1b]*"
# What a tokenizer drops, so that a word stays one: before the character of a reference, and in place of emphasis.
FILL, NOTHING = "\u2061", "\u2060"
# Brackets and target of a Markdown link, an address, comments, what is struck out, HTML's tags, a quoted line's sign.
_MARKUP = re.compile(
    rf"!?\[(?=[^\[\]]*\]{_TARGET})"
    rf'|\]{_TARGET}[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)'
    rf"|<?(?:https?://|\bwww\.){_ADDRESS}(?:\({_ADDRESS}\){_ADDRESS})*(?<![.,;:!?])>?"
    r"|<?\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}\b>?"
    rf"|<!--[^\n]{{0,993}}?-->|<(?P<tag>del|strike){ATTRIBUTES}>[^\n]{{0,980}}?</(?P=tag)\s?>|{STRUCK}|{CUE}"
    rf"|</?(?:{_TAG}){ATTRIBUTES}>|<!doctype[^<>]*>|<\?xml[^<>]*>"
    # Symbols of shares, "(NASDAQ: ACME)" and "(ACME.L)"; trade marks; citations, "(Reed et al., 2019; Ott, 2020)".
    rf"|(?-i:\((?:(?:{_EXCHANGE}):\s?[A-Z0-9][A-Z0-9.]{{0,7}}(?:[,;/]\s?(?=[A-Z])|(?=\))))+\)"
    r"|\([A-Z]{2,6}\.(?:OQ?|N|L|PA|DE|T|HK|AX|TO|SS|SZ|MI|AS|BR|MC|ST|HE|SW|WA|KS|NS|BO|SI)\)"
    r"|(?<=[\w.])\((?:R|TM|SM)\))"
    r"|\((?:[A-Z][\w'\u2019-]+ et\sal\.?,?\s(?:1[89]|20)\d\d[a-z]?)(?:;\s[^();]{1,80}\d[a-z]?)*\)"
    r"|^[ \t]{0,40}>[> \t]{0,40}"
    rf"|\A(?-i:{MARK})",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});|(?i:-[LR][RSC]B-)")
# Brackets as tokenised corpora write them, after the Penn Treebank.
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
_EMPHASIS = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])[^*]{0,300}[^\s*](\1)(?![\w*])"),
    re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])[^_]{0,300}[^\s_](\1)(?!\w)"),
)
# What a word or a name may have within it: tags, a hyphen at a line's end, the marks of footnotes, Markdown's escapes.
_WITHIN = re.compile(
    rf"(?i:</?(?:a|abbr|b|big|em|font|i|mark|small|span|strong|tt|u){ATTRIBUTES}>)|(?<=[a-z])-\r?\n[ \t>]*(?=[a-z])"
    rf"|(?<!\d)(?<!\bm)(?<!\bkm)(?i:<sup{ATTRIBUTES}>\W{{0,2}}(?:\d{{1,3}}|[a-z]|tm|sm)?\W{{0,2}}</sup>)"
    r"|\\(?=[!-/:-@\[-`{-~])"
    r"|(?<=[a-z]{3})[\u00b9\u00b2\u00b3\u2070-\u2079\u2020\u2021]+|(?<!\S)[\u00b9\u00b2\u00b3\u2020\u2021](?=[A-Z])",
)
# No markup is without one of these.
_HINT = re.compile(
    rf"\A{MARK}|\]\(|://|www\.|~~|-[LR][RSC]B-|[@<>&*_(\\]|-\r?\n|[\u00b2\u00b3\u00b9\u2020-\u2021\u2070-\u2079]",
    re.IGNORECASE,
)


def plain(text: str, mentions: Iterable[Mention] = ()) -> str:
    """The text with blanks for link targets, addresses, HTML's tags and pictographs, but where a mention stands.

    A character reference ("&amp;") or a bracket of tokenised text ("-LRB-") is read as what it stands for, behind as
    many `FILL` as it has characters more; signs of emphasis, HTML's too, of footnotes and a hyphen at a line's end
    become what no tokenizer reads. Half a surrogate pair, which cannot be tokenised, becomes a question mark.

    >>> plain("[Rome](/wiki/Rome) is nice\\u2122, says <li>Ann (ann@example.org).")
    ' Rome              is nice , says     Ann (               ).'
    """
    if text.isascii() and not _HINT.search(text):
        return text
    kept = {(mention.start, mention.end) for mention in mentions}
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = _blanked(text, ((i, i + 1) for i, c in enumerate(text) if _is_pictograph(c)), kept)
    if not _HINT.search(text):
        return text
    text = _blanked(text, (found.span() for found in _WITHIN.finditer(text)), kept, NOTHING)
    text = _blanked(text, (found.span() for found in _MARKUP.finditer(text)), kept)
    edges = {edge for span in kept for edge in span}
    text = _REFERENCE.sub(lambda found: found[0] if _cut(found, edges) else _meant(found[0]), text)
    signs = (found.span(sign) for emphasis in _EMPHASIS for found in emphasis.finditer(text) for sign in (1, 2))
    return _blanked(text, signs, (), NOTHING)


def _cut(found: re.Match[str], edges: Collection[int]) -> bool:
    return any(place in edges for place in range(found.start() + 1, found.end()))


def _meant(reference: str) -> str:
    """As many characters, the last of which the reference stands for; itself where that is no single character.

    >>> _meant("&eacute;") == 7 * FILL + "\\u00e9", _meant("&what;")
    (True, '&what;')
    """
    character = _BRACKETS.get(reference.upper(), html.unescape(reference))
    if len(character) != 1:
        return reference
    return FILL * (len(reference) - 1) + (" " if character.isspace() or _is_pictograph(character) else character)


def _blanked(text: str, places: Iterable[tuple[int, int]], kept: Collection[tuple[int, int]], blank: str = " ") -> str:
    """The text with blanks at these places, but for those that share a character with what is kept."""
    for start, end in list(places):
        if all(right <= start or end <= left for left, right in kept):
            text = text[:start] + blank * (end - start) + text[end:]
    return text


def _is_pictograph(character: str) -> bool:
    """Signs of trade, arrows and emoji with what joins and varies them; a tokenizer makes a word with one unknown."""
    return character in "\u00ae\u2122\ufe0f\u200d" or (character > "\u2190" and category(character) in ("So", "Sk"))
