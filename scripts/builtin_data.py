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
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.marked import EntitySentence, ToldRelation, read_marked_documents, read_texts, read_told_relations
from zslre.datasets.splits import normal_text
from zslre.encoder import Encoder
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.exceptions import InputError
from zslre.meanings import training_leaks
from zslre.mentions import load_detector
from zslre.packing import Packer
from zslre.relations import RelationSet, SideInformation
from zslre.scoring import Scorer
from zslre.sideinfo.builder import build_side_information
from zslre.training.builtin.augmentation import Doubter
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.neighbours import neighbours
from zslre.training.builtin.stated import alike, read_stated, stated_by_phrase
from zslre.training.builtin.told import told_sentences
from zslre.training.builtin.written import Writer
from zslre.training.calibration import best_margins, calibrated, check_slope
from zslre.training.model import TorchScorer
from zslre.training.reversal import reverse_labels, with_inverses
from zslre.training.sources import dev_sentences, named, renamed, without_leaks
from zslre.training.trainer import zero_shot_predictions

N_DEV = 10  # relations
N_PARSED = 30_000  # sentences, some four minutes
WRITTEN = Path(__file__).parent.parent / "data/written"
LABELLED = Path(__file__).parent.parent / "data/labelled/fewrel.txt"
WRITTEN_DEV = 8  # of our own texts each eighth does not train
OURS = "texts and relations written for this project (CC0-1.0)"
SOURCES = ["FewRel 1.0 train (MIT)", "Wiki-ZSL (MIT)", "Re-DocRED dev, documents 1-210 (MIT)"]


@dataclass(frozen=True, slots=True, eq=False)
class BuiltinData:
    """Sentences to learn from, and what they are about.

    `texts`: our own, read for all built-in relations; `told`: relations that no dataset has, with sentences of our own;
    `told_apart`: such of which the encoder learns nothing, for the network is to serve relations that are new to it;
    `of_fewrel`: relations that the writers of those kept away from. `trained`: names of all relations but the phrases
    that label those `stated` and those that are `told`. `judged`: Re-DocRED's sentences for calibration,
    `judged_texts`: our own. `test`: sentences of the `unseen` relations (ids), `dev`: those of the relations
    `dev_names`, `malformed`: rows that were left out.
    """

    partial: list[AnnotatedSentence]
    complete: list[AnnotatedSentence]
    writer: Writer
    stated: list[AnnotatedSentence]
    texts: list[AnnotatedSentence]
    told: list[ToldRelation]
    told_apart: list[ToldRelation]
    of_fewrel: frozenset[str]
    trained: list[str]
    judged: list[AnnotatedSentence]
    judged_texts: list[AnnotatedSentence]
    test: list[AnnotatedSentence]
    unseen: list[str]
    dev: list[AnnotatedSentence]
    dev_names: list[str]
    malformed: list[InputError]

    @property
    def phrases(self) -> list[str]:
        """What labels the sentences `stated`."""
        return sorted({phrase for s in self.stated for phrase in s.labels[0]})


def read_builtin_data(
    folder: Path, relations: RelationSet, *, with_val: bool = False, contrasts: int = 0
) -> BuiltinData:
    """All of it, labelled by names of `relations`, from the datasets under `folder`; with nothing `unseen` and nothing
    to test if FewRel's validation relations are to train as well (`with_val`). `contrasts`: see `written_texts`."""
    val = list(read_fewrel(folder / "fewrel/val_wiki.json"))
    val_ids = json.loads((folder / "fewrel/splits.json").read_text())["fewrel_official"]["val"]
    test, unseen = ([], []) if with_val else (val, val_ids)
    documents = folder / "redocred/dev_revised.json"
    held_out = {normal_text(example.sentence.text) for example in test}
    held_out |= {normal_text(s.sentence.text) for s in read_docred(documents, slice(210, None))}
    malformed: list[InputError] = []
    few = named(read_fewrel(folder / "fewrel/train_wiki.json"), relations)
    wiki = named(read_fewrel(folder / "wikizsl/wikizsl67.json", on_bad=malformed.append), relations)
    of_val = named(val, relations)
    rows = [*few, *wiki, *(of_val if with_val else [])]
    without_val = without_leaks(rows, relations, val_ids, held_out)
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
    texts, judged_texts = _written(relations, held_out, contrasts) if with_val else ([], [])
    told, told_apart = (_told(part, kept_from) if with_val else [] for part in ("relations", "unseen"))
    trained = sorted({*labelled, *writer.relations.names})
    return BuiltinData(
        partial,
        complete,
        writer,
        _stated(partial, relations.select(sorted(training_leaks(kept_from, relations)))),
        texts,
        told,
        told_apart,
        frozenset(name for s in [*few, *of_val] for labels in s.labels for name in labels),
        trained,
        judged,
        judged_texts,
        [] if with_val else of_val,
        unseen,
        dev_sentences(of_dev, dev_names),
        dev_names,
        malformed,
    )


def builtin_relations(relations: RelationSet) -> RelationSet:
    """Those that the built-in model looks for when it is told nothing else."""
    return relations.select((Path(__file__).parent / "builtin_relations.txt").read_text().split())


