"""What the built-in model's mention tagger learns from, and what chooses its settings.

FewRel's training sentences and Wiki-ZSL's teach spaCy's entities and the arguments of their labelled pairs, Re-DocRED's
dev documents 1-210 all their mentions, and our own texts and labelled sentences theirs, but for some of their common
nouns. Documents 211-250, the sentences of eight of FewRel's training relations and an eighth of our texts choose the
settings. Documents 251-500 and FewRel's validation sentences are in none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from builtin_data import labelled_sentences, written_documents, written_texts

from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.annotated import AnnotatedSentence, group_examples
from zslre.datasets.splits import normal_text
from zslre.mentions import MentionDetector
from zslre.training.builtin.tag_targets import Taught
from zslre.types import Mention, Sentence

DEV_RELATIONS = 8
DEV_SENTENCES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class TaggerData:
    """`dev_documents`, `dev_texts`: sentences with all their mentions; `dev_arguments`: sentences with some."""

    taught: list[Taught]
    dev_documents: list[Sentence]
    dev_texts: list[Sentence]
    dev_arguments: list[tuple[Sentence, tuple[Mention, ...]]]


def read_tagger_data(folder: Path, teacher: MentionDetector, *, sentences: int, seed: int) -> TaggerData:
    """At most so many `sentences` with arguments, half as many again of Wiki-ZSL's as of FewRel's."""
    rng = np.random.default_rng(seed)
    documents = folder / "redocred/dev_revised.json"
    kept = {normal_text(e.sentence.text) for e in read_fewrel(folder / "fewrel/val_wiki.json")}
    kept |= {normal_text(s.sentence.text) for s in read_docred(documents, slice(210, None))}
    few = list(read_fewrel(folder / "fewrel/train_wiki.json"))
    names = sorted({str(example.relation) for example in few})
    held_out = set(rng.choice(names, DEV_RELATIONS, replace=False).tolist())
    dev = _sample(group_examples(e for e in few if e.relation in held_out), DEV_SENTENCES, kept, rng)
    kept |= {normal_text(e.sentence.text) for e in few if e.relation in held_out}
    labelled = labelled_sentences(kept)
    wiki = group_examples(read_fewrel(folder / "wikizsl/wikizsl67.json", on_bad=lambda error: None))
    partial = _sample(group_examples(few), sentences * 2 // 5, kept, rng)
    kept |= {normal_text(s.sentence.text) for s in partial}
    partial += _sample(wiki, sentences - len(partial), kept, rng)
    complete = [s for s in read_docred(documents, slice(210)) if normal_text(s.sentence.text) not in kept]
    found = teacher.detect([Sentence(s.sentence.text) for s in [*partial, *complete]])
    given = [*((arguments(s), False) for s in partial), *((s.sentence.mentions, True) for s in complete)]
    taught = [Taught(f.text, f.mentions, *known) for f, known in zip(found, given, strict=True)]
    ours, dev_texts = (
        [*(s.sentence for s in texts), *(s.named for s in of_documents)]
        for texts, of_documents in zip(written_texts(contrasts=1), written_documents(), strict=True)
    )
    ours += [_without_idle_nouns(s) for s in labelled]
    taught += [Taught(s.text, s.mentions, s.mentions, False) for s in ours]
    judged = [s.sentence for s in read_docred(documents, slice(210, 250))]
    return TaggerData(taught, judged, dev_texts, [(Sentence(s.sentence.text), arguments(s)) for s in dev])


def arguments(annotated: AnnotatedSentence) -> tuple[Mention, ...]:
    """The mentions of its labelled pairs, each once, in text order."""
    found = {mention for pair in annotated.pairs for mention in pair}
    return tuple(sorted(found, key=lambda mention: (mention.start, mention.end)))


def _without_idle_nouns(annotated: AnnotatedSentence) -> Sentence:
    """Without common nouns that have part in no fact ("film", "song"): labellers marked more than the writers."""
    labelled = zip(annotated.pairs, annotated.labels, strict=True)
    stated = {mention for pair, names in labelled if names for mention in pair}
    kept = [m for m in annotated.sentence.mentions if m in stated or any(c.isupper() or c.isdigit() for c in m.text)]
    return replace(annotated.sentence, mentions=tuple(kept))


def _sample(
    sentences: Sequence[AnnotatedSentence], count: int, without: set[str], rng: np.random.Generator
) -> list[AnnotatedSentence]:
    fit = [s for s in sentences if normal_text(s.sentence.text) not in without]
    chosen = rng.choice(len(fit), min(count, len(fit)), replace=False)
    return [fit[number] for number in sorted(chosen)]
