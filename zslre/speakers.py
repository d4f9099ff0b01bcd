"""Whose speech a line is: in minutes, interviews and chats a name and a colon stand before what somebody says."""

from __future__ import annotations

import re
from dataclasses import replace

from zslre.types import Sentence

# "**Ann Lee** (14:02): What is said", "[0:15] Ann Lee: My brother works"
_TURN = re.compile(
    r"[\W\d_]{0,16}(?P<name>[^\W\d_][^:()\n]{0,40}?)[*_]{0,3}(?: ?\([^()\n]{1,40}\))?[*_]{0,3}:[*_]{0,3}\s+"
    r"(?P<said>[\"'\u2018\u201c]?(?:[A-Z].*|(?:i|my|we|our|he|she|they|yes|no|well|so)\b.*))",
    re.DOTALL,
)
# A verb of its own, which "Ann Lee: Swedish painter born in Lund" and "Ann Lee: founder of Acme, based in Rome" lack.
_FINITE = re.compile(
    r"\b(?:is|was|are|were|has|had|have|will|would|can|works|lives|runs|owns|makes|says|said)\b"
    r"|\b(?:[A-Z][\w'\u2019-]*|he|she|we|they) (?:[a-z]{2,}ed|left|led|ran|won|wrote|built|sold|bought|made|held|grew|"
    r"began|found|took|gave|knew|saw|met|went|came|became|taught)\b"
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
    if not (_FINITE.search(said) or _MINE.match(said) or _ASKED.search(said)):
        return sentence
    name = turn.span("name")
    mentions = tuple(m for m in sentence.mentions if m.label != "PERSON" or (m.start, m.end) != name)
    return replace(sentence, mentions=mentions)
