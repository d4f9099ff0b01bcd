from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

import zslre.extractor
import zslre.matching
from zslre.candidates import NEAR, ONE_RIVAL, TWO_RIVALS, asked_pairs, candidate_pairs, uncontested
from zslre.encoder import FloatArray, pair_vectors
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.fitting import fitted
from zslre.pipeline import TOP_K
from zslre.prototypes import build_prototypes
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.scoring import Scorer, log_odds
from zslre.sentences import split_sentences
from zslre.threads import one_blas_thread
from zslre.types import Example, Mention, Sentence, Triple

TEXT = (
    "Ann lives in Rome and works for Acme.\r\n\r\n  Bob   married Dora, founder of Zeta.\tCarl was born in Oslo; "
    "Lima is a new city. 🙂 Éva of Paris lives in Lima."
)
EXTRACTOR = tiny.extractor()
ALL = {"threshold": 0.0, "top_k": len(tiny.RELATIONS)}
words = st.sampled_from(["Ann", "Bob", "Rome", "Acme", "lives", "in", "of", "founder", ".", "Éva", "\n\n", "🙂", "was"])


def blas_threads() -> set[int]:
    # NumPy's own: SciPy brings another, which a test before this may have loaded and predictions do not use.
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas" and "numpy" in pool["filepath"]]
    return {pool["num_threads"] for pool in pools}


def test_scores_are_computed_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    features = Scorer.features

    def watched(self: Scorer, vectors: FloatArray) -> FloatArray:
        seen.update(blas_threads())
        return features(self, vectors)

    monkeypatch.setattr(Scorer, "features", watched)
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        EXTRACTOR.predict(TEXT)
        assert blas_threads() == before
    assert before == {2}
    assert seen == {1}


def test_the_last_of_several_calls_gives_numpy_its_threads_back() -> None:
    first, second = one_blas_thread(), one_blas_thread()
    with threadpool_limits(limits=2, user_api="blas"):
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == {2}


def places(triple: Triple) -> tuple[tuple[int, int], tuple[int, int]]:
    return (triple.head.start, triple.head.end), (triple.tail.start, triple.tail.end)


def scores(triples: list[Triple]) -> dict[tuple[object, str], float]:
    return {(places(triple), triple.relation): triple.score for triple in triples}


def assert_close(found: dict[tuple[object, str], float], expected: dict[tuple[object, str], float]) -> None:
    assert found.keys() == expected.keys()
    for key, score in expected.items():
        assert found[key] == pytest.approx(score, abs=1e-5), key


def slow_predict(extractor: RelationExtractor, text: str, least: float, top_k: int) -> dict[tuple[object, str], float]:
    """One pair and one relation at a time, straight from the formulas."""
    found: dict[tuple[object, str], float] = {}
    slope, offset = (float(x) for x in extractor.scorer.calibration)
    side = build_prototypes(extractor.encoder, extractor.scorer, extractor.relations)
    prototypes = fitted(extractor.scorer, side, extractor.relations.names, extractor.support)
    matrix = prototypes.weighted(extractor.scorer)
    for sentence in extractor.detector.detect(list(split_sentences(text))):
        best: dict[tuple[str, frozenset[Mention]], tuple[object, float]] = {}
        rows: list[tuple[str, Mention, Mention, float]] = []
        for head in sentence.mentions:
            for tail in sentence.mentions:
                if head == tail or head.text == tail.text:
                    continue
                vector = pair_vectors(extractor.encoder, extractor.packer, [(sentence, [(head, tail)])])
                none = float(extractor.scorer.none_scores(vector)[0])
                ranked = sorted(
                    ((float(extractor.scorer.features(vector)[0] @ row), relation.name)
                     for row, relation in zip(matrix, extractor.relations, strict=True)),
                    reverse=True,
                )  # fmt: skip
                for similarity, name in ranked[:top_k]:
                    score = 1 / (1 + math.exp(-(slope * (similarity - none) + offset)))
                    if score >= least:
                        rows.append((name, head, tail, score))
        for name, head, tail, score in rows:
            leads = [(h.text == head.text, t.text == tail.text, math.log(s / (1 - s)) - math.log(score / (1 - score)))
                     for n, h, t, s in rows if n == name]  # fmt: skip
            by_tail = [lead for same_head, same_tail, lead in leads if same_head and not same_tail]
            by_head = [lead for same_head, same_tail, lead in leads if same_tail and not same_head]
            if any(x > 1.0 for x in by_tail) or (any(x > 0.3 for x in by_tail) and any(x > 0.3 for x in by_head)):
                continue
            span = tuple((m.start + sentence.start, m.end + sentence.start) for m in (head, tail))
            key = name, frozenset((head, tail))
            if key not in best or score > best[key][1]:
                best[key] = span, score
        found |= {(span, name): score for (name, _), (span, score) in best.items()}
    return found


@pytest.mark.parametrize(("least", "top_k"), [(0.0, 1), (0.0, 2), (0.0, 99), (0.5, 1), (0.6, 3)])
def test_against_one_pair_at_a_time(least: float, top_k: int) -> None:
    expected = slow_predict(EXTRACTOR, TEXT, least, top_k)
    assert expected
    assert_close(scores(EXTRACTOR.predict(TEXT, threshold=least, top_k=top_k)), expected)


