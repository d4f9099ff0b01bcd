"""What a match must meet beyond its pattern: what stands before it, and how its phrases are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zslre.sideinfo.mining.lexicon import NATIONAL, NO_TITLES, PLACES, PLACING
from zslre.sideinfo.mining.phrases import Phrase, Word


def _is_subject(hyponym: Phrase, hypernym: Phrase, words: Sequence[Word]) -> bool:
    """Not the last place of several, as in "Tampico, Illinois, is a village"."""
    before = hyponym.first - 1
    return not (before > 0 and words[before].text == "," and words[before - 1].tag in ("NNP", "NNPS"))


def _can_have_apposition(hyponym: Phrase, hypernym: Phrase, words: Sequence[Word]) -> bool:
    """Not where a place or an opponent ends an adverbial: "In Rome, a man …", "after the loss to Rome, a club …"."""
    before = words[hyponym.first - 1].text.lower() if hyponym.first > 0 else ""
    return before not in PLACING


def _names_a_place(hyponym: Phrase, hypernym: Phrase, words: Sequence[Word]) -> bool:
    """ "The Italian region of Umbria", and neither "the Umbria region of Italy" nor "the northern region of Italy"."""
    head = hypernym.head.text.lower()
    return (head in PLACES or _regular_singular(head) in PLACES) and _is_national(hypernym)


def _is_national(phrase: Phrase) -> bool:
    """Whether it says no more than a country before its head."""
    return all((word.tag == "JJ" and word.text[:1].isupper()) or word.text in NATIONAL for word in phrase.modifiers)


def _regular_singular(noun: str) -> str:
    """For the kinds of place, whose plurals are all regular: countries, cities, towns, parishes."""
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-2] if noun.endswith("shes") else noun.removesuffix("s")


def _is_title(hyponym: Phrase, hypernym: Phrase, words: Sequence[Word]) -> bool:
    """Not a direction or a time before a name: "downtown Montreal", "south-west Romania", "today Oslo".

    Nor a place that has a name of its own: "central Roraima state Brazil".
    """
    head = hypernym.head.text.lower()
    return not head.startswith(NO_TITLES) and (head not in PLACES or _is_national(hypernym))


# Pattern → whether hyponym and hypernym may be what they seem.
CHECKS: Mapping[str, Callable[[Phrase, Phrase, Sequence[Word]], bool]] = {
    "is a": _is_subject,
    "one of the": _is_subject,
    "is the most": _is_subject,
    "is the": _is_subject,
    "apposition": _can_have_apposition,
    "the … of": _names_a_place,
    "the …s of": _names_a_place,
    "before the name": _is_title,
}
