"""Sentences written about relations that no dataset labels, as training draws them."""

from __future__ import annotations

from collections.abc import Sequence

from zslre.datasets.marked import Marked, ToldRelation
from zslre.relation import Relation
from zslre.training.drawn import Drawn


def told_sentences(
    told: Sequence[ToldRelation], elsewhere: frozenset[str] = frozenset()
) -> tuple[dict[str, list[Drawn]], dict[str, list[Drawn]]]:
    """By relation, the sentences that state it and those that lack it.

    What states one relation lacks the others, those told `elsewhere` too, which the writers kept away from; with
    another name for the head or the tail it is known to lack its own. So is a pair of a sentence that lacks it.
    """
    names = frozenset(of.relation.name for of in told)
    stating = {of.relation.name: [_drawn(s, of.relation, names | elsewhere) for s in of.stating] for of in told}
    lacking = {of.relation.name: [_drawn(s, of.relation, None) for s in of.lacking] for of in told}
    return stating, {name: sentences for name, sentences in lacking.items() if sentences}


def _drawn(marked: Marked, relation: Relation, known: frozenset[str] | None) -> Drawn:
    """`known`: what is known of the pair that has the relation; None: it lacks it."""
    head, tail = marked.numbered[1], marked.numbered[2]
    others = [mention for number, mention in marked.numbered.items() if number > 2]
    pairs = [(head, tail), (tail, head), *((head, other) for other in others), *((other, tail) for other in others)]
    own, none = frozenset([relation.name]), frozenset[str]()
    holds = own if known is not None else none
    labels = [holds, holds if relation.symmetric else none] + [none] * 2 * len(others)
    asked = [known or own] + [own] * (len(pairs) - 1)
    return Drawn(marked.sentence, tuple(pairs), tuple(labels), tuple(asked))
