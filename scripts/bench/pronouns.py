"""What pronouns add on Re-DocRED's last 250 dev documents: facts found of "he" and "she", beside those found of names.

    python scripts/bench/pronouns.py --json docs/results/pronouns.json

Gold mentions, the relations of the catalogue that Re-DocRED uses, the model's threshold. A fact, of two entities of a
document, counts once, and is right where the document's labels have it: Re-DocRED labels no pronouns, but facts of
entities wherever they are stated.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from redocred import test_data

from zslre.datasets.docred import entity_mentions
from zslre.extractor import RelationExtractor
from zslre.pronouns import PronounResolver
from zslre.relations import RelationSet
from zslre.types import Mention, Sentence, Triple


class Fact(NamedTuple):
    """A relation between two entities of a document, by their numbers; of a symmetric one the smaller comes first."""

    document: int
    head: int
    relation: str
    tail: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    path = args.data / "redocred/dev_revised.json"
    relations, _ = test_data(path)
    extractor = RelationExtractor.from_pretrained(args.model).with_relations(relations)
    gold: set[Fact] = set()
    of_names: set[Fact] = set()
    of_pronouns: set[Fact] = set()
    n_pronouns = 0
    by_id = {relation.id: relation.name for relation in relations}
    for number, document in enumerate(json.loads(path.read_text(encoding="utf-8"))[250:]):
        sentences, entity_of = read(document)
        n_pronouns += sum(m.antecedent is not None for s in sentences for m in s.mentions)
        labels = [(label["h"], by_id[label["r"]], label["t"]) for label in document["labels"] if label["r"] in by_id]
        gold |= {fact(number, *label, relations) for label in labels}
        for sentence, triples in zip(sentences, extractor.extract_sentences(sentences), strict=True):
            for triple in triples:
                found = fact(number, entity_of[triple.head], triple.relation, entity_of[triple.tail], relations)
                (of_names if named_in(sentence, triple) else of_pronouns).add(found)
    result: dict[str, Any] = {
        "command": " ".join(sys.argv),
        "threshold": extractor.threshold,
        "facts labelled": len(gold),
        "pronouns that stand for a name": n_pronouns,
        "facts of names": counts(of_names, gold),
        "facts of pronouns": counts(of_pronouns, gold),
        "facts of pronouns alone": counts(of_pronouns - of_names, gold),
    }
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def read(document: dict[str, Any]) -> tuple[list[Sentence], dict[Mention, int]]:
    """The sentences with all mentions, pronouns included, and the number of the entity that each name stands for."""
    resolver, sentences, start = PronounResolver(), list[Sentence](), 0
    entity_of: dict[Mention, int] = {}
    for text, mentions in entity_mentions(document):
        entity_of |= {mention.shifted(start): entity for mention, entity in mentions.items()}
        sentences.append(resolver.resolve(Sentence(text, tuple(mentions), start)))
        start += len(text) + 1
    return sentences, entity_of


def fact(document: int, head: int, relation: str, tail: int, relations: RelationSet) -> Fact:
    if relations[relation].symmetric:
        head, tail = sorted((head, tail))
    return Fact(document, head, relation, tail)


def named_in(sentence: Sentence, triple: Triple) -> bool:
    """Whether head and tail are names in the sentence itself."""
    return min(triple.head.start, triple.tail.start) >= sentence.start


def counts(found: set[Fact], gold: set[Fact]) -> dict[str, float]:
    hits = len(found & gold)
    return {"found": len(found), "right": hits, "precision": round(hits / max(len(found), 1), 4)}


if __name__ == "__main__":
    main()