def test_the_tiny_model_says_different_things() -> None:
    """The other tests would pass with a model that is blind: probabilities and relations must vary."""
    triples = EXTRACTOR.predict(TEXT, **ALL)
    assert {triple.relation for triple in triples} == set(tiny.RELATIONS.names)
    assert np.std([triple.score for triple in triples]) > 0.1
    assert len({triple.relation for triple in EXTRACTOR.predict(TEXT, threshold=0.0)}) >= 3


@settings(max_examples=20)
@given(st.lists(words, max_size=25), st.sampled_from([" ", "\t", "  ", "\r\n"]))
def test_offsets_index_the_document(chosen: list[str], blank: str) -> None:
    text = blank.join(chosen)
    for triple in EXTRACTOR.predict(text, threshold=0.0, top_k=2):
        for mention in (triple.head, triple.tail):
            assert text[mention.start : mention.end] == mention.text
        assert 0 <= triple.score <= 1


@settings(max_examples=20)
@given(st.lists(words, max_size=25), st.floats(0, 1))
def test_a_threshold_only_filters(chosen: list[str], threshold: float) -> None:
    text = " ".join(chosen)
    every = EXTRACTOR.predict(text, threshold=0.0)
    kept = EXTRACTOR.predict(text, threshold=threshold)
    assert kept == [triple for triple in every if triple.score >= threshold]


def test_threshold_zero_gives_every_pair_something() -> None:
    triples = EXTRACTOR.predict(TEXT, threshold=0.0)
    sentences = EXTRACTOR.detector.detect(list(split_sentences(TEXT)))
    pairs = {
        frozenset((m.start + s.start, m.end + s.start) for m in pair) for s in sentences for pair in candidate_pairs(s)
    }
    assert len(pairs) == 3 + 3 + 1 + 3
    assert {frozenset(places(triple)) for triple in triples} == pairs


def test_threshold_one_and_the_default() -> None:
    assert EXTRACTOR.predict(TEXT, threshold=1.0) == []
    expected = EXTRACTOR.predict(TEXT, threshold=0.5)
    assert EXTRACTOR.predict(TEXT) == expected  # the config's
    assert 0 < len(expected) < len(EXTRACTOR.predict(TEXT, threshold=0.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.01}, r"threshold must lie in \[0, 1\], got 1.01"),
        ({"threshold": -0.1}, "threshold must lie"),
        ({"threshold": float("nan")}, "threshold must lie"),
        ({"threshold": "0.5"}, "threshold must lie"),
        ({"top_k": 0}, "top_k and batch_size must be at least 1, got 0"),
        ({"top_k": 1.5}, "top_k and batch_size must be whole numbers, got 1.5"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    for text in ("Ann lives in Rome", ""):
        with pytest.raises(InputError, match=message):
            EXTRACTOR.predict(text, **options)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=message):
            EXTRACTOR.pipe([text], **options)  # type: ignore[arg-type]  # before anything is read


def test_pipe_refuses_a_batch_of_nothing() -> None:
    with pytest.raises(InputError, match="batch_size must be at least 1, got 0"):
        EXTRACTOR.pipe(["Ann lives in Rome"], batch_size=0)


@pytest.mark.parametrize("top_k", [1, 2, 3, 4, 9])
def test_top_k_takes_the_best_of_each_pair(top_k: int) -> None:
    every = EXTRACTOR.predict("Ann lives in Rome", **ALL)
    found = EXTRACTOR.predict("Ann lives in Rome", threshold=0.0, top_k=top_k)
    assert len(every) == 4  # each relation in its better direction
    by_direction: dict[object, int] = {}
    for triple in found:
        by_direction[places(triple)] = by_direction.get(places(triple), 0) + 1
    assert max(by_direction.values()) <= top_k
    assert scores(found).items() <= scores(every).items()
    if top_k >= 4:
        assert_close(scores(found), scores(every))


@settings(max_examples=20)
@given(st.lists(words, max_size=20), st.integers(1, 4))
def test_a_relation_holds_in_one_direction_and_once(chosen: list[str], top_k: int) -> None:
    seen = set()
    for triple in EXTRACTOR.predict(" ".join(chosen), threshold=0.0, top_k=top_k):
        key = triple.relation, frozenset(places(triple))  # "spouse" is symmetric, the others are not
        assert key not in seen
        seen.add(key)


@pytest.mark.parametrize(
    ("text", "danish"),
    [
        ("Ann left Antwerp for the Danish trucking firm Nordkaj.", "Nordkaj"),
        ("Ann left Antwerp for the Danish-owned Nordkaj.", "Nordkaj"),
        ("Ann left Antwerp for a Danish firm, Nordkaj.", "Ann Antwerp Nordkaj"),
        ("Ann left Antwerp for the Danish branch of Nordkaj.", "Ann Antwerp Nordkaj"),
        ("Ann left Antwerp, for she is Danish.", "Ann Antwerp"),
    ],
)
def test_an_adjective_is_said_of_the_name_that_follows(text: str, danish: str) -> None:
    def mention(name: str) -> Mention:
        at = text.index(name)
        return Mention(name, at, at + len(name), "NORP" if name == "Danish" else "ORG")

    names = [name for name in ("Ann", "Antwerp", "Danish", "Nordkaj") if name in text]
    sentence = Sentence(text, tuple(map(mention, names)))
    asked = asked_pairs(sentence)
    assert [h.text for h, t in asked if t.text == "Danish"] == danish.split()
    assert [pair for pair in asked if pair[1].type == "ORG"] == [
        pair for pair in candidate_pairs(sentence) if pair[1].type == "ORG"
    ]


