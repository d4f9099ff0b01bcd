from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import zslre.context
from zslre.candidates import candidate_pairs, reversed_places
from zslre.context import FEATURES, FLOOR, HIGHEST, KINDS, LOWEST, ContextScorer, both_ways, context_features
from zslre.encoder import pair_vectors
from zslre.evaluation.runs import RunOptions, run_task
from zslre.evaluation.tasks import Task
from zslre.exceptions import ModelError
from zslre.extractor import RelationExtractor
from zslre.packing import Item
from zslre.scoring import sigmoid
from zslre.serialization import CONTEXT, load_model, read_config, save_model
from zslre.types import Mention, Sentence

NAMES = {name: number for number, name in enumerate(FEATURES)}
EXTRACTOR = tiny.extractor()
PLACES = np.arange(12), np.zeros(12, dtype=np.int64)  # the candidates of twelve pairs and one relation


def sentence(text: str, **types: str | None) -> Sentence:
    return Sentence(text, tuple(replace(mention, type=types.get(mention.text)) for mention in tiny.capitals(text)))


BORN = sentence("Ann was born in Rome, Bob in Oslo.", Ann="PERSON", Bob="PERSON", Rome="GPE", Oslo="GPE")


def item(text: str, **types: str | None) -> Item:
    made = sentence(text, **types)
    return made, candidate_pairs(made)


def network(views: int = 0, **weights: float) -> ContextScorer:
    """Log odds that are the sum of the features named, each by its weight, where the reversed pair's are no higher."""
    row = np.zeros(len(FEATURES) + 2 * views, dtype=np.float32)
    for name, weight in weights.items():
        row[NAMES[name.replace("_", " ")]] = weight
    return ContextScorer(
        np.zeros((views, tiny.H), dtype=np.float32),
        np.zeros((0, tiny.H), dtype=np.float32),
        np.stack([row, -row]),
        np.zeros(2, dtype=np.float32),
        np.float32([1, -1]),
        np.zeros((), dtype=np.float32),
    )


# Features


def test_places_of_reversed_pairs() -> None:
    a, b, c = (Mention(name, start, start + 1) for name, start in (("a", 0), ("b", 2), ("c", 4)))
    text = Sentence("a b c")
    asked: list[Item] = [(text, [(a, b), (c, b), (b, a)]), (text, []), (text, [(b, a), (a, b)])]
    assert reversed_places(asked).tolist() == [2, -1, 0, 4, 3]
    assert reversed_places([]).tolist() == []


def test_candidates_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item("Ann met Bob in Rome"), item("Ann lives"), item("Rome and Oslo")]
    pairs = sum(len(pairs) for _, pairs in items)
    odds = np.random.default_rng(0).standard_normal((pairs, 3)).astype(np.float32)
    rows, columns = (a.ravel() for a in np.mgrid[:pairs, :3])
    whole = context_features(items, odds, rows, columns)
    monkeypatch.setattr(zslre.context, "COMPARED_AT_ONCE", 12)  # two candidates with six pairs
    np.testing.assert_array_equal(context_features(items, odds, rows, columns), whole)


def test_features_by_hand() -> None:
    ann, rome, bob, oslo = BORN.mentions
    pairs = [(ann, rome), (ann, oslo), (bob, rome), (bob, oslo), (rome, ann), (rome, bob)]
    # Born in, and lives in.
    odds = np.float32([[3.0, 1.0], [2.0, -1.0], [0.5, 0.0], [2.5, 4.0], [-2.0, -9.0], [9.0, -1.0]])
    [found] = context_features([(BORN, pairs)], odds, np.array([1]), np.array([0]))
    between = len(" was born in Rome, Bob in ")
    expected = {
        "own": 2.0,
        "best other relation": -1.0,
        "reversed": LOWEST,  # (Oslo, Ann) is not asked about
        "reversed, any relation": LOWEST,
        "best other tail": 3.0,
        "best other head": 2.5,
        "best other pair": HIGHEST,  # 9.0 of (Rome, Bob)
        "head's best, any relation": 3.0,
        "tail's best, any relation": 4.0,
        "mentions": 4,
        "mentions between": 2,
        "characters between": np.log1p(between),
        "head first": 1,
        "between, typed like the head": 1,
        "between, typed like the tail": 1,
        "typed like the head": 2,
        "typed like the tail": 2,
        "head is PERSON": 1,
        "tail is PLACE": 1,
    }
    np.testing.assert_allclose(found, [expected.pop(name, 0) for name in FEATURES], rtol=1e-6)
    assert not expected
    [back] = context_features([(BORN, pairs)], odds, np.array([4]), np.array([1]))
    chosen = [back[NAMES[name]] for name in ("own", "best other relation", "reversed", "reversed, any relation")]
    assert chosen == [LOWEST, -2.0, 1.0, 3.0]
    assert [back[NAMES[name]] for name in ("mentions between", "head first")] == [0, 0]


