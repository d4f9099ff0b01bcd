"""Fits the network of `zslre.context` on sentences in which every pair is labelled, the rest of the model fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zslre.candidates import asked_pairs
from zslre.context import FEATURES, FLOOR, ContextScorer, both_ways, context_features, right_way_round
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.marked import ToldRelation
from zslre.encoder import FloatArray, pair_vectors
from zslre.extractor import RelationExtractor
from zslre.matching import LOOKED_AT, highest
from zslre.mentions import MentionDetector
from zslre.packing import IntArray, Item
from zslre.relations import RelationSet
from zslre.scoring import unit
from zslre.training.builtin.told import told_sentences
from zslre.training.calibration import calibrated, check_slope
from zslre.types import Mention, Sentence

LEAST_PRECISION = 0.75  # where as much is found as by the margins alone at 0.6
AT_ONCE = 64  # sentences
FEWEST, MOST = 2, 40  # relations of a sentence that is asked for some of them only


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """`view_decay`: weight decay of the views, which else learn training's pairs by heart. `without_relation`: share of
    the candidates whose relation's views are hidden, so that the network serves relations that it was not fitted with.
    `without_types`: share of the sentences that are asked for a few relations whose mentions have no type. `drawings`:
    how often a sentence that tells a relation is asked for it and a few others.
    """

    views: int = 64
    relation_views: int = 32
    hidden: int = 256
    dropout: float = 0.1
    without_relation: float = 0.5
    without_types: float = 0.5
    drawings: int = 2
    epochs: int = 30
    batch_size: int = 512
    learning_rate: float = 3e-3
    decay: float = 0.01
    view_decay: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """N pairs, each with one of its best relations: features (N, F), pair vectors `both_ways` (N, 2, D), the relation's
    place among the `texts` (R, D), and whether it is true (N,).

    `texts`: prototypes of all relations, their first kind. `n_labels`: true relations of all pairs, found or not.
    """

    features: FloatArray
    vectors: FloatArray
    columns: IntArray
    correct: np.ndarray
    texts: FloatArray
    n_labels: int

    @classmethod
    def joined(cls, parts: Sequence[Candidates]) -> Candidates:
        return cls(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.columns for part in parts]),
            np.concatenate([part.correct for part in parts]),
            parts[0].texts,
            sum(part.n_labels for part in parts),
        )

    def beside(self, other: Candidates) -> Candidates:
        """Both, with the other's relations behind these."""
        moved = replace(other, columns=other.columns + len(self.texts))
        return replace(Candidates.joined([self, moved]), texts=np.concatenate([self.texts, other.texts]))


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Sentences as the model reads them: pair vectors (P, D), log odds (P, R), and the labels of each pair, None where
    nobody knows them. `about`: of each sentence, the place of a relation for which it is always asked, if there is one.
    """

    items: list[Item]
    vectors: FloatArray
    odds: FloatArray
    truth: list[frozenset[str] | None]
    names: tuple[str, ...]
    texts: FloatArray
    n_labels: int
    about: list[list[int]]

    def candidates(self, some_of: np.random.Generator | None = None, *, without_types: float = 0.0) -> Candidates:
        odds, items = self.odds, self.items
        if some_of is not None:
            odds = np.where(_some(some_of, items, len(self.names), self.about), odds, -np.inf)
            items = [_retyped(i, lambda _: None) if some_of.random() < without_types else i for i in items]
        best = highest(odds, LOOKED_AT)
        known = np.array([of is not None for of in self.truth], dtype=np.bool_)
        rows, places = np.nonzero((np.take_along_axis(odds, best, axis=1) >= FLOOR) & known[:, None])
        columns = best[rows, places]
        features = context_features(items, odds, rows, columns)
        found = zip(rows, columns, strict=True)
        correct = np.array([self.names[column] in (self.truth[row] or ()) for row, column in found], dtype=np.bool_)
        kept = right_way_round(features)
        shown = features[kept], both_ways(self.vectors, items, rows[kept]), columns[kept], correct[kept]
        return Candidates(*shown, self.texts, self.n_labels)


def _scored(
    extractor: RelationExtractor, sentences: Sequence[AnnotatedSentence], about: Sequence[str] = ()
) -> Iterator[_Scored]:
    """The sentences, some at a time, asked for all relations of the extractor; `about`: names, one for each."""
    names, texts = extractor.relations.names, extractor.prototypes.texts(extractor.scorer)
    for start in range(0, len(sentences), AT_ONCE):
        batch = sentences[start : start + AT_ONCE]
        items: list[Item] = [(one.sentence, asked_pairs(one.sentence)) for one in batch]
        vectors = pair_vectors(extractor.encoder, extractor.packer, items)
        odds = extractor.scorer.log_odds(extractor.matcher.margins(vectors, items))
        labels = [dict(zip(one.pairs, one.labels, strict=True)) for one in batch]
        truth = [of.get(pair) for of, (_, pairs) in zip(labels, items, strict=True) for pair in pairs]
        n_labels = sum(len(of & set(names)) for one in batch for of in one.labels)
        places = [[names.index(name)] for name in about[start : start + AT_ONCE]] or [[]] * len(batch)
        yield _Scored(items, vectors, odds, truth, names, texts, n_labels, places)


def best_candidates(
    extractor: RelationExtractor, sentences: Sequence[AnnotatedSentence], *, some_of: np.random.Generator | None = None
) -> Candidates:
    """Those of the labelled pairs that the network would look at, as `extractor` asks about them.

    With `some_of` each sentence is asked for a few relations only, drawn anew: users ask for a few, or for hundreds.
    """
    return Candidates.joined([batch.candidates(some_of) for batch in _scored(extractor, sentences)])


def told_candidates(
    extractor: RelationExtractor, told: Sequence[ToldRelation], settings: ContextSettings, drawn: np.random.Generator
) -> Candidates:
    """Those of the sentences of `told`, each asked for its own relation and a few others, `settings.drawings` times."""
    stating, lacking = told_sentences(told)
    about = [(s, name) for kind in (stating, lacking) for name, drawns in kind.items() for s in drawns]
    sentences = typed_by(extractor.detector, [AnnotatedSentence(s.sentence, s.pairs, s.labels) for s, _ in about])
    asked = extractor.with_relations(RelationSet(of.relation for of in told))
    return Candidates.joined(
        [
            of.candidates(drawn, without_types=settings.without_types)
            for of in _scored(asked, sentences, [name for _, name in about])
            for _ in range(settings.drawings)
        ]
    )


def typed_by(detector: MentionDetector, sentences: Sequence[AnnotatedSentence]) -> list[AnnotatedSentence]:
    """The sentences, each mention that `detector` finds too with the type that it gives, as in a user's text."""
    found = detector.detect([Sentence(one.sentence.text) for one in sentences])
    return [_typed_as(of, one) for of, one in zip(found, sentences, strict=True)]