@pytest.mark.parametrize("kind", ["DATE", "NORP", "MISC", "GPE"])
def test_an_adjective_is_said_of_no_date_or_other_adjective(kind: str) -> None:
    text = "Ann reads the Danish Monday paper"
    names = ("Ann", "PERSON"), ("Danish", "NORP"), ("Monday", kind)
    mentions = [Mention(name, text.index(name), text.index(name) + len(name), kind) for name, kind in names]
    asked = asked_pairs(Sentence(text, tuple(mentions)))
    assert ((mentions[0], mentions[1]) in asked) == (kind != "GPE")


@pytest.mark.parametrize(
    ("text", "other", "asked"),
    [
        ("International Business Machines (IBM) grew", "IBM", False),
        ("International Business Machines (International) grew", "International", False),
        ("The University of International Business Machines (UIBM) grew", "UIBM", False),
        ("International Business Machines (Acme) grew", "Acme", True),
        ("International Business Machines, IBM, grew", "IBM", True),
        ("International Business Machines (IBM Research) grew", "IBM", True),
    ],
)
def test_a_short_form_in_parentheses_is_the_same_thing(text: str, other: str, asked: bool) -> None:
    start, end = text.index("International") if "Univ" not in text else 4, text.index(" (") if " (" in text else 31
    long, short = Mention(text[start:end], start, end, "ORG"), text.rindex(other)
    few = Mention(other, short, short + len(other), "ORG")
    assert bool(asked_pairs(Sentence(text, (long, few)))) == asked
    untyped = replace(long, type=None), replace(few, type=None)
    assert bool(asked_pairs(Sentence(text, untyped))) == (asked or other == "International")
    words = replace(long, type="company"), few
    assert bool(asked_pairs(Sentence(text, words))) == asked
    unknown = replace(long, type="gadget"), replace(few, type="gizmo")
    assert bool(asked_pairs(Sentence(text, unknown))) == (asked or other == "International")
    place = replace(few, type="GPE")
    assert asked_pairs(Sentence(text, (long, place))) == [(long, place), (place, long)]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('Brindle Foods Ltd. ("Brindle") grew', False),
        ('Brindle Foods Ltd. (the "Seller") grew', False),
        ("Brindle Foods Ltd. (the \u201cSeller\u201d) grew", False),
        ("Brindle Foods Ltd. (Seller) grew", True),
        ('Brindle Foods Ltd. (who sold "Seller") grew', True),
        ('Brindle Foods Ltd. made "Seller" too', True),
    ],
)
def test_what_a_contract_calls_a_name_is_the_same_thing(text: str, asked: bool) -> None:
    start = text.rindex("Brindle" if "Seller" not in text else "Seller")
    short = Mention(text[start:][:6], start, start + 6, "WORK_OF_ART")
    if text[start:].startswith("Brindle"):
        short = Mention("Brindle", start, start + 7, "ORG")
    assert bool(asked_pairs(Sentence(text, (Mention(text[:18], 0, 18, "ORG"), short)))) == asked


def test_a_country_in_parentheses_is_no_short_form_of_its_city() -> None:
    text = "It was held in Mexico City (Mexico)."
    city, country = Mention("Mexico City", 15, 26, "GPE"), Mention("Mexico", 28, 34, "GPE")
    assert (city, country) in asked_pairs(Sentence(text, (city, country)))


@pytest.mark.parametrize("short", ["BTI", "BfTaI", "BFTI"])
def test_small_words_give_no_letter_to_a_short_form(short: str) -> None:
    text = f"Bureau for Trade and Industry ({short}) grew"
    long, few = Mention(text[:29], 0, 29, "ORG"), Mention(short, 31, 31 + len(short), "ORG")
    assert bool(asked_pairs(Sentence(text, (long, few)))) == (short != "BTI")


def test_names_that_touch_are_a_pair() -> None:
    first, second = Mention("東京", 0, 2), Mention("大学", 2, 4)
    assert candidate_pairs(Sentence("東京大学", (first, second))) == [(first, second), (second, first)]


def test_names_of_a_long_list_are_asked_about_with_their_neighbours_and_the_first() -> None:
    count = NEAR + 4
    mentions = tuple(Mention(f"{n:02}", 3 * n, 3 * n + 2) for n in range(count))
    sentence = Sentence(" ".join(m.text for m in mentions), mentions)
    far = [(1, NEAR + 2), (1, NEAR + 3), (2, NEAR + 3)]  # by number; 0 is as far from the last, but the first
    far += [(b, a) for a, b in far]
    asked = asked_pairs(sentence)
    assert [(int(h.text), int(t.text)) for h, t in candidate_pairs(sentence) if (h, t) not in asked] == sorted(far)
    assert set(asked_pairs(replace(sentence, mentions=mentions[::-1]))) == set(asked)


