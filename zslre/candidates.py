"""Which pairs of a sentence are asked about, and which of their triples may stand together."""

from __future__ import annotations

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

import numpy as np

from zslre.exceptions import InputError
from zslre.packing import IntArray, Item, Pair
from zslre.relations import Relation
from zslre.scoring import log_odds
from zslre.types import Mention, Sentence, Triple

# Types, spaCy's and DocRED's, of what has a place in time or an amount to tell, and no relation of its own.
LITERALS = frozenset(["DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "CARDINAL", "ORDINAL", "NUM"])
LITERAL_KINDS = frozenset(
    ["date", "time", "year", "day", "period", "point in time", "number", "quantity", "amount", "percentage", "money"]
)
# Kinds of the catalogue that anything may be of, a date too.
ANYTHING = frozenset(
    ["thing", "concept", "topic", "subject", "object", "part", "class", "type", "category", "cause", "name", "title"]
)

# What may stand between an adjective and the name that it is said of: "Danish trucking firm Nordkaj".
_NOUNS = re.compile(
    r"(?:[ -](?!(?:and|or|of|in|on|at|for|by|to|from|with|as|who|which|that|the|is|was)\b)[a-z]+){0,4} "
)
_QUOTED = re.compile(
    r" ?\((?:(?:the|an?|each|together|collectively|hereinafter|hereafter|referred|to|as|or|and|called) )*"
    r"[\"'\u2018\u201c]"
)
_UNQUOTED = re.compile(r"[\"'\u2019\u201d]\)")
NATIONALITY = "NORP"  # spaCy's type of nationalities and of religious and political groups
_NO_NAMES = LITERALS | {NATIONALITY, "MISC"}
# By how much log odds must rise from a triple to the one, or to each of the two, that leave no place for it.
ONE_RIVAL, TWO_RIVALS = 1.0, 0.3
# A name is asked about with so many on either side, and with the first of the sentence: n names have some 64 n pairs.
NEAR = 32


def candidate_pairs(sentence: Sentence, *, literal_heads: bool = False) -> list[Pair]:
    """All ordered pairs of mentions but those that overlap or name the same.

    A mention typed as a date or a number is no head, unless `literal_heads`: of Re-DocRED's triples three in a
    thousand have such a head (dev documents 1-250: 14 of 5,109), of the ordered pairs there more than a fifth.
    """
    return list(_candidates(sentence, literal_heads))


def _candidates(sentence: Sentence, literal_heads: bool) -> Iterator[Pair]:
    return (
        (head, tail)
        for head in sentence.mentions
        if literal_heads or head.label not in LITERALS
        for tail in sentence.mentions
        if head.name != tail.name and (head.end <= tail.start or tail.end <= head.start)
    )


def asked_pairs(sentence: Sentence, *, literal_heads: bool = False) -> list[Pair]:
    """The `candidate_pairs` but those of a nationality that the sentence says of another name, of a name and its short
    form, and of names far apart. Raises InputError for what is no sentence.

    In "the Danish firm Nordkaj in Antwerp" *Danish* is said of Nordkaj and not of Antwerp; in "International Business
    Machines (IBM)" the two are one. Far apart: more than `NEAR` mentions, in the order of the text, unless one of the
    two is the first, of which a long list may be said.
    """
    if not isinstance(sentence, Sentence):
        raise InputError(f"expected a Sentence with its mentions, got {sentence!r:.60}; for texts use predict or pipe")
    pairs = _candidates(sentence, literal_heads)
    order = sorted(sentence.mentions, key=lambda mention: (mention.start, mention.end))
    if len(order) > NEAR + 1:
        place = {mention: number for number, mention in enumerate(dict.fromkeys(order))}
        pairs = (pair for pair in pairs if _are_near(*(place[mention] for mention in pair)))
    adjectives = [mention for mention in order if mention.label == NATIONALITY]
    if said_of := {adjective: name for adjective in adjectives if (name := _described(sentence, adjective))}:
        pairs = ((head, tail) for head, tail in pairs if tail not in said_of or said_of[tail].name == head.name)
    if one := [{name, short} for name, short in pairwise(order) if _is_short_form(sentence.text, name, short)]:
        pairs = (pair for pair in pairs if {*pair} not in one)
    return list(pairs)


def _are_near(first: int, second: int) -> bool:
    """By their places in the sentence."""
    return abs(first - second) <= NEAR or 0 in (first, second)


def reversed_places(items: Sequence[Item]) -> IntArray:
    """For each pair of all items, in order, the place of the one with head and tail swapped, (P,); -1 for none."""
    places: list[int] = []
    for _, pairs in items:
        first = len(places)
        own = {pair: first + number for number, pair in enumerate(pairs)}
        places += [own.get((tail, head), -1) for head, tail in pairs]
    return np.array(places, dtype=np.int64)


def _described(sentence: Sentence, adjective: Mention) -> Mention | None:
    """The name that it stands before, with nothing but nouns between."""
    after = [
        name
        for name in sentence.mentions
        if name.start > adjective.end and name.label not in _NO_NAMES and name.text[0].isupper()
    ]
    name = min(after, key=lambda name: name.start, default=None)
    between = sentence.text[adjective.end : name.start] if name is not None else ""
    return name if _NOUNS.fullmatch(between) else None


def _is_short_form(text: str, name: Mention, short: Mention) -> bool:
    """Whether it stands in parentheses behind the name and is some of its words, or their first letters, or is quoted
    there, as contracts say what a name is called for short: 'Brindle Foods Ltd. (the "Seller")'."""
    if _QUOTED.fullmatch(text, name.end, short.start) and _UNQUOTED.match(text, short.end):
        return True
    if name.label != short.label or text[name.end : short.start] != " (" or not text.startswith(")", short.end):
        return False
    words, few = (re.findall(r"\w+", mention.text.casefold()) for mention in (name, short))
    letters = "".join(word[0] for word in words if word not in ("and", "for", "of", "the"))
    # "Mexico City (Mexico)" says where the city is.
    part = name.label not in (None, "GPE", "LOC") and set(few) <= set(words)
    return part or "".join(few) == letters


def certainty(pair: Pair) -> float:
    """The probability that both mentions stand for the names that a triple of theirs has."""
    return pair[0].certainty * pair[1].certainty


def item_batches(items: Iterable[Item], most_sentences: int, most_pairs: int) -> Iterator[list[Item]]:
    """The items in order, lazily, as many together as there may be sentences and pairs; one item may have more pairs.

    >>> a, b = Mention("a", 0, 1), Mention("b", 2, 3)
    >>> item = (Sentence("a b"), [(a, b), (b, a)])
    >>> [len(batch) for batch in item_batches([item] * 5, 3, 4)], [len(b) for b in item_batches([item] * 5, 3, 9)]
    ([2, 2, 1], [3, 2])
    """
    batch: list[Item] = []
    pairs = 0
    for item in items:
        if batch and (len(batch) == most_sentences or pairs + len(item[1]) > most_pairs):
            yield batch
            batch, pairs = [], 0
        batch.append(item)
        pairs += len(item[1])
    if batch:
        yield batch


def wants_literal_heads(relations: Iterable[Relation]) -> bool:
    """Whether the types that one of the relations wants of its heads are dates or numbers."""
    return any(LITERAL_KINDS & set(relation.side.head_hypernyms) for relation in relations)


def beside(mentions: Iterable[Mention], given: Collection[Mention]) -> list[Mention]:
    """The mentions that overlap none of those `given`."""
    return [m for m in mentions if all(m.end <= g.start or g.end <= m.start for g in given)]


def one_direction(triples: Iterable[Triple]) -> list[Triple]:
    """Of the two directions of a relation between two mentions, the better one."""
    best: dict[tuple[str, frozenset[Mention]], Triple] = {}
    for triple in triples:
        key = (triple.relation, frozenset((triple.head, triple.tail)))
        if key not in best or triple.score > best[key].score:
            best[key] = triple
    return list(best.values())


def uncontested(triples: Sequence[Triple]) -> list[Triple]:
    """Without those of a sentence that surer ones of the same relation leave no place for.

    In "Ann was born in Rome, Bob in Oslo" the pair of Ann and Oslo is like one that has the relation. It is left out
    for another tail of its head whose log odds are higher by `ONE_RIVAL`, or for another tail of its head and another
    head of its tail where both are higher by `TWO_RIVALS`. Both were chosen on the sentences that calibrate the
    built-in model: of 2,389 triples 135 go, and 20 of these are right.
    """
    sureties = log_odds(np.array([triple.score for triple in triples], dtype=np.float32)).tolist()
    told = [(triple.relation, triple.head.text, triple.tail.text) for triple in triples]
    tails = _surest_others([(relation, head) for relation, head, _ in told], [tail for *_, tail in told], sureties)
    heads = _surest_others([(relation, tail) for relation, _, tail in told], [head for _, head, _ in told], sureties)
    return [
        triple
        for triple, surety, tail, head in zip(triples, sureties, tails, heads, strict=True)
        if tail - surety <= ONE_RIVAL and min(tail, head) - surety <= TWO_RIVALS
    ]


def _surest_others(keys: Sequence[tuple[str, str]], names: Sequence[str], sureties: Sequence[float]) -> Iterator[float]:
    """For each the highest surety that another name has with its key; -inf if there is no other."""
    highest = defaultdict[tuple[str, str], dict[str, float]](dict)
    for key, name, surety in zip(keys, names, sureties, strict=True):
        highest[key][name] = max(surety, highest[key].get(name, surety))
    best = {key: heapq.nlargest(2, of.items(), key=itemgetter(1)) for key, of in highest.items()}
    for key, name in zip(keys, names, strict=True):
        yield max((surety for other, surety in best[key] if other != name), default=-math.inf)
