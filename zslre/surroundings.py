"""How names and what stands for them are placed in a sentence, by the words and marks beside them."""

from __future__ import annotations

import re

from zslre.types import Mention

POSSESSIVES = frozenset(["his", "her", "its", "their"])
NEAR = 60  # characters before a name that may tell of it
# Behind a preposition, or in a list with what stands there, a name is no subject: "the son of the painter Bo Lee".
_NO_SUBJECT = re.compile(r"\b(?:about|against|by|for|from|in|of|on|than|to|under|with)\b[^,;:.()]*$")
_BEFORE = re.compile(r"(\w+)(\W+)$")
_PREPOSITIONS = "about after against as at before between for from in into on to under with"
ROLES = {"and": "and", "or": "and", "of": "of", "by": "by"} | dict.fromkeys(_PREPOSITIONS.split(), "preposition")
CLAUSES = frozenset(("because", "but", "if", "since", "that", "until", "when", "where", "which", "while", "who"))
# Behind "her", which is what is done something to then, and not what tells whose something is.
_OBJECT = re.compile(
    r" (?:about|after|again|and|as|at|back|because|before|but|by|down|for|from|if|in|into|not|of|off|on|once|or|out|so|"
    r"than|that|the|a|an|to|too|up|when|where|which|while|who|with|without)\b|[^ ]|$"
)
_SUBORDINATE = ["after", "although", "as", "before", "than", "though", "whom", "whose", *sorted(CLAUSES - {"but"})]
_SUBORDINATED = re.compile(rf"\b(?:{'|'.join(_SUBORDINATE)})\b")
_JOINED = re.compile(r"\b(?:and|but|or)\b")
_FRONTED = re.compile(r"\W*(?:The|A|An|Born|Educated|Raised|Trained|Like|Unlike|As|After|Before|Once) [^.;:]*, ")


def role_of(text: str, mention: Mention) -> str:
    """What stands around a name: a word for its place in the sentence."""
    if text.startswith(("'s", "\u2019s"), mention.end):
        return "genitive"
    before = _BEFORE.search(text[max(0, mention.start - NEAR) : mention.start])
    if before is None:
        return "start"
    word, gap = before[1].lower(), before[2]
    if "," in gap:
        return "between commas" if text.startswith((",", ".", ";"), mention.end) else "behind a comma"
    if set(".;:") & set(gap):
        return "start"
    return ROLES.get(word, "clause" if word in CLAUSES else "other")


def place_of(anaphor: Mention, text: str) -> str:
    """Whether a pronoun says whose something is, is what is done something to, or begins the sentence."""
    word = anaphor.text.lower()
    if word in ("him", "them") or (word == "her" and _OBJECT.match(text, anaphor.end)):
        return "object"
    if word in POSSESSIVES:
        return "possessive at start" if at_start(anaphor, text) else "possessive"
    return "start" if at_start(anaphor, text) else "other"


def gap_of(between: str) -> str:
    """What stands between a name and an anaphor behind it."""
    if between == ", ":
        return "a comma alone"
    told = ["stop" if set(";:.") & set(between) else "comma" if "," in between else "no mark"]
    told += ["subordinate"] if _SUBORDINATED.search(between) else []
    told += ["and"] if _JOINED.search(between) else []
    told += ["quote"] if set('"\u201c\u201d') & set(between) else []
    return " ".join(told)


def fronted(text: str, anaphor: Mention) -> bool:
    """Whether what the sentence begins with goes before the anaphor as its attribute: "The son of Bo Lee, he"."""
    return _FRONTED.fullmatch(text, 0, anaphor.start) is not None


def at_start(mention: Mention, text: str) -> bool:
    return not re.search(r"\w", text[: mention.start])


def is_subject(text: str, start: int) -> bool:
    return not _NO_SUBJECT.search(text[max(0, start - NEAR) : start])