def told(head: str, tail: str, score: float, relation: str = "place of birth") -> Triple:
    return Triple(Mention(head, 0, len(head)), relation, Mention(tail, 50, 50 + len(tail)), score)


def test_surer_triples_leave_no_place_for_others() -> None:
    # Log odds of 0.9, 0.8, 0.7 and 0.4: 2.20, 1.39, 0.85 and -0.41.
    ann, bob = told("Ann", "Rome", 0.9), told("Bob", "Oslo", 0.8)
    assert uncontested([ann, told("Ann", "Oslo", 0.7), bob]) == [ann, bob]  # 1.35 above it, by the tail
    close = told("Ann", "Oslo", 0.8)
    assert uncontested([ann, close]) == [ann, close]  # 0.81 above it, by the tail alone
    assert uncontested([ann, close, told("Bob", "Oslo", 0.9)]) == [ann, told("Bob", "Oslo", 0.9)]  # by both ends
    assert uncontested([ann, close, told("Bob", "Oslo", 0.84)]) == [ann, close, told("Bob", "Oslo", 0.84)]  # 1.66: 0.27
    among = [told("Rome", "Italy", 0.9, "country"), told("Ostia", "Italy", 0.4, "country")]
    assert uncontested(among) == among  # two heads of a tail
    assert uncontested([ann, told("Ann", "Oslo", 0.4, "residence")]) == [ann, told("Ann", "Oslo", 0.4, "residence")]
    assert uncontested([ann, told("Ann", "Rome", 0.4)]) == [ann, told("Ann", "Rome", 0.4)]  # another mention of Rome
    assert uncontested([]) == []


def test_uncontested_against_a_comparison_of_all_with_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn = [
            told(str(rng.choice(["Ann", "Bob", "Eve"])), str(rng.choice(["Rome", "Oslo"])), float(p), str(name))
            for p, name in zip(rng.random(12), rng.choice(["residence", "place of birth"], 12), strict=True)
        ]
        kept = []
        for one in drawn:
            surer = [(o, log_odds(np.array(o.score)) - log_odds(np.array(one.score))) for o in drawn]
            alike = [(o, more) for o, more in surer if o.relation == one.relation]
            by_tail = [m for o, m in alike if o.head.text == one.head.text and o.tail.text != one.tail.text]
            by_head = [m for o, m in alike if o.head.text != one.head.text and o.tail.text == one.tail.text]
            beaten = any(m > ONE_RIVAL for m in by_tail)
            if not beaten and not (any(m > TWO_RIVALS for m in by_tail) and any(m > TWO_RIVALS for m in by_head)):
                kept.append(one)
        assert uncontested(drawn) == kept


def test_of_two_directions_the_better_one_stays() -> None:
    sentence = Sentence("Ann lives in Rome", tiny.capitals("Ann lives in Rome"))
    vectors = pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, [(sentence, candidate_pairs(sentence))])
    similarities = EXTRACTOR.scorer.features(vectors) @ EXTRACTOR.prototypes.weighted(EXTRACTOR.scorer).T
    margins = similarities - EXTRACTOR.scorer.none_scores(vectors)[:, None]
    for triple in EXTRACTOR.predict(sentence.text, **ALL):
        column = tiny.RELATIONS.names.index(triple.relation)
        forward = triple.head.text == "Ann"
        assert (margins[0, column] >= margins[1, column]) == forward
        assert triple.score == pytest.approx(float(EXTRACTOR.scorer.probabilities(margins)[:, column].max()), abs=1e-5)


def test_triples_come_in_text_order() -> None:
    triples = EXTRACTOR.predict(TEXT, **ALL)
    keys = [(triple.head.start, triple.tail.start, -triple.score) for triple in triples]
    in_sentence = [[k for k in keys if low <= k[0] < high] for low, high in ((0, 38), (38, 75), (75, 130), (130, 999))]
    assert keys == [key for part in in_sentence for key in sorted(part)]


def test_the_explanation_adds_up_to_the_score() -> None:
    plain = EXTRACTOR.predict(TEXT, **ALL)
    explained = EXTRACTOR.predict(TEXT, **ALL, explain=True)
    assert [replace(triple, explanation=None) for triple in explained] == plain
    assert EXTRACTOR.scorer.calibration.tolist() != [1.0, 0.0]  # which would not tell log odds from margins
    kinds = {"residence": {"text", "head", "tail"}, "employer": {"text", "head", "tail", "keywords"},
             "founder": {"text"}, "spouse": {"text", "head", "tail"}}  # fmt: skip
    for triple in explained:
        assert triple.explanation is not None
        assert set(triple.explanation) == kinds[triple.relation] | {"none"}
        assert 1 / (1 + math.exp(-sum(triple.explanation.values()))) == pytest.approx(triple.score, abs=1e-5)


def test_other_relations_change_nothing_for_this_one() -> None:
    every = scores(EXTRACTOR.predict(TEXT, **ALL))
    for names in (["founder"], ["spouse", "employer"], ["employer", "founder", "residence"]):
        some = EXTRACTOR.with_relations(tiny.RELATIONS.select(names))
        found = scores(some.predict(TEXT, threshold=0.0, top_k=9))
        assert_close(found, {key: score for key, score in every.items() if key[1] in names})


