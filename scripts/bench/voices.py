"""Relations named by a verb, where the sentence uses the name's voice and where it uses the other one.

    python scripts/bench/voices.py ../shared/data/fewrel/val_wiki.json --json docs/results/voices_fewrel.json

Of the sentences in a dataset, whose labels play no part, those are taken whose parse ties two names by a transitive
verb ("Oracle sued Google", "Google was sued by Oracle"). Every verb becomes a relation of the model, named by its past
("sued"), its present ("sues") or its passive ("sued by"), all of them at once. Each sentence's pair is asked for its
verb's relation both ways round, with the name alone and with the wordings that zslre adds to it. Figures, in percent of
the pairs: `direction`, the right one scores higher; `found`, that one reaches the threshold; `reversed`, the wrong one
scores higher and does; `another`, some other verb's relation is printed of the pair, either way round.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import spacy
from results import write_results
from side_info import probabilities_of_all

from zslre.encoder import pair_vectors
from zslre.evaluation.tables import percent, piped
from zslre.evaluation.tasks import read_labelled
from zslre.extractor import RelationExtractor
from zslre.matching import Matcher
from zslre.mentions import DEFAULT_PIPELINE
from zslre.packing import Item, Pair
from zslre.relations import Relation, RelationSet
from zslre.sideinfo.grammar import passive_of, verb_of
from zslre.sideinfo.wordnet import wordnet
from zslre.sideinfo.words import Form, inflect
from zslre.training.builtin.stated import stated_pairs
from zslre.types import Sentence
from zslre.wordings import FORMS as TENSES

FORMS: tuple[Form | Literal["passive"], ...] = (*TENSES, "passive")
MOST_CHARACTERS = 300
FIGURES = ("direction", "found", "reversed", "another")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that ties a pair by a verb; `passive`: its head is what the verb is done to."""

    sentence: Sentence
    pair: Pair
    verb: str
    passive: bool

    def in_voice_of(self, form: str) -> bool:
        return self.passive == (form == "passive")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    examples = read_labelled([args.data], None, on_bad=lambda error: None).examples
    texts = sorted({e.sentence.text for e in examples if len(e.sentence.text) <= MOST_CHARACTERS})
    said = list(read_said(texts))
    model = RelationExtractor.from_pretrained(args.model)
    lines, rows = [["name", "voice of the sentence", "wordings", "pairs", *FIGURES]], []
    for form in FORMS:
        for added, scores in judged(model, said, form).items():
            for same in (True, False):
                chosen = [row for row, s in zip(scores, said, strict=True) if s.in_voice_of(form) == same]
                figures = dict(zip(FIGURES, np.mean(chosen, axis=0).tolist(), strict=True))
                facts: dict[str, Any] = {
                    "name": form,
                    "voice": "same" if same else "other",
                    "wordings": added,
                    "pairs": len(chosen),
                }
                rows.append(facts | figures)
                lines.append([*map(str, facts.values()), *map(percent, figures.values())])
    print(f"{len(texts)} sentences, {len(said)} pairs, {len({s.verb for s in said})} verbs\n\n{piped(lines)}")
    write_results(args.json, {"model": model.config["name"], "rows": rows})


def read_said(texts: Sequence[str]) -> Iterator[Said]:
    """The pairs that these texts tie by nothing but a verb, or by a passive and "by"."""
    for doc in spacy.load(DEFAULT_PIPELINE).pipe(texts, batch_size=64):
        for pair, phrase in stated_pairs(doc):
            verb = verb_of(phrase, wordnet())
            if verb is not None:
                yield Said(Sentence(doc.text, tuple(sorted(pair, key=lambda m: m.start))), pair, *verb)


def name_of(verb: str, form: Form | Literal["passive"]) -> str:
    return passive_of(verb, wordnet()) if form == "passive" else inflect(verb, form, wordnet())


def judged(model: RelationExtractor, said: Sequence[Said], form: Form | Literal["passive"]) -> dict[str, np.ndarray]:
    """FIGURES of each pair (n, 4), 0 or 1, without further wordings and with them."""
    names = [name_of(s.verb, form) for s in said]
    asked = model.with_relations(RelationSet(Relation(name) for name in sorted(set(names))))
    items: list[Item] = [(s.sentence, [s.pair, s.pair[::-1]]) for s in said]
    vectors = pair_vectors(model.encoder, model.packer, items)
    columns = [asked.relations.names.index(name) for name in names]
    least, found = model.threshold, {}
    bare = Matcher(asked.scorer, asked.prototypes, context=asked.context)
    for added, matcher in {"no": bare, "yes": asked.matcher}.items():
        scores = probabilities_of_all(matcher, vectors, items, len(asked.relations))
        figures = []
        for number, (s, column) in enumerate(zip(said, columns, strict=True)):
            both = scores[2 * number : 2 * number + 2]
            right, wrong = both[:, column] if s.in_voice_of(form) else both[::-1, column]
            printed = [best for best, p in zip(both.argmax(axis=1), both.max(axis=1), strict=True) if p >= least]
            another = any(best != column for best in printed)
            figures.append([right > wrong, right > wrong and right >= least, wrong > right and wrong >= least, another])
        found[added] = np.array(figures, dtype=float)
    return found


if __name__ == "__main__":
    main()
