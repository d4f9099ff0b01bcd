"""The script that scores a model on relations that nobody trained it on counts as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from scripting import load_script

from zslre.datasets.marked import ToldRelation, marked
from zslre.relations import Relation, RelationSet
from zslre.types import Sentence, Triple

told = load_script(Path(__file__).parent.parent / "scripts/bench/told_relations.py")

LIKES = ToldRelation(
    Relation("likes", "whom somebody is fond of"),
    [marked("{1:PERSON|Ann} likes {2:PERSON|Bob}."), marked("{2:PERSON|Bob} is liked by {1:PERSON|Ann}.")],
    [marked("{1:PERSON|Ann} saw {2:PERSON|Bob}.")],
)


class FirstLikesSecond:
    """Finds of each sentence that whoever comes first likes whoever comes second; of the first, one triple more."""

    def __init__(self) -> None:
        self.asked: list[Relation] = []
        self.types: set[str | None] = set()

    def with_relations(self, relations: RelationSet) -> FirstLikesSecond:
        self.asked += relations
        return self

    def extract_sentences(self, sentences: Iterable[Sentence], *, threshold: float) -> Iterator[list[Triple]]:
        for number, one in enumerate(sentences):
            first, second = one.mentions
            self.types |= {first.type, second.type}
            knows = [Triple(second, "knows", first, 0.3)] if number == 0 else []
            yield [Triple(first, "likes", second, 0.5 + number / 10), *knows]


def test_own_triples_and_all_others_are_told_apart() -> None:
    extractor = FirstLikesSecond()
    found = list(told.asked_of(extractor, [LIKES], bare=False))
    assert found == [told.Asked(True, 0.5, (0.3,)), told.Asked(True, 0.0, (0.6,)), told.Asked(False, 0.7, ())]
    assert extractor.asked == [LIKES.relation]
    assert extractor.types == {None}


def test_bare_relations_have_but_a_name() -> None:
    extractor = FirstLikesSecond()
    list(told.asked_of(extractor, [LIKES], bare=True))
    assert extractor.asked == [Relation("likes")]