def test_a_type_in_plain_words_counts_as_its_label() -> None:
    texts = [
        sentence("Ann was born in Rome, Bob in Oslo.", Ann=person, Bob=person, Rome=place, Oslo=place)
        for person, place in (("PERSON", "GPE"), ("person", "City"))
    ]
    labels, words = (context_features([(s, candidate_pairs(s))], np.zeros((12, 1)), *PLACES) for s in texts)
    np.testing.assert_array_equal(words, labels)


def test_a_type_that_nobody_knows_counts_as_none_but_not_the_labels_of_the_fit() -> None:
    def of(type: str | None) -> np.ndarray:
        return context_features([item("Ann met Bob", Ann=type)], np.zeros((2, 1)), np.array([0]), np.array([0]))

    np.testing.assert_array_equal(of("gadget"), of(None))
    np.testing.assert_array_equal(of(""), of(None))
    for label in ("MISC", "WORK_OF_ART", "EVENT", "PRODUCT", "LAW", "LANGUAGE"):
        assert of(label)[0, NAMES["head is OTHER"]] == 1, label


def slow_features(asked: Item, odds: np.ndarray, row: int, column: int) -> list[float]:
    """One candidate at a time, without arrays."""
    text, pairs = asked
    head, tail = pairs[row]
    clipped = [[min(max(float(value), LOWEST), HIGHEST) for value in values] for values in odds]

    def most(wanted: Any, any_relation: bool = False) -> float:
        there = [clipped[n] for n, pair in enumerate(pairs) if wanted(pair[0].name, pair[1].name)]
        return max([max(values) if any_relation else values[column] for values in there], default=LOWEST)

    h, t = head.name, tail.name
    left, right = (head, tail) if head.start < tail.start else (tail, head)
    between = [m for m in text.mentions if m.start >= left.end and m.end <= right.start]
    return [
        clipped[row][column],
        max([value for n, value in enumerate(clipped[row]) if n != column], default=LOWEST),
        most(lambda a, b: (a, b) == (t, h)),
        most(lambda a, b: (a, b) == (t, h), True),
        most(lambda a, b: a == h and b != t),
        most(lambda a, b: a != h and b == t),
        most(lambda a, b: a != h and b != t),
        most(lambda a, b: a == h and b != t, True),
        most(lambda a, b: a != h and b == t, True),
        len(text.mentions),
        len(between),
        np.log1p(right.start - left.end),
        head.start < tail.start,
        sum(m.type == head.type for m in between),
        sum(m.type == tail.type for m in between),
        sum(m.type == head.type for m in text.mentions),
        sum(m.type == tail.type for m in text.mentions),
        *(kind(mention.type) == name for mention in (head, tail) for name in KINDS),
    ]


def kind(type: str | None) -> str | None:
    named = [name for name, types in KINDS.items() if type in types]
    return None if type is None else named[0] if named else "OTHER"


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(["Ann", "Bob", "Rome", "met"]), max_size=6), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_features_against_one_at_a_time(texts: list[list[str]], n_relations: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = [item(" ".join(words), Ann="PERSON", Bob="PER", Rome="EVENT") for words in texts]
    owners = [(asked, row) for asked in items for row in range(len(asked[1]))]
    odds = np.where(rng.random((len(owners), n_relations)) < 0.1, -np.inf, rng.normal(0, 5, (len(owners), n_relations)))
    rows = np.sort(rng.integers(0, len(owners), 5)) if owners else np.empty(0, dtype=np.int64)
    columns = rng.integers(0, n_relations, len(rows))
    found = context_features(items, odds.astype(np.float32), rows, columns)
    starts = np.cumsum([0, *(len(pairs) for _, pairs in items)])
    expected = []
    for row, column in zip(rows, columns, strict=True):
        place = int(np.searchsorted(starts, row, side="right")) - 1
        own = odds[starts[place] : starts[place + 1]]
        expected.append(slow_features(items[place], own, row - starts[place], column))
    assert found.shape == (len(rows), len(FEATURES))
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-5)


# The network


