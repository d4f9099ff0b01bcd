"""Keywords: phrases that set one relation's texts apart from the others', and from one another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zslre.encoder import FloatArray
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.words import ARGUMENT_WORDS, is_content, words_of

MAX_KEYWORDS = 6
CANDIDATES = 30
DIVERSITY = 0.4
LEAST_WEIGHT = 0.2  # of the best keyword's
LEAST_TEXTS = 0.04  # of a relation's texts that must hold a keyword, and never fewer than two where there are examples
_PUNCTUATION = re.compile(r"[^\w\s'\u2019-]+")


def keywords(
    texts: Mapping[str, Sequence[str]],
    background: Mapping[str, int],
    vectors: PhraseVectors,
    *,
    without: Mapping[str, Collection[str]] | None = None,
) -> dict[str, list[tuple[str, float]]]:
    """For each class its keywords, best first, with their weights relative to the best: (0, 1].

    `texts`: class → its texts; `background`: phrase → texts elsewhere that hold it; `without`: class → words that make
    no keyword by themselves, such as those for what its arguments are. A phrase of class c is weighted by
    class-based TF-IDF (Grootendorst 2022), tf(t, c) · log(1 + A / f(t)): A the mean number of phrases in a class, f(t)
    how often t occurs in all classes and the background. Maximal marginal relevance (Carbonell and Goldstein 1998)
    chooses among the heaviest: those near to one that was chosen, by phrase vector, lose.
    """
    counts = {name: Counter(p for text in found for p in set(phrases_of(text))) for name, found in texts.items()}
    total: Counter[str] = Counter(background)
    for found in counts.values():
        total.update(found)
    mean = sum(found.total() for found in counts.values()) / max(len(counts), 1)
    known = without if without is not None else {}
    weights = {
        name: _weights(found, len(texts[name]), total, mean, known.get(name, ())) for name, found in counts.items()
    }
    return {name: _diverse(of_class, vectors) for name, of_class in weights.items()}


def phrases_of(text: str) -> list[str]:
    """The words that carry meaning, and pairs of them that stand side by side, part by part between punctuation.

    >>> phrases_of("a person who sits on the executive board")
    ['person', 'sits', 'executive', 'board', 'executive board']
    """
    found: list[str] = []
    for part in _PUNCTUATION.split(text):
        words = words_of(part)
        telling = [is_content(word) and word not in ARGUMENT_WORDS for word in words]
        found += [word for word, tells in zip(words, telling, strict=True) if tells]
        found += [f"{words[i]} {words[i + 1]}" for i in range(len(words) - 1) if telling[i] and telling[i + 1]]
    return found


def _weights(
    counts: Counter[str], n_texts: int, total: Counter[str], mean: float, without: Collection[str]
) -> dict[str, float]:
    least = max(2.0, LEAST_TEXTS * n_texts) if n_texts > 1 else 1.0
    size = counts.total()
    telling = {t: n for t, n in counts.items() if n >= least and not all(word in without for word in t.split())}
    weights = {t: n / size * float(np.log1p(mean / total[t])) for t, n in telling.items()}
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:CANDIDATES])


def _diverse(weights: Mapping[str, float], vectors: PhraseVectors) -> list[tuple[str, float]]:
    if not weights:
        return []
    phrases, relevance = list(weights), np.array(list(weights.values()))
    relevance = relevance / relevance.max()
    order = marginal_relevance(relevance, vectors(phrases), MAX_KEYWORDS, diversity=DIVERSITY)
    chosen: list[tuple[str, float]] = []
    for i in order:
        # "executive" says nothing beside "executive board".
        if relevance[i] >= LEAST_WEIGHT and not any(
            set(phrases[i].split()) <= set(other.split()) for other, _ in chosen
        ):
            chosen.append((phrases[i], float(relevance[i])))
    return chosen


def marginal_relevance(relevance: np.ndarray, vectors: FloatArray, count: int, *, diversity: float) -> list[int]:
    """Places of up to `count` items: each the best by (1 - d) · relevance - d · (highest cosine to one chosen).

    relevance (N,), unit vectors (N, D).

    >>> marginal_relevance(np.array([1.0, 0.9, 0.5]), np.eye(3, 2, dtype=np.float32)[[0, 0, 1]], 2, diversity=0.5)
    [0, 2]
    """
    chosen: list[int] = []
    similarity = np.clip(vectors @ vectors.T, 0.0, None)
    while len(chosen) < min(count, len(relevance)):
        near = similarity[:, chosen].max(axis=1) if chosen else np.zeros(len(relevance))
        scores = (1 - diversity) * relevance - diversity * near
        scores[chosen] = -np.inf
        chosen.append(int(scores.argmax()))
    return chosen
