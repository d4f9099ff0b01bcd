"""Of whom a sentence speaks that names somebody's relative: "Ann Reed's brother works for Siemens" is not about her.

By rule, for the relatives of people, friends and the like, with whom nobody shares facts by being called so, as one
does with a colleague or a predecessor; a nationality is mostly shared. What the rule does not know ("the man who taught
Ann Reed") is left to the model.
"""

from __future__ import annotations

import re

from zslre.candidates import NATIONALITY
from zslre.lines import VERB
from zslre.packing import Pair
from zslre.sideinfo.entity_types import words_of_label
from zslre.types import Mention

_KIN = (
    r"(?:great-)?(?:grand|step-?|half-|ex-|god)?(?:father|mother|parent|brother|sister|son|daughter|child|children|wife|"
    r"wives|husband|nephew|niece)(?:s|-in-law)?|grandparents?|siblings?|twins?|uncles?|aunts?|cousins?|widow(?:er)?s?|"
    r"fianc[eé]e?|girlfriend|boyfriend|friends?|flatmate|roommate|neighbou?rs?|rivals?|opponents?|nanny|namesake"
)
_WORDS = r"(?:[a-z]+(?:-[a-z]+)? ){0,2}"  # "late", "second eldest"
# Not "children's book", "twin-engine" and "rival company", which are things of the one who is named.
_THING = r"(?!(?<=twin)-|(?<=children)['\u2019]s| (?:compan(?:y|ies)|firms?|bands?|brands?)\b)"
_OWNED = re.compile(rf"(?: ?['\u2019]s?|(?<=\b[Hh]is)|(?<=\b[Hh]er)|(?<=\b[Tt]heir)) {_WORDS}(?:{_KIN})\b{_THING}")
_WHOSE = re.compile(rf", whose {_WORDS}(?:{_KIN})\b[^,;]*")
_OF = re.compile(rf"\b(?:{_KIN}) of {_WORDS}$")
# "Ann Reed grew up in Leeds, where her father, a miner's son, worked for Acme"; not "Ann and her father worked".
_DOES = re.compile(
    r"(?:[,;:(\u2013\u2014] ?|\b(?:where|when|while|that|because|after|before|since|as|but|though|although) |"
    rf"\band (?=[a-z -]{{3,50}} (?:is|was|has) ))(?:his|her|their) {_WORDS}(?:{_KIN})\b(?:, [^,;:]{{1,60}},)? "
    rf"{VERB.pattern}(?:(?!\b(?:he|she|they|it|who|whom|which|where)\b)[^,;:.]){{0,80}}$"
)
LONGEST = 80  # characters, more than kin and words have
FARTHEST = 200  # characters that such a clause has before what is told in it
_GOES_ON = re.compile(r" ?[,(]| (?:who|and|of|from)\b")  # what is said of the name itself, or of both


def is_of_a_relative(text: str, pair: Pair) -> bool:
    """Whether one of the pair is a person who is named to say whose relative somebody is, and the other no person.

    >>> text = "Ann Reed's brother works for Siemens"
    >>> is_of_a_relative(text, (Mention("Ann Reed", 0, 8, "PERSON"), Mention("Siemens", 29, 36, "ORG")))
    True
    """
    people = ["person" in words_of_label(mention.label) for mention in pair]
    if people[0] == people[1] or any(mention.label in (None, NATIONALITY) for mention in pair):
        return False
    name, other = pair if people[0] else pair[::-1]
    return _speaks_of_another(text, name, other)


def _speaks_of_another(text: str, name: Mention, other: Mention) -> bool:
    if owned := _OWNED.match(text, name.end):
        return other.start >= owned.end() or other.end <= name.start
    if (whose := _WHOSE.match(text, name.end)) is not None:
        return whose.start() < other.start < whose.end()
    if of := _OF.search(text, max(0, name.start - LONGEST), name.start):
        # "The son of the painter Ann Reed" says what she is.
        return other.end <= of.start() or (other.start >= name.end and not _GOES_ON.match(text, name.end))
    # Right behind the name the relative is the one who is named: "Ann Reed, his sister born in 1998".
    return _DOES.search(text, max(name.end + 1, other.start - FARTHEST), other.start) is not None