def test_log_odds_by_hand() -> None:
    # Behind the features: a view of the pair, one of the reversed pair, one of the relation, the products of either.
    hidden = np.zeros((2, len(FEATURES) + 5), dtype=np.float32)
    hidden[0, NAMES["own"]], hidden[0, -3], hidden[1, -5:] = 2.0, 1.5, [4.0, 2.0, 0.0, 10.0, 5.0]
    scorer = ContextScorer(
        np.float32([[0, 1]]), np.float32([[1, 0]]), hidden, np.float32([-1, 0]), np.float32([0.5, 1]),
        np.asarray(-0.25, dtype=np.float32),
    )  # fmt: skip
    features = np.zeros((3, len(FEATURES)), dtype=np.float32)
    features[:, NAMES["own"]] = [3.0, -3.0, 3.0]
    features[:, NAMES["reversed"]] = [2.5, -6.0, 3.5]  # the last is said the other way round
    # (2·3 + 1.5·0.8 - 1)/2 + 4·0.8 + 2·0.6 + 10·0.8·0.8 + 5·0.6·0.8 - 0.25, for the unit vectors of (3, 4) and (4, 3)
    # are (0.6, 0.8) and (0.8, 0.6); then ReLU leaves nothing of either; the last has no reversed pair.
    vectors = np.float32([[[3, 4], [4, 3]], [[0, -5], [0, 0]], [[3, 4], [0, 0]]])
    texts = np.float32([[2, 0], [4, 3]])
    shown = features, vectors, texts, np.array([1, 0, 1])
    np.testing.assert_allclose(scorer.log_odds(*shown), [16.05, -0.25, 12.45], rtol=1e-6)
    nothing = features[:0], vectors[:0], texts, np.zeros(0, dtype=np.int64)
    assert scorer.log_odds(*nothing).shape == (0,)  # as in a text of which nothing is worth a second look
    expected = [*(1 / (1 + np.exp([-16.05, 0.25]))), 0.0]
    np.testing.assert_allclose(scorer.probabilities(*shown), expected, rtol=1e-5)


TEXT = "Ann lives in Rome and works for Acme, Bob married Dora in Oslo."


def with_context(context: ContextScorer | None) -> RelationExtractor:
    model, scorer = tiny.model_files(), tiny.scorer(calibration=(0.8, -2.5))
    return RelationExtractor(
        tiny.runtime_encoder(), scorer, model.relations, config=model.config, context=context,
        detector=tiny.CapitalDetector(),
    )  # fmt: skip


def test_a_network_that_reads_a_pairs_own_log_odds_changes_nothing_but_the_worse_way_round() -> None:
    items = [item(TEXT)]
    plain, same = with_context(None), with_context(network(own=1.0))
    vectors = pair_vectors(plain.encoder, plain.packer, items)
    every = (vectors, items, 0.0, len(tiny.RELATIONS))
    odds = plain.scorer.log_odds(plain.matcher.margins(vectors, items))
    assert odds.min() < FLOOR < odds.max() < HIGHEST
    back = [items[0][1].index(pair[::-1]) for pair in items[0][1]]
    for row, (before, after) in enumerate(zip(*(m.matcher.candidates(*every) for m in (plain, same)), strict=True)):
        worse = {c for c in range(len(tiny.RELATIONS)) if FLOOR <= odds[row, c] < odds[back[row], c]}
        assert dict(after) == pytest.approx({c: 0.0 if c in worse else p for c, p in before}, abs=1e-5)


def test_scores_against_features_of_all_pairs() -> None:
    context = network(own=0.5, best_other_tail=-0.25, mentions_between=0.125)
    made = with_context(context)
    items = [item(TEXT), item("Carl was born in Lima."), item("Nobody came.")]
    vectors = pair_vectors(made.encoder, made.packer, items)
    found = made.matcher.candidates(vectors, items, 0.0, len(tiny.RELATIONS))
    odds = made.scorer.log_odds(made.matcher.margins(vectors, items))
    owners = [(asked, row) for asked in items for row in range(len(asked[1]))]
    starts = np.cumsum([0, *(len(pairs) for _, pairs in items)])
    for place, ((asked, row), best) in enumerate(zip(owners, found, strict=True)):
        first = starts[items.index(asked)]
        for column, probability in best:
            own = float(odds[place, column])
            expected = 1 / (1 + np.exp(-own))
            if own >= FLOOR:
                features = slow_features(asked, odds[first : first + len(asked[1])], row, column)
                total = 0.5 * features[0] - 0.25 * features[4] + 0.125 * features[10]
                expected = 1 / (1 + np.exp(-total)) if features[0] >= features[2] else 0.0
            assert probability == pytest.approx(expected, abs=1e-5)


