#!/usr/bin/env python3
"""Score predicted triples against a gold file, by the texts of head and tail.

The gold file is a JSON list of {"head", "relation": [accepted labels], "tail", "sentence"}; "or" holds further ways to
say the same. A predicted triple counts as true if it is one of them, and a true one is found if any way to say it is
predicted. Case and a leading article do not matter. Two true predictions of one relation are both counted as true for
the precision, once for the recall.

    zslre predict data/samples/news.txt --format jsonl > predicted.jsonl
    python scripts/score_sample.py predicted.jsonl data/samples/news.gold.json --min-recall 0.66 --max-false-share 0.25
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Key = tuple[str, str, str]


def main() -> int:
    """Print the score; 1 if it misses a threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predicted", type=Path, help="JSON Lines from 'zslre predict'")
    parser.add_argument("gold", type=Path)
    parser.add_argument("--min-recall", type=float, default=0.0, help="least share of true triples that are found")
    parser.add_argument("--max-false-share", type=float, default=1.0, help="largest share of false ones, of predicted")
    arguments = parser.parse_args()

    lines = arguments.predicted.read_text(encoding="utf-8").splitlines()
    predicted = [triple for line in lines for triple in json.loads(line)["triples"]]
    gold = json.loads(arguments.gold.read_text(encoding="utf-8"))
    true, false, missed = score(predicted, gold)

    for title, triples in (("true", true), ("false", false)):
        print(f"{title}: {len(triples)}")
        for triple in triples:
            head, tail = triple["head"]["text"], triple["tail"]["text"]
            print(f"  {triple['score']:.2f}  {head} | {triple['relation']} | {tail}")
    print(f"missed: {len(missed)}")
    for item in missed:
        print(f"        {item['head']} | {item['relation'][0]} | {item['tail']}")

    recall = 1 - len(missed) / len(gold)
    false_share = len(false) / len(predicted) if predicted else 0.0
    print(f"recall {recall:.3f} ({len(gold) - len(missed)}/{len(gold)})")
    print(f"precision {1 - false_share:.3f} ({len(true)}/{len(predicted)})")
    failed = recall < arguments.min_recall or false_share > arguments.max_false_share
    if failed:
        print(f"FAILED: needs recall >= {arguments.min_recall}, share of false ones <= {arguments.max_false_share}")
    return int(failed)


def score(
    predicted: Iterable[dict[str, Any]], gold: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The predicted triples that are true, those that are false, and the gold ones that none of them says."""
    places: dict[Key, int] = {}
    for index, item in enumerate(gold):
        for way in (item, *item.get("or", ())):
            for relation in way["relation"]:
                places[_key(way["head"], relation, way["tail"])] = index
    true, false, found = [], [], set()
    for triple in predicted:
        index_found = places.get(_key(triple["head"]["text"], triple["relation"], triple["tail"]["text"]))
        if index_found is None:
            false.append(triple)
        else:
            true.append(triple)
            found.add(index_found)
    return true, false, [item for index, item in enumerate(gold) if index not in found]


def _key(head: str, relation: str, tail: str) -> Key:
    return _plain(head), relation.casefold(), _plain(tail)


def _plain(name: str) -> str:
    return name.casefold().removeprefix("the ").strip()


if __name__ == "__main__":
    sys.exit(main())