def test_with_relations_keeps_the_examples_of_those_that_stay() -> None:
    example = tiny.example("Ann works for Acme", "Ann", "Acme", "employer")
    none = replace(example, relation=None)
    fitted = EXTRACTOR.fit([example, none])
    assert set(fitted.with_relations(["P108", "spouse"]).support) == {"employer", None}
    assert set(fitted.with_relations([*tiny.RELATIONS, "acquired by"]).support) == {"employer"}  # which may hold there
    by_id = EXTRACTOR.with_relations([Relation("works at", id="P108")]).fit([replace(example, relation="P108")])
    renamed = by_id.with_relations([Relation("works for", id="P108")]).support
    np.testing.assert_array_equal(renamed["works for"], by_id.support["works at"])
    assert fitted.with_relations(["spouse"]).support.keys() == {None}


def test_a_text_is_no_sentence() -> None:
    with pytest.raises(
        InputError, match=r"expected a Sentence with its mentions, got 'Ann left.'; for texts use predict"
    ):
        list(EXTRACTOR.extract_sentences(["Ann left."]))  # type: ignore[list-item]


def test_the_same_relations_and_no_examples_change_nothing() -> None:
    assert EXTRACTOR.with_relations(EXTRACTOR.relations) is EXTRACTOR
    assert EXTRACTOR.with_relations(list(EXTRACTOR.relations)) is EXTRACTOR
    assert EXTRACTOR.fit([]) is EXTRACTOR


def test_with_relations_leaves_the_first_alone() -> None:
    other = EXTRACTOR.with_relations(["supplies", "P26"])
    assert other.relations.names == ("supplies", "spouse")
    assert {triple.relation for triple in other.predict(TEXT, **ALL)} == {"supplies", "spouse"}
    assert EXTRACTOR.relations is tiny.RELATIONS
    assert other.encoder is EXTRACTOR.encoder


def test_many_scores_are_worked_off_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = EXTRACTOR.predict(TEXT, **ALL)
    monkeypatch.setattr(zslre.matching, "SCORES_AT_ONCE", 5)
    assert_close(scores(tiny.extractor().predict(TEXT, **ALL)), scores(expected))