def _typed_as(found: Sentence, annotated: AnnotatedSentence) -> AnnotatedSentence:
    types = {(m.start, m.end): m.type for m in found.mentions}
    item = annotated.sentence, annotated.pairs
    sentence, pairs = _retyped(item, lambda m: types.get((m.start, m.end), m.type))
    return replace(annotated, sentence=sentence, pairs=tuple(pairs))


def _retyped(item: Item, type_of: Callable[[Mention], str | None]) -> Item:
    def typed(mention: Mention) -> Mention:
        return replace(mention, type=type_of(mention))

    sentence, pairs = item
    mentions = tuple(map(typed, sentence.mentions))
    return replace(sentence, mentions=mentions), [(typed(head), typed(tail)) for head, tail in pairs]


def _some(rng: np.random.Generator, items: Iterable[Item], n_relations: int, about: Iterable[list[int]]) -> np.ndarray:
    """Which relations each pair is asked for, (P, R): the same of all pairs of a sentence, with those it is `about`."""
    most = min(MOST, n_relations)
    rows = []
    for (_, pairs), always in zip(items, about, strict=True):
        asked = np.zeros(n_relations, dtype=np.bool_)
        asked[rng.choice(n_relations, rng.integers(min(FEWEST, most), most + 1), replace=False)] = True
        asked[always] = True
        rows.append(np.tile(asked, (len(pairs), 1)))
    return np.concatenate(rows)


