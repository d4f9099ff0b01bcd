"""How well a detector finds mentions: exact spans, with and without types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zslre.evaluation.metrics import precision_recall_f1
from zslre.mentions import trim
from zslre.types import Mention, Sentence

# OntoNotes' types as DocRED's; NORP (nationalities) is what DocRED mostly calls a place.
DOCRED_OF: Mapping[str, str] = {
    **dict.fromkeys(("PERSON",), "PER"),
    **dict.fromkeys(("GPE", "LOC", "FAC", "NORP"), "LOC"),
    **dict.fromkeys(("ORG",), "ORG"),
    **dict.fromkeys(("DATE", "TIME"), "TIME"),
    **dict.fromkeys(("CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY"), "NUM"),
    **dict.fromkeys(("EVENT", "LANGUAGE", "LAW", "MISC", "PRODUCT", "WORK_OF_ART"), "MISC"),
}


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Micro scores in [0, 1] of exact spans; `typed_f1` wants the right type as well."""

    precision: float
    recall: float
    f1: float
    typed_f1: float
    found: int
    gold: int


def span_scores(
    found: Iterable[Sentence], gold: Iterable[Sentence], types: Mapping[str, str] | None = None
) -> SpanScores:
    """Mentions found in sentences, compared with the gold ones of the same; `types` maps those found to gold's."""
    hits = typed = predicted = wanted = 0
    for sentence, truth in zip(found, gold, strict=True):
        of_span = {(m.start, m.end): m.type for m in truth.mentions}
        right = [m for m in sentence.mentions if (m.start, m.end) in of_span]
        hits += len(right)
        typed += sum(of_span[m.start, m.end] == _mapped(m.type, types) for m in right)
        predicted += len(sentence.mentions)
        wanted += len(of_span)
    precision, recall, f1 = precision_recall_f1(hits, predicted, wanted)
    return SpanScores(precision, recall, f1, precision_recall_f1(typed, predicted, wanted)[2], predicted, wanted)


def argument_recall(found: Sequence[Sentence], arguments: Sequence[Sequence[Mention]]) -> dict[str, float]:
    """Share of the sentences' arguments whose exact span was found: of all, with a capital letter, and without.

    Arguments are trimmed as mentions are, since datasets take articles along or not.
    """
    counts = {"all": [0, 0], "with a capital letter": [0, 0], "without": [0, 0]}
    for sentence, wanted in zip(found, arguments, strict=True):
        spans = {(m.start, m.end) for m in sentence.mentions}
        for argument in wanted:
            hit = trim(sentence.text, argument.start, argument.end) in spans
            kind = "with a capital letter" if any(c.isupper() for c in argument.text) else "without"
            for key in ("all", kind):
                counts[key][0] += hit
                counts[key][1] += 1
    return {key: hits / count if count else 0.0 for key, (hits, count) in counts.items()}


def _mapped(type: str | None, types: Mapping[str, str] | None) -> str | None:
    return type if types is None or type is None else types.get(type, type)
