"""What the built-in model, its teacher and its verifier learn from, and what is kept from them.

FewRel's training relations and Wiki-ZSL are sentences in which one pair is known; of Re-DocRED's dev documents the
first 210 train, with every pair known, the next 40 choose calibration and threshold, and the last 250 are not read.
FewRel's 16 validation relations, their inverses and their sentences are left out of a first round, for a zero-shot
test of the recipe. Spouse, child and member of are among them, which every user asks for: what ships learns them in
later rounds. Left out of all are ten relations of the rest that are not among the built-in ones: what their sentences
say of the worth of each kind of side information holds for new relations, as what trained relations say does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.splits import normal_text
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.exceptions import InputError
from zslre.mentions import load_detector
from zslre.packing import Packer
from zslre.relations import RelationSet, SideInformation, training_leaks
from zslre.sideinfo.builder import build_side_information
from zslre.training.augmentation import Doubter
from zslre.training.episodes import EpisodeSampler
from zslre.training.model import TorchScorer
from zslre.training.neighbours import neighbours
from zslre.training.sources import dev_sentences, named, renamed, without_leaks
from zslre.training.stated import alike, read_stated
from zslre.training.trainer import zero_shot_predictions
from zslre.training.written import Writer

N_DEV = 10  # relations
N_PARSED = 30_000  # sentences, some four minutes
SOURCES = ["FewRel 1.0 train (MIT)", "Wiki-ZSL (MIT)", "Re-DocRED dev, documents 1-210 (MIT)"]


@dataclass(frozen=True, slots=True, eq=False)
class BuiltinData:
    """Sentences to learn from, `trained`: names of all relations in them but the phrases that label those `stated`,
    `judged`: sentences for calibration, `test`: those of the `unseen` relations (ids), `dev`: those of the relations
    `dev_names`, `malformed`: rows that were left out."""

    partial: list[AnnotatedSentence]
    complete: list[AnnotatedSentence]
    writer: Writer
    stated: list[AnnotatedSentence]
    trained: list[str]
    judged: list[AnnotatedSentence]
    test: list[AnnotatedSentence]
    unseen: list[str]
    dev: list[AnnotatedSentence]
    dev_names: list[str]
    malformed: list[InputError]

    @property
    def phrases(self) -> list[str]:
        """What labels the sentences `stated`."""
        return sorted({phrase for s in self.stated for phrase in s.labels[0]})


def read_builtin_data(folder: Path, relations: RelationSet, *, with_val: bool = False) -> BuiltinData:
    """All of it, labelled by names of `relations`, from the datasets under `folder`; with nothing `unseen` and nothing
    to test if FewRel's validation relations are to train as well (`with_val`)."""
    val = list(read_fewrel(folder / "fewrel/val_wiki.json"))
    of_val = json.loads((folder / "fewrel/splits.json").read_text())["fewrel_official"]["val"]
    test, unseen = ([], []) if with_val else (val, of_val)
    documents = folder / "redocred/dev_revised.json"
    held_out = {normal_text(example.sentence.text) for example in test}
    held_out |= {normal_text(s.sentence.text) for s in read_docred(documents, slice(210, None))}
    malformed: list[InputError] = []
    rows = [
        *named(read_fewrel(folder / "fewrel/train_wiki.json"), relations),
        *named(read_fewrel(folder / "wikizsl/wikizsl67.json", on_bad=malformed.append), relations),
        *named(val if with_val else [], relations),
    ]
    without_val = without_leaks(rows, relations, of_val, held_out)
    dev_names = _drawn(without_val, relations)  # the same in all rounds
    rows = without_leaks(rows, relations, [], held_out) if with_val else without_val
    of_dev = [s for s in rows if any(labels & set(dev_names) for labels in s.labels)]
    held_out |= {normal_text(s.sentence.text) for s in of_dev}
    kept_from = [*unseen, *dev_names]
    partial = without_leaks(rows, relations, kept_from, held_out)
    complete = without_leaks(renamed(read_docred(documents, slice(210)), relations), relations, kept_from, held_out)
    writer = Writer(relations.without(sorted(training_leaks(kept_from, relations))), [*partial, *complete])
    labelled = {name for s in [*partial, *complete] for labels in s.labels for name in labels}
    judged = renamed(read_docred(documents, slice(210, 250)), relations)
    trained = sorted({*labelled, *writer.relations.names})
    return BuiltinData(
        partial,
        complete,
        writer,
        _stated(partial, relations.select(sorted(training_leaks(kept_from, relations)))),
        trained,
        judged,
        named(test, relations),
        unseen,
        dev_sentences(of_dev, dev_names),
        dev_names,
        malformed,
    )


