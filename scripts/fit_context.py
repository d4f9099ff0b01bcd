"""Fit the network that weighs a sentence's pairs against each other, and put it into the built-in model's folder.

    python scripts/fit_context.py -m build/builtin/tagged -o zslre/assets/model

Re-DocRED's first 210 documents, our own texts and the sentences that we labelled fit it, the next 40 and an eighth of
the texts calibrate it and choose the threshold; builtin_data.py says more. So do relations that the encoder never saw,
told in sentences of ours, so that it serves users' own. Mentions have the types that the model's tagger gives them, so
the tagger comes first; Re-DocRED's come with their own types too. All else stays as it is. Prints the scores that go
into config.json; ten minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from builtin_data import read_builtin_data

from zslre.datasets.annotated import AnnotatedSentence
from zslre.extractor import RelationExtractor
from zslre.relations import catalogue
from zslre.serialization import load_model
from zslre.training.builtin.context import ContextSettings, best_candidates, calibrated_context, fit_context, typed_by
from zslre.training.builtin.owners import full_names, with_owner
from zslre.training.finish import licence_notices, write_model

OWNED = 0.4  # share of the sentences with a fact


def owned(sentences: Sequence[AnnotatedSentence]) -> list[AnnotatedSentence]:
    """Some of the sentences once more, of a name's brother or the like in place of the name."""
    rng = np.random.default_rng(0)
    people = full_names(sentences)
    drawn = [one for one in sentences if any(one.labels) and rng.random() < OWNED]
    made = (with_owner(one, people, rng) for one in drawn)
    return [new for one, new in zip(drawn, made, strict=True) if new is not one]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", type=Path, required=True, help="the model whose pairs it weighs")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write; may be the same")
    args = parser.parse_args()

    data = read_builtin_data(args.data, catalogue(), with_val=True, contrasts=1)
    extractor = RelationExtractor.from_pretrained(args.model)
    settings = ContextSettings()
    complete = [*data.complete, *data.texts]
    shown = [*typed_by(extractor.detector, [*complete, *owned(complete)]), *data.complete]
    context = fit_context(extractor, shown, settings, data.told_apart)
    judged = {"redocred_documents_211_250": data.judged, "written_texts": data.judged_texts}
    typed = {name: typed_by(extractor.detector, sentences) for name, sentences in judged.items()}
    parts = {name: best_candidates(extractor, sentences) for name, sentences in typed.items()}
    context, figures = calibrated_context(context, parts)
    facts = {
        "data": "Re-DocRED dev documents 1-210, our own texts, sentences of FewRel labelled by us",
        "command": "python " + " ".join(sys.argv),
        "settings": asdict(settings),
        "scores": figures,
    }
    files = load_model(args.model)
    thresholds = {"threshold": figures["calibration"]["threshold"], "pair_threshold": extractor.pair_threshold}
    names = [of.relation.name for of in data.told_apart]
    trained = sorted({*files.config["trained_relations"], *names})
    config = {**files.config, **thresholds, "trained_relations": trained, "context_training": facts}
    write_model(args.output, replace(files, context=context, config=config), licence_notices(args.model))
    print(json.dumps(figures, indent=1), file=sys.stderr)


if __name__ == "__main__":
    main()
