"""What WordNet says a name or noun is, sense by sense, the sense that is meant first as far as its sentences tell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from zslre.sideinfo.mining.lexicon import EMPTY_HEADS
from zslre.sideinfo.wordnet import LEAST_INFORMATION, WordNet, wordnet
from zslre.sideinfo.words import is_content, words_of

# Kinds must say more than this: more than person, communication, artifact.
LEAST_INFORMATION_OF_KIND = 0.26
# How likely the next sense is beside the one before it, before its sentences have been looked at; and what a sense
# keeps whose definition shares no word with them.
NEXT_SENSE = 0.6
KEPT = 0.1


class Kinds(tuple[str, ...]):
    """The kinds that one sense of a noun is, nearest first. `said`: the sense's name and definition."""

    said: str = ""


def hypernyms(noun: str, context: str = "") -> tuple[Kinds, ...]:
    """What WordNet says the noun or name is: for each of its senses the kinds, nearest first.

    `context`: sentences that it stands in, one a line; senses whose definitions share words with them come first (Lesk
    1986, SIGDOC). Without it the most frequent sense does; of a name in capitals, what bears it ("Phoenix", the
    constellation) comes before what it means ("phoenix", the genus of palms). Kinds that say little (thing, group) and
    those that are themselves named (Romance, of French) are left out.

    >>> hypernyms("organ")[0], hypernyms("organ", "Pipe organ music was played.")[0][:1]
    (('body part',), ('electronic instrument',))
    """
    words = wordnet()
    bases = words.base_forms(noun, "n") or words.base_forms(noun.replace("-", " "), "n")
    senses = list(words.senses(bases[0], "n")) if bases else []
    if noun[:1].isupper():
        senses.sort(key=lambda number: not words.is_instance(number))
    if context and len(senses) > 1:
        senses = _by_fit(senses, noun, context)
    named = " ".join(noun.split()).casefold()
    return tuple(kinds for number in senses if (kinds := _kinds(number, named, words)))


def _kinds(number: int, named: str, words: WordNet) -> Kinds:
    kinds = Kinds(kind for kind in _kinds_above(number, words) if kind.casefold() != named)
    synset = words.synset(number)
    kinds.said = f"{synset.name}: {synset.gloss}"
    return kinds


def _kinds_above(number: int, words: WordNet) -> tuple[str, ...]:
    named = {other: words.words(other)[0] for other in words.ancestors(number)[1:]}
    kinds = {other: name for other, name in named.items() if name == "person" or _is_kind(name)}
    telling = tuple(name for other, name in kinds.items() if words.information(other) >= LEAST_INFORMATION_OF_KIND)
    return telling or tuple(name for other, name in kinds.items() if words.information(other) >= LEAST_INFORMATION)[:1]


def _is_kind(name: str) -> bool:
    return name.rpartition(" ")[2].islower() and name not in EMPTY_HEADS and name != "person of color"


def _by_fit(senses: Sequence[int], noun: str, context: str) -> list[int]:
    lines = [_stems(line) for line in context.splitlines() if line.strip()]
    held = Counter(stem for line in lines for stem in line)
    fits = [_fit(number, held, len(lines), _stems(noun)) for number in senses]
    most = max(fits) or 1.0
    likely = [NEXT_SENSE**place * (KEPT + fit / most) for place, fit in enumerate(fits)]
    return [senses[place] for place in sorted(range(len(senses)), key=lambda place: -likely[place])]


def _fit(number: int, held: Counter[str], lines: int, own: Collection[str]) -> float:
    """How often the context's lines hold the words of a sense's definition, its synonyms and its nearest kinds.

    Rare words count more; divided by the square root of their number, so that long definitions have no advantage.
    """
    words = wordnet()
    near = (*words.words(number), *(name for parent in words.parents(number) for name in words.words(parent)))
    telling = _stems(" ".join((words.synset(number).gloss, *near))).difference(own)
    rarity = _rarity()
    shared = sum(held[stem] / lines * rarity.get(stem, 0.0) for stem in telling)
    return float(shared / math.sqrt(max(len(telling), 1)))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in words_of(text) if is_content(word)}


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return next(iter(wordnet().base_forms(word, "n")), word)


@lru_cache(maxsize=1)
def _rarity() -> dict[str, float]:
    """The logarithm of how many of WordNet's nouns there are to one that holds the word in its definition."""
    glosses = wordnet().noun_glosses()
    holding = Counter(stem for gloss in glosses for stem in _stems(gloss))
    return {stem: math.log(len(glosses) / count) for stem, count in holding.items()}