def fit_context(
    extractor: RelationExtractor,
    sentences: Sequence[AnnotatedSentence],
    settings: ContextSettings,
    unseen: Sequence[ToldRelation] = (),
) -> ContextScorer:
    """The network that tells right candidates from wrong ones best; asked for all relations, and for a few, then for
    some sentences as if nobody knew the types of their mentions. `unseen`: relations that the model never saw, as
    users' own are, each sentence asked for its own and a few others."""
    drawn = np.random.default_rng(settings.seed)
    apart = told_candidates(extractor, unseen, settings, drawn) if unseen else None
    scored = _scored(extractor, sentences)
    both = ((of.candidates(), of.candidates(drawn, without_types=settings.without_types)) for of in scored)
    shown = Candidates.joined([part for parts in both for part in parts])
    if apart is not None:
        shown = shown.beside(apart)
    torch.manual_seed(settings.seed)
    features, vectors = torch.from_numpy(shown.features), torch.from_numpy(unit(shown.vectors))
    texts, columns = torch.from_numpy(unit(shown.texts)), torch.from_numpy(shown.columns)
    correct = torch.from_numpy(shown.correct).float()
    mean, spread = features.mean(dim=0), features.std(dim=0)
    spread[spread == 0] = torch.inf  # what is the same of all candidates counts nothing
    views = nn.Linear(texts.shape[1], settings.views, bias=False)
    of_relation = nn.Linear(texts.shape[1], settings.relation_views, bias=False)
    nn.init.normal_(views.weight)
    nn.init.normal_(of_relation.weight)
    n_inputs = len(FEATURES) + 2 * settings.views + 3 * settings.relation_views
    layers = nn.Sequential(nn.Linear(n_inputs, settings.hidden), nn.ReLU(), nn.Dropout(settings.dropout))
    output = nn.Linear(settings.hidden, 1)
    groups = [
        {"params": [*layers.parameters(), *output.parameters()], "weight_decay": settings.decay},
        {"params": [views.weight, of_relation.weight], "weight_decay": settings.view_decay},
    ]
    optimizer = torch.optim.AdamW(groups)
    steps = settings.epochs * -(-len(correct) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps + 1)
    for _ in range(settings.epochs):
        for rows in torch.randperm(len(correct)).split(settings.batch_size):
            viewed, told = views(vectors[rows]), of_relation(texts)[columns[rows]]
            told = told * (torch.rand(len(rows), 1) >= settings.without_relation)
            products = viewed[..., : settings.relation_views] * told[:, None]
            inputs = torch.cat([(features[rows] - mean) / spread, viewed.flatten(1), told, products.flatten(1)], dim=1)
            loss = binary_cross_entropy_with_logits(output(layers(inputs))[:, 0], correct[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return _plain((views.weight, of_relation.weight), layers[0], output, mean, spread)


def _plain(
    views: tuple[Tensor, Tensor], first: nn.Linear, output: nn.Linear, mean: Tensor, spread: Tensor
) -> ContextScorer:
    """For features as they are, not scaled to mean 0 and spread 1."""
    n = len(mean)
    hidden = torch.cat([first.weight[:, :n] / spread, first.weight[:, n:]], dim=1)
    bias = first.bias - hidden[:, :n] @ mean
    found = (*views, hidden, bias, output.weight[0], output.bias[0])
    return ContextScorer(*(tensor.detach().numpy() for tensor in found))


def calibrated_context(
    context: ContextScorer, parts: dict[str, Candidates]
) -> tuple[ContextScorer, dict[str, dict[str, float]]]:
    """The network calibrated on candidates that did not fit it, all together, and figures for them and for each part.

    See `zslre.training.calibration.calibrated`. Raises InputError where right ones score no higher than wrong ones.
    """

    def figures_of(shown: Candidates) -> tuple[tuple[float, float], dict[str, float]]:
        odds = context.log_odds(shown.features, shown.vectors, shown.texts, shown.columns)
        return calibrated(odds, shown.correct, shown.n_labels, LEAST_PRECISION)

    (slope, offset), figures = figures_of(Candidates.joined(list(parts.values())))
    check_slope(slope)
    output, bias = np.float32(slope) * context.output, np.float32(slope) * context.bias + np.float32(offset)
    found = {"calibration": figures} | {name: figures_of(part)[1] for name, part in parts.items()}
    return replace(context, output=output, bias=np.asarray(bias, dtype=np.float32)), found
