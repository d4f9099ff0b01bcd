"""What of a text is no prose and read by nobody: fenced code, scripts and style sheets of HTML, comments, struck text,
times of subtitles.

And tags of HTML at which a paragraph ends."""

from __future__ import annotations

import re

LONGEST = 65_536  # characters of one; what is opened, and not closed within so many, is read
HELD_BACK = 300  # characters, more than an opening has
LONGEST_INDENT = 40  # characters before the marks of a fence
INLINE = 1000  # characters of what may stand within a sentence, a comment or what is struck out
# Tags of which each begins or ends a block, and what may stand in a tag behind its name.
BLOCKS = (
    "address|article|aside|blockquote|body|br|caption|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|"
    "head|header|hr|html|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
ATTRIBUTES = r"(?:\s+(?:nowrap|noshade|compact|hidden|selected)|\s[^<>=]*=[^<>]*)?\s?/?"
_BLOCK = re.compile(rf"(?<!`)</?(?:{BLOCKS}){ATTRIBUTES}>", re.IGNORECASE)

STRUCK = r"(?<![`~])~~(?=[^\s~])[^~\n]{0,250}(?<=[^\s~])~~(?!~)"  # as Markdown strikes out
# What stands between the lines of subtitles, SubRip's or WebVTT's: blank lines, a number, from when to when.
_TIME = r"(?:\d\d:)?\d\d:\d\d[,.]\d{3}"
CUE = (
    r"(?:\bWEBVTT[^\n]{0,80})?(?:[ \t]{0,20}\r?\n){1,3}(?:\d{1,5}[ \t]{0,20}\r?\n)?"
    rf"{_TIME}[ \t]{{1,9}}-->[ \t]{{1,9}}{_TIME}[^\n]{{0,80}}(?:\n|\Z)"
)
# "~~~" fences code too, but is a rule in more texts; "<s>" strikes out, but begins a sentence in corpora.
_OPENING = re.compile(
    rf"(?<=\n)[ \t>]{{0,{LONGEST_INDENT}}}(?P<fence>`{{3,20}})[^`\r\n]{{0,200}}\r?$"
    r"|(?<!`)(?:<(?P<tag>(?P<code>script|style)|del|strike)(?:\s[^<>]{0,200})?>|<!--)"  # which code in a line may name
    rf"|(?P<struck>{STRUCK})|(?P<cue>{CUE})",
    re.IGNORECASE | re.MULTILINE,
)


def without_unread(text: str, *, more: bool) -> str:
    """The text as far as `more` text cannot change what is read of it, with as many form feeds for what is not.

    A fence begins behind a line end. A comment within a line, struck text, or what is between the lines of
    subtitles becomes blanks: the sentence may go on.

    >>> without_unread("Use\\n```\\nx = 1\\n```\\nAnn <!-- ? --> ran.", more=False)
    'Use\\n\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\x0c\\nAnn            ran.'
    """
    read = []
    at = done = 0  # looked at, and written to `read`
    ends: dict[str, re.Match[str] | None] = {}  # the last that was found of each kind
    while opening := _OPENING.search(text, at):
        start, kind = opening.start(), _end_of(opening)
        at = opening.end()
        if kind not in ends or ((last := ends[kind]) is not None and last.start() < at):
            ends[kind] = re.compile(kind, re.IGNORECASE | re.MULTILINE).search(text, at)
        end = ends[kind]
        if end is not None and end.end() - start <= LONGEST and not (more and end.end() == len(text)):
            at = end.end()
            of_a_line = opening["code"] is None and at - start <= INLINE and "\n" not in text[start:at]
            inline = of_a_line or opening["cue"]  # what is said goes on from line to line
            read += [text[done:start], (" " if inline else "\f") * (at - start)]
            done = at
        elif more and len(text) - start <= LONGEST:
            return "".join([*read, text[done:start]])
    decided = max(done, len(text) - HELD_BACK) if more else len(text)
    return "".join([*read, text[done:decided]])


def with_ended_blocks(text: str) -> str:
    """The text with as many form feeds for tags of HTML that begin or end a block; `<br>` in a Markdown table does not.

    >>> with_ended_blocks("<li>Ann <b>ran</b></li>\\n|a<br>b|").replace("\\f", "~")
    '~~~~Ann <b>ran</b>~~~~~\\n|a<br>b|'
    """

    def ended(tag: re.Match[str]) -> str:
        if tag[0][:3].lower() == "<br" and "|" in text[max(0, tag.start() - 200) : tag.start()].rpartition("\n")[2]:
            return tag[0]
        return "\f" * len(tag[0])

    return _BLOCK.sub(ended, text) if "<" in text else text


def _end_of(opening: re.Match[str]) -> str:
    """A pattern of what closes it."""
    if fence := opening["fence"]:
        return rf"^[ \t>]{{0,{LONGEST_INDENT}}}{fence}`{{0,20}}[ \t]*\r?$"
    if opening["struck"] or opening["cue"]:
        return ""  # it is closed
    return rf"</{opening['tag'].lower()}\s*>" if opening["tag"] else "-->"
