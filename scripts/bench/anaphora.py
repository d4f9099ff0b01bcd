"""What anaphors add on Re-DocRED's last 250 dev documents: facts found of "he", "she" and "the company", beside names'.

    python scripts/bench/anaphora.py --json docs/results/anaphora.json

Gold mentions, the relations of the catalogue that Re-DocRED uses, the model's threshold. A fact, of two entities of a
document, counts once, and is right where the document's labels have it: Re-DocRED labels no anaphors, but facts of
entities wherever they are stated. `--first` takes the first 250 documents instead, on which the rules were chosen.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from redocred import test_data
from results import write_results

from zslre.anaphora import PRONOUN, AnaphorResolver
from zslre.datasets.docred import entity_mentions
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet
from zslre.types import Mention, Sentence


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
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    path = args.data / "redocred/dev_revised.json"
    relations, _ = test_data(path)
    extractor = RelationExtractor.from_pretrained(args.model).with_relations(relations)
    gold: set[Fact] = set()
    of_names: set[Fact] = set()
    of_anaphors: dict[str, set[Fact]] = {"pronouns": set(), "nouns": set()}
    resolved: Counter[str] = Counter()
    by_id = {relation.id: relation.name for relation in relations}
    documents = json.loads(path.read_text(encoding="utf-8"))
    for number, document in enumerate(documents[:250] if args.first else documents[250:]):
        sentences, entity_of = read(document)
        resolved.update(kind_of(m) for s in sentences for m in s.mentions if m.antecedent is not None)
        labels = [(label["h"], by_id[label["r"]], label["t"]) for label in document["labels"] if label["r"] in by_id]
        gold |= {fact(number, *label, relations) for label in labels}
        for sentence, triples in zip(sentences, extractor.extract_sentences(sentences), strict=True):
            for triple in triples:
                found = fact(number, entity_of[triple.head], triple.relation, entity_of[triple.tail], relations)
                kinds = {kind_of(m) for m in sentence.mentions if m.antecedent in (triple.head, triple.tail)}
                for facts in [of_anaphors[kind] for kind in kinds] or [of_names]:
                    facts.add(found)
    result: dict[str, Any] = {
        "threshold": extractor.threshold,
        "facts labelled": len(gold),
        "that stand for a name": dict(resolved),
        "facts of names": counts(of_names, gold),
        **{f"facts of {kind}": counts(facts, gold) for kind, facts in of_anaphors.items()},
        **{f"facts of {kind} alone": counts(facts - of_names, gold) for kind, facts in of_anaphors.items()},
    }
    write_results(args.json, result)
    print(json.dumps(result, indent=1))


def read(document: dict[str, Any]) -> tuple[list[Sentence], dict[Mention, int]]:
    """The sentences with all mentions, anaphors included, and the number of the entity that each name stands for."""
    resolver, sentences, start = AnaphorResolver(), list[Sentence](), 0
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


def kind_of(anaphor: Mention) -> str:
    return "pronouns" if PRONOUN.fullmatch(anaphor.text) else "nouns"


def counts(found: set[Fact], gold: set[Fact]) -> dict[str, float]:
    hits = len(found & gold)
    return {"found": len(found), "right": hits, "precision": round(hits / max(len(found), 1), 4)}


if __name__ == "__main__":
    main()