def test_the_network_sees_the_text_of_a_pairs_own_relation() -> None:
    """Each relation gets what its own text is worth, whichever places the best relations of a pair have."""
    hidden = np.zeros((2, len(FEATURES) + 5), dtype=np.float32)
    hidden[:, -3] = 1, -1
    views = np.random.default_rng(0).normal(size=(1, tiny.H)).astype(np.float32)
    reads = replace(network(views=1), relation_views=views, hidden=hidden)
    made, items = with_context(reads), [item(TEXT)]
    vectors = pair_vectors(made.encoder, made.packer, items)
    texts = made.prototypes.texts(made.scorer)
    assert texts.shape == (len(tiny.RELATIONS), tiny.H)
    expected = 1 / (1 + np.exp(-(texts / np.linalg.norm(texts, axis=1, keepdims=True)) @ views[0]))
    odds = made.scorer.log_odds(made.matcher.margins(vectors, items))
    found = made.matcher.candidates(vectors, items, 0.0, len(tiny.RELATIONS))
    seen = {(row, c): p for row, best in enumerate(found) for c, p in best if odds[row, c] >= FLOOR and p}
    assert len(seen) > len(tiny.RELATIONS)
    for (_, column), probability in seen.items():
        assert probability == pytest.approx(expected[column], abs=1e-5)


def test_each_pair_with_the_reversed_one() -> None:
    """Zeros where a pair is asked one way only, as one whose tail is a date is."""
    asked = item("Ann met Bob in May", May="DATE"), item("Carl and Dora")
    pairs = [pair for _, pairs in asked for pair in pairs]
    vectors = np.random.default_rng(0).normal(size=(len(pairs), 3)).astype(np.float32)
    rows = np.array([0, 1, 1, 2, 4, 5])  # Ann with Bob and May, Bob with Ann, Carl and Dora
    found = both_ways(vectors, asked, rows)
    for row, (own, back) in zip(rows, found, strict=True):
        reverse = pairs[row][::-1]
        np.testing.assert_array_equal(own, vectors[row])
        np.testing.assert_array_equal(back, vectors[pairs.index(reverse)] if reverse in pairs else np.zeros(3))
    assert not found[:, 1].any(axis=1).all()


def test_the_network_sees_the_reversed_pairs_vector() -> None:
    hidden = np.zeros((2, len(FEATURES) + 2), dtype=np.float32)
    hidden[:, -1] = 1, -1
    views = np.random.default_rng(0).normal(size=(1, tiny.H)).astype(np.float32)
    made, items = with_context(replace(network(views=1), views=views, hidden=hidden)), [item(TEXT)]
    vectors = pair_vectors(made.encoder, made.packer, items)
    odds = made.scorer.log_odds(made.matcher.margins(vectors, items))
    seen = 0
    for row, best in enumerate(made.matcher.candidates(vectors, items, 0.0, len(tiny.RELATIONS))):
        back = vectors[items[0][1].index(items[0][1][row][::-1])]
        expected = 1 / (1 + np.exp(-float(back @ views[0]) / np.linalg.norm(back)))
        for column, probability in best:
            if odds[row, column] >= FLOOR and probability:
                assert probability == pytest.approx(expected, abs=1e-5)
                seen += 1
    assert seen > len(items[0][1])


def test_a_rival_takes_a_triples_place() -> None:
    """What `own` finds of a head's two tails, and what is left where the better tail counts against the other."""
    alone = with_context(network(own=1.0)).predict(TEXT, threshold=0.2)
    rivals = with_context(network(own=1.0, best_other_tail=-1.0)).predict(TEXT, threshold=0.2)
    assert {(t.head, t.relation, t.tail) for t in rivals} != {(t.head, t.relation, t.tail) for t in alone}


def test_the_best_by_the_network_come_first_not_those_by_the_margin() -> None:
    odd = with_context(network(own=-1.0))
    items = [item(TEXT)]
    vectors = pair_vectors(odd.encoder, odd.packer, items)
    for one, three in zip(*(odd.matcher.candidates(vectors, items, 0.0, k) for k in (1, 3)), strict=True):
        assert len(one) == 1
        assert one[0][1] == max(probability for _, probability in three)


def test_explanations_add_up_to_the_score() -> None:
    made = with_context(network(own=0.5, best_other_tail=-0.25))
    triples = made.predict(TEXT, threshold=0.0, explain=True)
    for triple in triples:
        assert triple.explanation is not None
        assert "other pairs" in triple.explanation
        total = np.float32([sum(triple.explanation.values())])
        assert sigmoid(total)[0] == pytest.approx(triple.score, abs=1e-4)
    plain = with_context(None).predict(TEXT, threshold=0.0, explain=True)
    assert not any("other pairs" in (triple.explanation or {}) for triple in plain)


