"""Whether a person is a woman or a man, by titles and words of kinship beside the name and by lists of given names."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from zslre.surroundings import NEAR
from zslre.types import Mention

NAMES = Path(__file__).parent / "assets" / "given_names.txt"
_TITLE = re.compile(r"\b(\w+)(?:-in-law)?([.,]?) $")
_QUEENS = "lady dame queen princess duchess countess baroness empress abbess nun actress heiress"
_KINGS = "lord king prince duke count baron emperor abbot monk don"
_WOMEN = (
    "mrs ms miss mme madame mlle frau signora senora dona wife daughter sister mother widow bride aunt niece "
    "granddaughter grandmother stepdaughter stepmother stepsister godmother spokeswoman chairwoman businesswoman "
    "congresswoman policewoman"
)
_MEN = (
    "mr monsieur herr signor senor sir husband son brother father widower groom bridegroom uncle nephew grandson "
    "grandfather stepson stepfather stepbrother godfather"
)
# Before a comma they may be said of another, or be no title: "on the second count, Ann".
_RANKS = frozenset([*_QUEENS.split(), *_KINGS.split()])
_FEMALE, _MALE = frozenset([*_WOMEN.split(), *_QUEENS.split()]), frozenset([*_MEN.split(), *_KINGS.split()])
_OF_BOTH = (
    "capt captain chancellor chief col colonel commander councillor doctor dr gen general governor hon ing inspector "
    "judge justice lieutenant lt maj major mayor minister officer president prof professor rabbi rep rev reverend sen "
    "senator sergeant sgt"
)
_TITLES = frozenset(_OF_BOTH.split())
# What is told of a name right behind it: "Kim Lee, the younger daughter of", "Kim Lee was his brother".
_TOLD = re.compile(
    r"(?:,| is| was| became) (?:an?|the|his|her|their|\w+(?: \w+)?['\u2019]s)"
    r"(?: (?!wh|(?:an?|and|as|at|by|for|from|her|his|in|of|on|the|their|to|with) )[\w-]+(?!['\u2019])){0,3}? "
    rf"({'|'.join(sorted(_FEMALE | _MALE))})\b(?!['\u2019-]|,? [A-Z])"
)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th"}
)
_KOREAN = re.compile(r"[A-Z][a-z]+-[a-z]+")
_ENDING = 4  # letters of a name at most
_ENOUGH = 4  # names of an ending, to tell anything


def is_female(text: str, mention: Mention, known: bool | None = None, *, surname: bool = False) -> bool | None:
    """What a title or a word of kinship says, before the name, with it or right behind it, or the given name; what is
    `known` if they do not, or where a word alone may be a surname: it is one if `surname`, as behind "Ann Scott"."""
    single = " " not in mention.text and (surname or known is not None)
    before = _TITLE.search(text[max(0, mention.start - NEAR) : mention.start])
    title = plain_letters(before[1]) if before else ""
    if before and before[2] == "," and title in _RANKS:
        title = ""
    behind = _TOLD.match(text, mention.end)
    first = plain_letters(next(iter(mention.text.split()), "").strip("."))
    for word in (title, "" if single else first, behind[1] if behind else ""):
        if word in _FEMALE or word in _MALE:
            return word in _FEMALE
    if single:
        return known
    told = female_name(given_name(mention))
    return known if told is None else told


def given_name(mention: Mention) -> str:
    """In lower case: the first word that is no title, or the last where it is a Korean one ("Lee Tae-ho")."""
    words = mention.text.split()
    if len(words) > 1 and _KOREAN.fullmatch(words[-1]):
        return words[-1].lower()
    given = (word.strip(".").lower() for word in words)
    return next((word for word in given if plain_letters(word) not in _TITLES), "")


def plain_letters(word: str) -> str:
    """In lower case and without accents.

    >>> plain_letters("Søren"), plain_letters("Aníbal")
    ('soren', 'anibal')
    """
    letters = unicodedata.normalize("NFD", word.lower()).translate(_LETTERS)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def female_name(given: str) -> bool | None:
    """Whether it is a woman's, by the list of given names, as it is written or in plain letters; "Anna-Lena" also by
    its first part. None if they do not tell."""
    spellings = (form for part in (given, given.partition("-")[0]) for form in (part, plain_letters(part)))
    return next((_given_names()[form] for form in spellings if form in _given_names()), None)


@lru_cache(maxsize=1)
def _given_names() -> dict[str, bool]:
    """Whether a given name, in lower case, is a woman's; those with accents are there in plain letters too."""
    female, male = NAMES.read_text(encoding="utf-8").splitlines()
    return dict.fromkeys(male.split(), False) | dict.fromkeys(female.split(), True)


@lru_cache(maxsize=4096)
def ending_odds(given: str) -> float:
    """Log odds that a name is a woman's, by the given names that have its longest ending that four of them have."""
    plain = plain_letters(given)
    for length in range(min(_ENDING, len(plain)), 0, -1):
        female, male = _endings().get(plain[-length:], (0, 0))
        if female + male >= _ENOUGH:
            return math.log((female + 0.5) / (male + 0.5))
    return 0.0


@lru_cache(maxsize=1)
def _endings() -> dict[str, tuple[int, int]]:
    """How many women's and men's given names have an ending of up to four letters."""
    found: dict[str, tuple[int, int]] = {}
    for name, is_womans in _given_names().items():
        if name != plain_letters(name):
            continue  # it is there in plain letters too
        for length in range(1, min(_ENDING, len(name)) + 1):
            female, male = found.get(name[-length:], (0, 0))
            found[name[-length:]] = (female + is_womans, male + (not is_womans))
    return found