def written_texts(contrasts: int) -> tuple[list[AnnotatedSentence], list[AnnotatedSentence]]:
    """Our own texts, read for all built-in relations: those that train, and those that do not.

    Those that tell what holds from what does not come `contrasts` times, and with 0 not at all. A new file must sort
    behind those of its folder: which texts do not train goes by their number.
    """
    train, dev = list[AnnotatedSentence](), list[AnnotatedSentence]()
    for folder, times in (("texts", 1), ("contrasts", contrasts)):
        texts = [s for path in sorted((WRITTEN / folder).glob("*.txt")) for s in read_texts(path)]
        train += times * [s for number, s in enumerate(texts) if number % WRITTEN_DEV]
        dev += texts[::WRITTEN_DEV] if times else []
    return train, dev


def labelled_sentences(held_out: Collection[str]) -> list[AnnotatedSentence]:
    """Sentences of FewRel's in which we labelled every pair, but for those held out (by their normal text): all of them
    train, for earlier rounds have seen them with one pair."""
    return [s for s in read_texts(LABELLED) if normal_text(s.sentence.text) not in held_out]


def written_documents() -> tuple[list[EntitySentence], list[EntitySentence]]:
    """The sentences of our own documents: of those that train, and of those that do not."""
    documents = [d for path in sorted((WRITTEN / "documents").glob("*.txt")) for d in read_marked_documents(path)]
    train = [s for number, document in enumerate(documents) if number % WRITTEN_DEV for s in document]
    return train, [s for document in documents[::WRITTEN_DEV] for s in document]


def _written(
    relations: RelationSet, held_out: Collection[str], contrasts: int
) -> tuple[list[AnnotatedSentence], list[AnnotatedSentence]]:
    """Those, the sentences of our documents and those that we labelled, both `contrasts` times, with inverse ones."""
    reverse = reverse_labels(relations)
    both = zip(written_texts(contrasts), written_documents(), (contrasts, 1), strict=True)
    parts = ([*texts, *times * [sentence.annotated() for sentence in read]] for texts, read, times in both)
    train, dev = ([with_inverses(_without_adjectives(s), reverse) for s in part] for part in parts)
    train += contrasts * [with_inverses(s, reverse) for s in labelled_sentences(held_out)]
    return train, dev


def _told(part: str, kept_from: list[str]) -> list[ToldRelation]:
    """The relations of a folder of our own, but for what is kept from training."""
    told = [of for path in sorted(WRITTEN.glob(f"{part}/*.txt")) for of in read_told_relations(path)]
    leaks = training_leaks(kept_from, RelationSet(of.relation for of in told))
    return [of for of in told if of.relation.name not in leaks]


def _without_adjectives(annotated: AnnotatedSentence) -> AnnotatedSentence:
    """Without unlabelled pairs such as ("Ann", "Danish"): writers differed in whether that makes her a citizen."""
    kept = [
        (pair, names)
        for pair, names in zip(annotated.pairs, annotated.labels, strict=True)
        if names or (pair[0].type, pair[1].type) != ("PERSON", "NORP")
    ]
    return replace(annotated, pairs=tuple(p for p, _ in kept), labels=tuple(n for _, n in kept))


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


def calibrated_on(
    data: BuiltinData, encoder: Encoder, scorer: Scorer, packer: Packer, relations: RelationSet
) -> tuple[tuple[float, float], dict[str, dict[str, float]]]:
    """Slope and offset for all sentences that are there to calibrate on, and figures for them and for each of the two.

    Encyclopedias alone are not what users read, and their labels leave much out that their sentences state. Raises
    InputError where right pairs score no higher than wrong ones.
    """
    parts = {"redocred_documents_211_250": data.judged, "written_texts": data.judged_texts}
    found = {n: best_margins(encoder, scorer, packer, part, relations) for n, part in parts.items() if part}
    margins, correct, counts = zip(*found.values(), strict=True)
    numbers, figures = calibrated(np.concatenate(margins), np.concatenate(correct), sum(counts))
    check_slope(numbers[0])
    return numbers, {"calibration": figures} | {name: calibrated(*part)[1] for name, part in found.items()}


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
    pronoun_rate: float = 0.0,
    owner_rate: float = 0.0,
    n_texts: int = 0,
    n_stated: int = 6,
    n_told: int = 0,
    seed: int,
) -> BuiltinEpisodes:
    """Episodes of everything in `data`. `encoder` finds side information of the relations, a second version of each."""
    known = relations.select(data.trained)
    told = data.told if n_told else []
    stating, lacking = told_sentences(told, data.of_fewrel)
    # A model that has learned from the catalogue's own phrases alone takes little from those found.
    found = with_found_side(known, encoder)
    # Fully labelled sentences say which of many pairs express nothing. They are few, and seen often: other people,
    # organisations, dates and numbers in half of them keep the model from learning by heart who is related to whom.
    # Places keep their names, for it depends on them whether one is a country.
    return BuiltinEpisodes(
        data.partial,
        data.complete,
        RelationSet([*known, *(of.relation for of in told)]),
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
        stated=stated_by_phrase(data.stated),
        n_stated=n_stated,
        told=stating,
        lacking=lacking,
        n_told=n_told,
        alike=alike(sorted({*data.phrases, *stating}), known, encoder),
        variants=found,
        near=neighbours(known, encoder),
        join_rate=join_rate,
        pronoun_rate=pronoun_rate,
        owner_rate=owner_rate,
        texts=data.texts,
        n_texts=n_texts,
        read_for=frozenset(builtin_relations(relations).names),
        seed=seed,
    )
