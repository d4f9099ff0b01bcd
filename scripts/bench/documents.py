"""Triples of whole documents, from raw text: what `zslre predict` prints against what the documents say.

    python scripts/bench/documents.py --json docs/results/documents.json

48 short documents of as many kinds (data/documents), each with the triples that it states of the 81 default relations,
written before any model was run on them by somebody who knew no model. Many rest on two sentences or on "the company",
of which models here find a part. A name is found in any of its forms: "Varkonyi" for "Ilona Varkonyi".

    python scripts/bench/documents.py --marked data/marked/mixed.txt

reads documents whose mentions are marked (data/README.md) instead: what is tried is compared on these.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from results import write_results

from zslre.datasets.marked import read_marked_documents
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet
from zslre.sentences import split_sentences

REVERSED = "reversed: "


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of a document, in all of the ways to say it: relations of head and tail, and of tail and head."""

    head: str
    tail: str
    relations: frozenset[str]
    reversed: frozenset[str]

    def said_by(self, head: str, relation: str, tail: str) -> bool:
        forth = relation in self.relations and _names(head, self.head) and _names(tail, self.tail)
        return forth or (relation in self.reversed and _names(head, self.tail) and _names(tail, self.head))

    def named_in(self, sentence: str) -> bool:
        """Whether it names both, the head by its last word at least."""
        return self.head.split()[-1] in sentence and self.tail in sentence


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    text: str
    stated: list[Stated]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=sorted(Path("data/documents").glob("*.txt")))
    parser.add_argument("--marked", type=Path, nargs="+", default=[])
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--threshold", type=float, default=None)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--triples", action="store_true", help="print the triples, + true, - false")
    args = parser.parse_args()

    extractor = RelationExtractor.from_pretrained(args.model)
    documents = [d for path in args.marked for d in of_marked(path, extractor.relations)]
    documents = documents or [d for path in args.data for d in read_documents(path, extractor.relations)]
    counts: Counter[str] = Counter()
    relations: dict[str, Counter[str]] = {}
    for document in documents:
        triples = extractor.predict(document.text, threshold=args.threshold)
        found: set[int] = set()
        for triple in triples:
            head, tail = triple.head.name, triple.tail.name
            says = {i for i, fact in enumerate(document.stated) if fact.said_by(head, triple.relation, tail)}
            found |= says
            relations.setdefault(triple.relation, Counter())["true" if says else "false"] += 1
            if args.triples:
                sign = "+" if says else "-"
                print(sign, f"{triple.score:.2f}", " | ".join([head, triple.relation, tail, document.title]))
        sentences = [sentence.text for sentence in split_sentences(document.text)]
        near = {i for i, fact in enumerate(document.stated) if any(map(fact.named_in, sentences))}
        counts["named in one sentence"] += len(near)
        counts["of these found"] += len(near & found)
        counts["stated"] += len(document.stated)
        counts["found"] += len(found)
        counts["printed"] += len(triples)
    true = sum(c["true"] for c in relations.values())
    result = {
        "documents": len(documents),
        "threshold": args.threshold if args.threshold is not None else extractor.threshold,
        **counts,
        "true": true,
        "precision": round(true / max(1, counts["printed"]), 4),
        "recall": round(counts["found"] / counts["stated"], 4),
        "relations": {name: dict(count) for name, count in sorted(relations.items())},
    }
    write_results(args.json, result)
    print(json.dumps({key: value for key, value in result.items() if key != "relations"}, indent=1))


def read_documents(path: Path, relations: RelationSet) -> Iterator[Document]:
    """The documents of a file: "# title", the text, and "= head | relation / another | tail" for each fact."""
    for block in ("\n" + path.read_text(encoding="utf-8")).split("\n# ")[1:]:
        title, _, rest = block.partition("\n")
        lines = rest.splitlines()
        text = "\n".join(line for line in lines if not line.startswith("= ")).strip()
        yield Document(title, text, [_stated(line[2:], relations) for line in lines if line.startswith("= ")])


def of_marked(path: Path, relations: RelationSet) -> Iterator[Document]:
    """The documents of a marked file. What has several names goes by the longest."""
    for number, sentences in enumerate(read_marked_documents(path)):
        names: dict[int, str] = {}
        for marked in sentences:
            for mention, entity in zip(marked.sentence.mentions, marked.entities, strict=True):
                if mention not in marked.anaphors:
                    names[entity] = max(names.get(entity, ""), mention.text, key=len)
        facts = dict.fromkeys(fact for marked in sentences for fact in sorted(marked.facts))
        stated = [_stated(f"{names[head]} | {said} | {names[tail]}", relations) for head, said, tail in facts]
        yield Document(f"{path.name} {number}", " ".join(s.sentence.text for s in sentences), stated)


def _stated(line: str, relations: RelationSet) -> Stated:
    head, said, tail = (part.strip() for part in line.split("|"))
    ways = re.split(" / (?!speciality)", said)  # a relation's own name has a slash
    forth = frozenset(way for way in ways if not way.startswith(REVERSED))
    back = {way.removeprefix(REVERSED) for way in ways if way.startswith(REVERSED)}
    back |= {way for way in forth if relations[way].symmetric}
    return Stated(head, tail, forth, frozenset(back))


def _names(form: str, name: str) -> bool:
    """Whether all words of the form are words of the name, or the other way round."""
    a, b = ({w for w in x.casefold().replace("\u2019", "'").split() if w != "the"} for x in (form, name))
    return a <= b or b <= a


if __name__ == "__main__":
    main()