@pytest.mark.parametrize("threads", [1, 3])
def test_as_many_threads_score_as_the_encoder_has(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    asked: list[int] = []

    class Noted(ThreadPoolExecutor):
        def __init__(self, most: int) -> None:
            asked.append(most)
            super().__init__(most)

    monkeypatch.setattr(zslre.matching, "SCORES_AT_ONCE", 5)
    monkeypatch.setattr(zslre.matching, "ThreadPoolExecutor", Noted)
    extractor = tiny.extractor()
    monkeypatch.setattr(extractor.encoder, "threads", threads, raising=False)
    extractor.predict(TEXT, **ALL)
    assert asked == [threads]


def test_many_pairs_are_encoded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ann lives in Rome. Bob works for Acme. Ann left Oslo."
    expected = EXTRACTOR.predict(text, **ALL)
    monkeypatch.setattr(zslre.extractor, "MOST_PAIRS", 3)
    encoded: list[int] = []
    together = zslre.extractor.pair_vectors

    def noted(encoder: Any, packer: Any, items: Any) -> Any:
        encoded.append(len(items))
        return together(encoder, packer, items)

    monkeypatch.setattr(zslre.extractor, "pair_vectors", noted)
    assert_close(scores(EXTRACTOR.predict(text, **ALL)), scores(expected))
    assert encoded == [1, 1, 1]


def test_pipe_is_predict_on_each() -> None:
    texts = [TEXT, "", "Nothing here", "Ann lives in Rome", "Bob of Acme", "  \n"] * 2
    expected = [EXTRACTOR.predict(text, threshold=0.2, top_k=2) for text in texts]
    for batch_size in (1, 3, 100):
        found = list(EXTRACTOR.pipe(texts, threshold=0.2, top_k=2, batch_size=batch_size))
        assert len(found) == len(texts)
        for one, other in zip(found, expected, strict=True):
            assert_close(scores(one), scores(other))


@pytest.mark.parametrize("bad", [None, float("nan"), b"Ann"])
def test_pipe_names_what_is_no_text_behind_the_results_before_it(bad: object) -> None:
    found = EXTRACTOR.pipe(["Ann lives in Rome", bad, ""], threshold=0.0)  # type: ignore[list-item]
    assert next(found)
    with pytest.raises(InputError, match=rf"texts\[1\] must be a string, got {bad!r}"):
        next(found)


def test_an_error_of_the_texts_comes_behind_the_results_before_it() -> None:
    def texts() -> Iterator[str]:
        yield "Ann lives in Rome"
        raise OSError("connection lost")

    found = EXTRACTOR.pipe(texts(), threshold=0.0)
    assert next(found)
    with pytest.raises(OSError, match="connection lost"):
        next(found)


def test_pipe_takes_no_single_text() -> None:
    with pytest.raises(InputError, match=r"got the text 'Ann lives in Rome'; write \[text\], or use predict"):
        EXTRACTOR.pipe("Ann lives in Rome")


class Frame(list[str]):
    """As a data frame does, it gives the names of its columns."""

    columns = ("text",)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "Ann lives in Rome"}, r"got dict; give one column's texts, such as data\['text'\]"),
        (Frame(["text"]), r"got Frame; give one column's texts"),
        (b"Ann lives in Rome", "expected a list of texts, got bytes$"),
        (None, "expected a list of texts, got NoneType$"),
    ],
)
def test_pipe_takes_no_table(texts: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        EXTRACTOR.pipe(texts)  # type: ignore[arg-type]


def test_pipe_reads_no_further_than_it_must() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "Ann lives in Rome"

    found = EXTRACTOR.pipe(endless(), threshold=0.0, batch_size=4)
    for _ in range(6):
        assert next(found)
    assert taken == 6


def test_given_mentions_replace_the_detector() -> None:
    text = "in Rome.  ann of the old city lives"
    mentions = [Mention("ann", 10, 13, "PERSON"), Mention("old city", 21, 29)]
    (triple,) = EXTRACTOR.with_relations(["founder"]).predict(text, threshold=0.0, mentions=mentions)
    assert {triple.head, triple.tail} == set(mentions)
    assert EXTRACTOR.predict(text, threshold=0.0, mentions=[]) == []
    with pytest.raises(InputError, match="does not match the text"):
        EXTRACTOR.predict(text, mentions=[Mention("ann", 9, 12)])


@pytest.mark.parametrize("text", [None, b"abc", float("nan"), ["Ann lives in Rome"]])
def test_predict_names_what_is_no_text(text: object) -> None:
    with pytest.raises(InputError, match=r"text must be a string, got .*; for a list of texts use pipe"):
        EXTRACTOR.predict(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mentions", "message"),
    [
        ([(0, 3)], r"mentions\[0\] must be a Mention\(text, start, end\), got \(0, 3\)"),
        (Mention("Ann", 0, 3), "mentions must be a list of Mention"),
        ([Mention("Ann", 0, 3), Mention(" ", 3, 4)], "mention at 3:4 covers only white space: leave it out"),
        ([Mention("Ann", 0, 3), Mention("Ann", 0, 3, "PERSON")], "is given twice"),
    ],
)
def test_predict_names_what_is_no_mention(mentions: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        EXTRACTOR.predict("Ann lives in Rome", mentions=mentions)  # type: ignore[arg-type]


def test_nothing_in_nothing_out() -> None:
    for text in ("", " \n ", "no names here.", "Ann"):
        assert EXTRACTOR.predict(text, threshold=0.0) == []


def test_a_name_that_comes_twice_makes_no_pair_with_itself() -> None:
    assert EXTRACTOR.predict("Ann and Ann", threshold=0.0) == []
    text = "Ann and Ann in Rome"
    assert len(candidate_pairs(Sentence(text, tiny.capitals(text)))) == 4
    overlapping = Sentence("New Rome", (Mention("New Rome", 0, 8), Mention("Rome", 4, 8)))
    assert candidate_pairs(overlapping) == []


def test_a_date_or_number_is_no_head_unless_a_relation_wants_such() -> None:
    text = "Ann born May 1990"
    sentence = Sentence(text, (Mention("Ann", 0, 3, "PERSON"), Mention("May 1990", 9, 17, "DATE")))
    assert [(h.text, t.text) for h, t in candidate_pairs(sentence)] == [("Ann", "May 1990")]
    assert len(candidate_pairs(sentence, literal_heads=True)) == 2
    in_words = replace(sentence, mentions=(replace(sentence.mentions[0]), replace(sentence.mentions[1], type="date")))
    assert len(candidate_pairs(in_words)) == 1

    (triples,) = EXTRACTOR.extract_sentences([sentence], threshold=0.0)
    assert {triple.head.text for triple in triples} == {"Ann"}
    day = Relation("was the birthday of", side=SideInformation(head_hypernyms=("day",)))
    only_date = replace(sentence, mentions=(replace(sentence.mentions[0], type="MONEY"), sentence.mentions[1]))
    for relations, expected in (([Relation("was the birthday of")], 0), ([day], 1)):
        (found,) = EXTRACTOR.with_relations(RelationSet(relations)).extract_sentences([only_date], threshold=0.0)
        assert len(found) == expected
    untyped = replace(sentence, mentions=tuple(replace(m, type=None) for m in sentence.mentions))
    assert len(candidate_pairs(untyped)) == 2


def test_a_date_is_no_tail_where_names_are_wanted() -> None:
    text = "Ann born May 1990"
    sentence = Sentence(text, (Mention("Ann", 0, 3, "PERSON"), Mention("May 1990", 9, 17, "DATE")))

    def found(sentence: Sentence, *kinds: str, sources: tuple[Source, ...] = ()) -> int:
        relation = Relation("works for", side=SideInformation(tail_hypernyms=kinds), sources=sources)
        alone = EXTRACTOR.with_relations(RelationSet([relation, Relation("other")]))
        (triples,) = alone.extract_sentences([sentence], threshold=0.0, top_k=2)
        return sum(triple.relation == "works for" for triple in triples)

    assert found(sentence, "company", "organization") == 0
    for kinds in ((), ("date",), ("company", "date"), ("price",), ("company", "salary"), ("thing",)):
        assert found(sentence, *kinds) == 1, kinds
    by_build = Source("tail_hypernyms", "company", "wikidata", "2026-01-01", 0.9)
    assert found(sentence, "company", sources=(by_build,)) == 1  # that was only found, and may be wrong
    untyped = replace(sentence, mentions=tuple(replace(m, type=None) for m in sentence.mentions))
    assert found(untyped, "company") == 1


def test_a_sentence_beyond_the_window_and_beyond_a_row() -> None:
    text = " ".join(f"{name} lives in the old city" for name in ("Ann", "Bob", "Carl", "Dora", "Rome", "Oslo") * 2)
    assert len(EXTRACTOR.encoder.tokenizer.encode(text).ids) > 2 * tiny.WINDOW
    expected = slow_predict(EXTRACTOR, text, 0.0, TOP_K)
    assert_close(scores(EXTRACTOR.predict(text, threshold=0.0)), expected)


RESIDENCE = [
    tiny.example("Bob was born in Oslo", "Bob", "Oslo", "founder"),
    tiny.example("Carl was born in Lima", "Carl", "Lima", "founder"),
    tiny.example("Dora was born in Paris", "Dora", "Paris", "founder"),
]


def score_of(extractor: RelationExtractor, example: Example, relation: str) -> float:
    vector = pair_vectors(extractor.encoder, extractor.packer, [(example.sentence, [(example.head, example.tail)])])
    similarity = extractor.scorer.features(vector) @ extractor.prototypes.weighted(extractor.scorer).T
    return float(similarity[0, extractor.relations.names.index(relation)])


def test_fit_moves_predictions_towards_the_examples() -> None:
    asked = tiny.example("Ann was born in Rome", "Ann", "Rome", None)
    fitted = EXTRACTOR.fit(RESIDENCE)
    assert score_of(fitted, asked, "founder") > score_of(EXTRACTOR, asked, "founder") + 0.5
    for example in RESIDENCE:
        assert score_of(fitted, example, "founder") > score_of(EXTRACTOR, example, "founder")
    for other in ("residence", "employer", "spouse"):
        assert score_of(fitted, asked, other) == pytest.approx(score_of(EXTRACTOR, asked, other), abs=1e-5)
    assert EXTRACTOR.support == {}


def test_fitting_twice_is_fitting_once_with_all() -> None:
    more = [tiny.example("Ann works for Acme", "Ann", "Acme", "employer"), *RESIDENCE[2:]]
    twice = EXTRACTOR.fit(RESIDENCE[:2]).fit(more)
    once = EXTRACTOR.fit([*RESIDENCE[:2], *more])
    backwards = EXTRACTOR.fit([*reversed(more), *reversed(RESIDENCE[:2])])
    assert_close(scores(twice.predict(TEXT, **ALL)), scores(once.predict(TEXT, **ALL)))
    assert_close(scores(backwards.predict(TEXT, **ALL)), scores(once.predict(TEXT, **ALL)))
    assert {name: len(rows) for name, rows in twice.support.items()} == {"founder": 3, "employer": 1}


def test_examples_of_no_relation_move_every_prototype_away() -> None:
    nothing = [replace(example, relation=None) for example in RESIDENCE]
    moved = EXTRACTOR.fit(nothing)
    for example in RESIDENCE:
        before = {name: score_of(EXTRACTOR, example, name) for name in tiny.RELATIONS.names}
        likeliest = max(before, key=lambda name: before[name])
        assert score_of(moved, example, likeliest) < before[likeliest]
    assert_close(scores(EXTRACTOR.fit([]).predict(TEXT, **ALL)), scores(EXTRACTOR.predict(TEXT, **ALL)))


def test_fit_names_an_unknown_relation() -> None:
    with pytest.raises(InputError, match=r"'Bob was born in Oslo' has relation 'birthplace'.*the 4 relations"):
        EXTRACTOR.fit([replace(RESIDENCE[0], relation="birthplace")])


def test_fit_knows_a_relation_by_id_and_in_any_case() -> None:
    asked = EXTRACTOR.with_relations(["P26", "acquired by"])
    examples = [replace(RESIDENCE[0], relation="p26"), replace(RESIDENCE[1], relation="Acquired by")]
    assert {name: len(rows) for name, rows in asked.fit(examples).support.items()} == {"spouse": 1, "acquired by": 1}


def test_fit_knows_a_relation_by_what_the_catalogue_calls_it() -> None:
    asked = EXTRACTOR.with_relations(["P108", "acquired by"])
    examples = [replace(RESIDENCE[0], relation="works for"), replace(RESIDENCE[1], relation="Employer")]
    assert {name: len(rows) for name, rows in asked.fit(examples).support.items()} == {"employer": 2}
    own = EXTRACTOR.with_relations([Relation("works for"), "P108"])
    assert own.fit(examples).support.keys() == {"works for", "employer"}


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ("train.jsonl", r"a list of Example, got 'train\.jsonl'; zslre\.datasets\.read_dataset reads a file"),
        (Path("train.jsonl"), "zslre.datasets.read_dataset reads a file"),
        (RESIDENCE[0], "examples must be a list of Example, got Example"),
        (None, "examples must be a list of Example, got None"),
        (
            [RESIDENCE[0], ("Ann lives in Rome", "Ann", "residence", "Rome")],
            r"examples\[1\] must be an Example\(.*\('Ann",
        ),
    ],
)
def test_fit_names_what_is_no_list_of_examples(examples: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        EXTRACTOR.fit(examples)  # type: ignore[arg-type]


def test_mentions_are_those_that_predict_finds() -> None:
    found = EXTRACTOR.mentions(TEXT)
    assert [TEXT[mention.start : mention.end] for mention in found] == [mention.text for mention in found]
    assert [mention.text for mention in found][:4] == ["Ann", "Rome", "Acme", "Bob"]
    assert EXTRACTOR.predict(TEXT, **ALL, mentions=found) == EXTRACTOR.predict(TEXT, **ALL)
    with pytest.raises(InputError, match="text must be a string"):
        EXTRACTOR.mentions(["Ann"])  # type: ignore[arg-type]


def test_an_extractor_prints_its_model_relations_and_threshold() -> None:
    assert repr(EXTRACTOR) == "<RelationExtractor model, 4 relations, threshold 0.50>"
    named = EXTRACTOR.replaced(config={**EXTRACTOR.config, "name": "tiny"})
    assert repr(named.with_relations(["P26", "spouts"])) == "<RelationExtractor tiny, 2 relations, threshold 0.50>"


def test_a_model_without_a_tagger_has_that_of_the_built_in_model() -> None:
    bare = EXTRACTOR.replaced(detector=None)
    text = "Clara Whitmore was born in Manchester."
    assert [mention.text for mention in bare.mentions(text)] == ["Clara Whitmore", "Manchester"]
    assert bare.with_relations(["residence"]).detector is bare.detector


def test_an_extractor_is_immutable() -> None:
    fitted = EXTRACTOR.fit(RESIDENCE)
    with pytest.raises(TypeError):
        fitted.config["threshold"] = 0.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        fitted.support.clear()  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="relations cannot be changed: with_relations"):
        fitted.relations = RelationSet.of(["likes"])  # the triples would bear these names
    assert fitted.relations is EXTRACTOR.relations