def builtin_relations(relations: RelationSet) -> RelationSet:
    """Those that the built-in model looks for when it is told nothing else."""
    return relations.select((Path(__file__).parent / "builtin_relations.txt").read_text().split())


def _stated(sentences: list[AnnotatedSentence], unseen: RelationSet) -> list[AnnotatedSentence]:
    """What some of the sentences state in words that are no name of a relation kept from training."""
    chosen = np.random.default_rng(0).choice(len(sentences), min(N_PARSED, len(sentences)), replace=False)
    names = [name for r in unseen for name in (r.name, *r.side.synonyms)]
    return read_stated([sentences[i].sentence for i in chosen], known=names, processes=2)


def _drawn(rows: list[AnnotatedSentence], relations: RelationSet) -> list[str]:
    """Relations to hold out, none of which is a built-in one or keeps the data of one from training."""
    wanted = set(builtin_relations(relations).names)
    labelled = sorted({name for s in rows for labels in s.labels for name in labels})
    free = [name for name in labelled if not training_leaks([name], relations) & wanted]
    return sorted(np.random.default_rng(0).choice(free, N_DEV, replace=False).tolist())


def zero_shot_scores(
    data: BuiltinData, relations: RelationSet, encoder: TransformerEncoder, scorer: TorchScorer, packer: Packer
) -> dict[str, float]:
    """How well the unseen relations are told apart; nothing where none are."""
    if not data.unseen:
        return {}
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, data.test, relations.select(data.unseen))
    return {"fewrel_val_zero_shot_16_way_macro_f1": round(classification_scores(gold, predicted).macro_f1, 4)}


def with_found_side(relations: RelationSet, encoder: TransformerEncoder) -> RelationSet:
    """Names and descriptions, and what `zslre side-info build` finds for them."""
    return build_side_information(RelationSet(replace(r, side=SideInformation()) for r in relations), encoder)


def builtin_sampler(
    data: BuiltinData,
    relations: RelationSet,
    encoder: TransformerEncoder,
    *,
    n_relations: int = 20,
    n_sentences: int = 2,
    n_complete: int = 16,
    n_written: int = 8,
    max_pairs: int = 16,
    join_rate: float = 0.0,
    n_pronouns: int = 0,
    seed: int,
) -> EpisodeSampler:
    """Episodes of everything in `data`. `encoder` finds side information of the relations, a second version of each."""
    known = relations.select(data.trained)
    # A model that has learned from the catalogue's own phrases alone takes little from those found.
    found = with_found_side(known, encoder)
    # Fully labelled sentences say which of many pairs express nothing. They are few, and seen often: other people,
    # organisations, dates and numbers in half of them keep the model from learning by heart who is related to whom.
    # Places keep their names, for it depends on them whether one is a country.
    return EpisodeSampler(
        data.partial,
        data.complete,
        known,
        n_relations=n_relations,
        n_sentences=n_sentences,
        n_complete=n_complete,
        max_pairs=max_pairs,
        detector=load_detector(),
        doubter=Doubter(),
        rename=("PER", "ORG", "TIME", "NUM"),
        writer=data.writer,
        n_written=n_written,
        names=data.writer.names,
        stated=data.stated,
        alike=alike(data.phrases, known, encoder),
        variants=found,
        near=neighbours(known, encoder),
        join_rate=join_rate,
        n_pronouns=n_pronouns,
        seed=seed,
    )
