"""How often `zslre side-info build` takes the right property of Wikidata for a relation that is called in other words.

    python scripts/bench/property_match.py --json docs/results/property_match.json

The names are aliases of properties, one each, of two words or more; the index does not know the alias. They are of
properties that the model neither learned nor is tested on. "taken": share of names for which a property is taken;
"right": share of those that are the alias's; "taken, absent": share taken when the right property is left out, always
wrongly. It chose the limits in zslre/sideinfo/wikidata.py.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from results import write_results

from zslre.extractor import RelationExtractor
from zslre.relations import Relation
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import Property, PropertyIndex, properties

LIMITS = [(least, lead) for least in (0.65, 0.7, 0.75, 0.8, 0.85) for lead in (0.0, 0.03, 0.06, 0.1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--properties", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    held_out = model.config["held_out"].values()
    used = {*model.config["trained_relations"], *(name for names in held_out for name in names)}
    known, names = hidden(properties(), used, args.properties, np.random.default_rng(args.seed))
    index = PropertyIndex(PhraseVectors(model.encoder), known=known)
    best, there, absent = [], [], []
    for place, name in names.items():
        scores = index._similarities(Relation(name))
        best.append(int(scores.argmax()) == place)
        there.append(top_two(scores))
        absent.append(top_two(np.delete(scores, place)))
    rows = []
    for least, lead in LIMITS:
        taken, wrongly = ((np.array(s)[:, 0] >= least) & (-np.diff(s)[:, 0] >= lead) for s in (there, absent))
        right = float(np.array(best)[taken].mean())
        row = {"least": least, "lead": lead, "taken": taken.mean(), "right": right, "taken, absent": wrongly.mean()}
        rows.append({key: round(float(value), 3) for key, value in row.items()})
        print(rows[-1])
    write_results(args.json, {"model": model.config["name"], "names": len(names), "rows": rows})


def hidden(
    every: tuple[Property, ...], used: set[str], limit: int, rng: np.random.Generator
) -> tuple[list[Property], dict[int, str]]:
    """The properties, some of them without one of their aliases, and that alias by the property's place."""
    owners = Counter(name for p in every for name in {n.casefold() for n in p.names})
    known, names = list(every), dict[int, str]()
    for place in rng.permutation([i for i, p in enumerate(every) if p.label not in used and len(p.names) > 2])[:limit]:
        own = every[place].names
        free = [n for n in own[1:] if n.isascii() and " " in n and owners[n.casefold()] == 1]
        if free:
            names[int(place)] = alias = str(rng.choice(free))
            known[place] = replace(every[place], names=tuple(n for n in own if n != alias))
    return known, names


def top_two(scores: np.ndarray) -> tuple[float, float]:
    second, first = np.partition(scores, -2)[-2:]
    return float(first), float(second)


if __name__ == "__main__":
    main()