def test_what_is_no_table_or_verifier_is_refused() -> None:
    with pytest.raises(InputError, match=r"HypernymTable.read reads, got \{'a': 1\}"):
        EXTRACTOR.with_hypernyms({"a": 1})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Verifier.from_pretrained loads, got 'x'"):
        EXTRACTOR.with_verifier("x")  # type: ignore[arg-type]


def test_the_built_in_model_has_a_name() -> None:
    assert RelationExtractor.from_pretrained("builtin", threads=1).config["name"] == "zslre-minilm-ternary"


def test_labels_do_not_reach_a_pair_vector() -> None:
    """What a pair looks like depends on its sentence alone: with other labels, support holds the same vectors."""
    rows = [*RESIDENCE, tiny.example("Ann works for Acme", "Ann", "Acme", "founder")]
    shuffled = [replace(row, relation=name) for row, name in zip(rows, tiny.RELATIONS.names, strict=True)]
    together = EXTRACTOR.fit(rows).support["founder"]
    apart = EXTRACTOR.fit(shuffled).support
    for number, name in enumerate(tiny.RELATIONS.names):
        np.testing.assert_allclose(apart[name][0], together[number], atol=1e-5)


@pytest.mark.parametrize("mention_type", [None, "PERSON", "GPE"])
def test_neither_do_types_or_other_mentions(mention_type: str | None) -> None:
    row = RESIDENCE[0]
    head = replace(row.head, type=mention_type)
    other = Example(Sentence(row.sentence.text, (head,), start=99), head, row.tail, "spouse")
    expected = EXTRACTOR.fit([row]).support["founder"]
    np.testing.assert_allclose(EXTRACTOR.fit([other]).support["spouse"], expected, atol=1e-6)