def test_other_relations_hypernyms_and_examples_keep_the_network() -> None:
    made = with_context(network(own=0.5))
    for other in (made.with_relations(["friend"]), made.with_hypernyms(None),
                  made.fit([tiny.example("Ann lives in Rome", "Ann", "Rome", "residence")])):  # fmt: skip
        assert other.context is made.context


def test_extraction_is_evaluated_with_the_network() -> None:
    example = tiny.example("Ann lives in Rome and works for Acme.", "Ann", "Rome", "residence")
    asked = Task("extraction", (example,), tiny.RELATIONS, ())
    alone, weighed = (run_task(with_context(of), asked, RunOptions()) for of in (None, network()))
    assert set(weighed.probabilities) <= {0.0, 0.5}  # of log odds of 0, and of the worse way round
    assert not set(alone.probabilities) & {0.5}


# Files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", replace(tiny.model_files(), context=network(2, own=0.75)))
    return tmp_path / "model"


def test_a_folder_read_and_written_again_is_the_same(folder: Path, tmp_path: Path) -> None:
    made = RelationExtractor.from_pretrained(folder, threads=1)
    assert made.context is not None
    for name, tensor in network(2, own=0.75).tensors().items():
        np.testing.assert_array_equal(made.context.tensors()[name], tensor)
    made.save_pretrained(tmp_path / "again")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    save_model(folder, tiny.model_files())  # which replaces the one with a network
    assert not (folder / CONTEXT).exists()
    assert load_model(folder).context is None


def test_a_damaged_network_is_refused(folder: Path) -> None:
    content = bytearray((folder / CONTEXT).read_bytes())
    content[-3] ^= 16
    (folder / CONTEXT).write_bytes(content)
    with pytest.raises(ModelError, match=r"context\.safetensors is damaged"):
        load_model(folder)
    (folder / CONTEXT).unlink()
    with pytest.raises(ModelError, match=r"lacks context\.safetensors"):
        load_model(folder)


@pytest.mark.parametrize("dropped", [*network().tensors(), None])
def test_tensors_that_do_not_fit_are_refused(folder: Path, dropped: str | None) -> None:
    tiny.edit_config(folder, checksums={})
    tensors = load_file(folder / CONTEXT)
    if dropped is None:
        save_file({**tensors, "more": tensors["bias"]}, folder / CONTEXT)
        message = "more"
    else:
        save_file({**tensors, dropped: np.zeros((3, 3), dtype=np.float32)}, folder / CONTEXT)
        with pytest.raises(ModelError, match=r"context\.safetensors.*do not fit"):
            load_model(folder)
        save_file({name: tensor for name, tensor in tensors.items() if name != dropped}, folder / CONTEXT)
        message = dropped
    with pytest.raises(ModelError, match=rf"context\.safetensors.*{message}.*missing or unknown"):
        load_model(folder)


def test_a_relation_with_more_views_than_the_pair_is_refused(folder: Path) -> None:
    """Its views are multiplied by as many of the pair's."""
    tiny.edit_config(folder, checksums={})
    for relation_views, refused in ((2, False), (3, True)):
        shapes = {"views": (2, tiny.H), "relation_views": (relation_views, tiny.H)}
        shapes["hidden"] = (2, len(FEATURES) + 2 * 2 + 3 * relation_views)
        of_shapes = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}
        save_file({**load_file(folder / CONTEXT), **of_shapes}, folder / CONTEXT)
        with pytest.raises(ModelError, match="do not fit") if refused else nullcontext():
            load_model(folder)


def test_another_versions_features_are_refused(folder: Path) -> None:
    assert read_config(folder)["context"] == {"features": list(FEATURES)}
    tiny.edit_config(folder, context={"features": list(FEATURES[:-1])}, checksums={})
    with pytest.raises(ModelError, match="other features"):
        load_model(folder)


# Mentions that stand for others


def test_two_mentions_of_a_name_are_no_rivals() -> None:
    made = sentence("Ann met Bob, and Bob left.")
    ann, first, second = made.mentions
    pairs = [(ann, first), (ann, second)]
    found = context_features([(made, pairs)], np.float32([[1.0], [2.0]]), np.array([0]), np.array([0]))
    assert found[0, NAMES["best other tail"]] == LOWEST
    she = replace(first, antecedent=Mention("Cora", 90, 94))
    found = context_features([(made, [(ann, she), (ann, second)])], np.float32([[1.0], [2.0]]), np.array([0]),
                             np.array([0]))  # fmt: skip
    assert found[0, NAMES["best other tail"]] == 2.0
