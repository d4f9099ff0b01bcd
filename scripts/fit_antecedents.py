"""Fit the weights by which `zslre.antecedents` tells what "she", "its" and "the company" mean.

    python scripts/fit_antecedents.py --json docs/results/antecedents.json

On data/written/documents, in which the writers marked what each anaphor means; names are those that they marked.
Prints, for each eighth of the documents by the weights of the others, of the anaphors whose antecedent no name of their
sentence gives, how many are taken to mean something, and how many of these mean it. The weights that are written are
those of all; one minute.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from zslre.anaphora import LEAST, AnaphorReader
from zslre.antecedents import WEIGHTS, Name, likeliest, pronoun_of
from zslre.datasets.marked import EntitySentence, read_marked_documents
from zslre.types import Mention

PARTS = 8
PENALTY = 2.0  # of squared weights
LEVELS = (0.4, 0.5, 0.6, 0.7, 0.8)


class Case(NamedTuple):
    """An anaphor: what it may mean and whether each is what it means; `away`: no name of its sentence is."""

    anaphor: Mention
    options: list[tuple[Name, dict[str, float]]]
    right: list[bool]
    means: bool
    away: bool


class Judged(NamedTuple):
    """What an anaphor most likely means: the probability, whether it does, and whether it means anything marked."""

    probability: float
    right: bool
    means: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=sorted(Path("data/written/documents").glob("*.txt")))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    documents = [document for path in args.data for document in read_marked_documents(path)]
    judged: dict[str, list[Judged]] = {kind: [] for kind in ("person", "it", "they", "noun")}
    for part in range(PARTS):
        weights = fitted_twice([d for number, d in enumerate(documents) if number % PARTS != part])
        for case in (case for d in documents[part::PARTS] for case in cases(d, weights) if case.away):
            judged[group(case.anaphor)].append(judge(case, weights))
    weights = fitted_twice(documents)
    result = {
        "command": " ".join(["python", *sys.argv]),
        "documents": len(documents),
        "anaphors": sum(len(list(cases(document))) for document in documents),
        "whose sentence does not name what they mean": {kind: scores(of) for kind, of in judged.items()},
    }
    kept = {name: round(weight, 3) for name, weight in sorted(weights.items()) if abs(weight) >= 0.001}
    WEIGHTS.write_text(json.dumps({"command": result["command"], "weights": kept}, indent=1) + "\n", encoding="utf-8")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def cases(document: Sequence[EntitySentence], weights: dict[str, float] | None = None) -> Iterator[Case]:
    """The anaphors of a document, each read with those before it taken rightly, or as the `weights` have it."""
    reader = AnaphorReader()
    entity_of: dict[Mention, int] = {}
    for marked in document:
        entities = dict(zip(marked.sentence.mentions, marked.entities, strict=True))
        meant = {(m.start, m.end): entity for m, entity in entities.items() if m in marked.anaphors}
        named = {m: entity for m, entity in entities.items() if m not in marked.anaphors}
        sentence = marked.named
        entity_of |= {mention.shifted(sentence.start): entity for mention, entity in named.items()}
        for anaphor, options in reader.read(sentence):
            gold = meant.get((anaphor.start, anaphor.end))
            right = [entity_of[name.mention] == gold for name, _ in options]
            away = gold not in named.values()
            yield Case(anaphor, options, right, gold is not None, away)
            taken, probability = (options[right.index(True)][0], 1.0) if any(right) else (None, 0.0)
            if weights is not None:
                taken, probability = likeliest(options, weights)
            if taken is not None and probability >= LEAST:
                reader.take(anaphor, taken, sentence.text, probability)


def fitted_twice(documents: Sequence[Sequence[EntitySentence]]) -> dict[str, float]:
    """The weights where those before are taken rightly, and then where they are taken by these weights as well.

    As in use, where mistakes are followed by others, so that probabilities are not too high there.
    """
    rightly = [case for document in documents for case in cases(document)]
    weights = fitted(rightly)
    return fitted([*rightly, *(case for document in documents for case in cases(document, weights))])


def fitted(found: Sequence[Case]) -> dict[str, float]:
    """The weights of the highest likelihood, less the penalty: of any right option, or of none where none is right."""
    names = sorted({name for case in found for _, features in case.options for name in features})
    columns = {name: column for column, name in enumerate(names)}
    nothing = dict[str, float]()  # the features of none of them, the last row of each case
    rows = [row for case in found for row in [*(features for _, features in case.options), nothing]]
    right = np.array([holds for case in found for holds in [*case.right, not any(case.right)]])
    starts = np.cumsum([0, *(len(case.options) + 1 for case in found)])[:-1]
    case_of = np.repeat(np.arange(len(found)), np.diff([*starts, len(rows)]))
    indices = [columns[name] for features in rows for name in features]
    values = [value for features in rows for value in features.values()]
    matrix = csr_array((values, indices, np.cumsum([0, *map(len, rows)])), shape=(len(rows), len(names)))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = matrix @ weights
        exponents = np.exp(logits - np.maximum.reduceat(logits, starts)[case_of])
        shares = exponents / np.add.reduceat(exponents, starts)[case_of]
        hits = np.where(right, shares, 0.0)
        likelihoods = np.add.reduceat(hits, starts)
        total = 0.5 * PENALTY * weights @ weights - np.log(likelihoods).sum()
        return total, PENALTY * weights + matrix.T @ (shares - hits / likelihoods[case_of])

    found_weights = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return dict(zip(names, found_weights.tolist(), strict=True))


def group(anaphor: Mention) -> str:
    pronoun = pronoun_of(anaphor)
    return "person" if pronoun in ("he", "she") else pronoun


def judge(case: Case, weights: dict[str, float]) -> Judged:
    best, probability = likeliest(case.options, weights)
    right = any(
        right and name.entity is best.entity for right, (name, _) in zip(case.right, case.options, strict=True) if best
    )
    return Judged(probability, right, case.means)


def scores(found: Sequence[Judged]) -> dict[str, object]:
    """Precision and recall, by the least probability."""
    means = sum(one.means for one in found)
    levels = {}
    for level in LEVELS:
        taken = [one.right for one in found if one.probability >= level]
        shares = {"precision": sum(taken) / max(1, len(taken)), "recall": sum(taken) / max(1, means)}
        levels[str(level)] = {name: round(share, 3) for name, share in shares.items()}
    return {"anaphors": len(found), "that mean a name": means, "by least probability": levels}


if __name__ == "__main__":
    main()