WITHOUT_TORCH = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
import zslre
from zslre.mentions import load_detector
extractor = zslre.RelationExtractor.from_pretrained(sys.argv[1], threads=1)
names = [zslre.Mention("Ann", 0, 3), zslre.Mention("Rome", 13, 17)]
example = zslre.Example(zslre.Sentence("Ann lives in Rome"), *names, relation="residence")
fitted = extractor.fit([example])
for triple in fitted.predict("Ann lives in Rome", threshold=0.0, mentions=names):
    print(triple.head.text, triple.relation, triple.tail.text, round(triple.score, 4))
fitted.save_pretrained(sys.argv[2])
assert "torch" not in sys.modules
"""


def test_prediction_fit_and_saving_work_without_torch(tmp_path: Path) -> None:
    EXTRACTOR.save_pretrained(tmp_path / "model")
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "model"), str(tmp_path / "fitted")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fitted = EXTRACTOR.fit([tiny.example("Ann lives in Rome", "Ann", "Rome", "residence")])
    expected = fitted.predict("Ann lives in Rome", threshold=0.0)
    found = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
    assert [line for line, _ in found] == [f"{t.head.text} {t.relation} {t.tail.text}" for t in expected]
    assert [float(score) for _, score in found] == pytest.approx([t.score for t in expected], abs=1e-4)
    assert (tmp_path / "fitted" / "config.json").exists()
