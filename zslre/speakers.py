"""Whose speech a line is: in minutes, interviews and chats a name and a colon stand before what somebody says."""

from __future__ import annotations

import re
from dataclasses import replace

from zslre.lines import VERB
from zslre.types import Sentence

# "**Ann Lee** (14:02): What is said", "[0:15] Ann Lee: My brother works"
_TURN = re.compile(
    r"[\W\d_]{0,16}(?P<name>[^\W\d_][^:()\n]{0,40}?)[*_]{0,3}(?: ?\([^()\n]{1,40}\))?[*_]{0,3}:[*_]{0,3}\s+"
    r"(?P<said>[\"'\u2018\u201c]?(?:[A-Z].*|(?:i|my|we|our|he|she|they|yes|no|well|so)\b.*))",
    re.DOTALL,
)
_ASKED = re.compile(r"[?!][\"'\u2019\u201d]?\s*$")
_MINE = re.compile(r"\W?(?:i|my|we|our)\b", re.IGNORECASE)


def without_speaker(sentence: Sentence) -> Sentence:
    """Without the mention of the person who says it, about whom it is not: "Ann Lee: Volvo is owned by Geely."

    What stands behind the colon is a sentence then: it has a verb, speaks of the speaker, or asks; "Ann Lee: chief
    executive of Volvo" is about her.
    """
    turn = _TURN.match(sentence.text)
    if turn is None:
        return sentence
    said = turn["said"]
    if not (VERB.search(said) or _MINE.match(said) or _ASKED.search(said)):
        return sentence
    name = turn.span("name")
    mentions = tuple(m for m in sentence.mentions if m.label != "PERSON" or (m.start, m.end) != name)
    return replace(sentence, mentions=mentions)
