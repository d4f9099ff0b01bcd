"""The verifier: what it reads, that company changes nothing, what the extractor makes of it, and how it is trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from zslre.candidates import candidate_pairs
from zslre.encoder import pair_vectors
from zslre.exceptions import ModelError
from zslre.extractor import RelationExtractor
from zslre.packing import Packer
from zslre.relations import Relation, RelationSet
from zslre.scoring import sigmoid
from zslre.serialization import save_model
from zslre.types import Sentence
from zslre.verifier import FLOOR, Verifier, by_sentence_and_relation, relation_text

OTHER_SEED = 9  # of the verifier's weights
TEXTS = ("Ann lives in Rome and works for Acme", "Bob married Dora", "Oslo")
CONFIG = {
    "name": "tiny verifier",
    "verifier": {"first_weight": 0.0},
    "threshold": 0.3,
    "encoder": tiny.encoder_settings(),
}


def verifier(**changes: Any) -> Verifier:
    return Verifier(tiny.runtime_encoder(OTHER_SEED), tiny.scorer(OTHER_SEED), {**CONFIG, **changes})


def items(texts: tuple[str, ...] = TEXTS) -> list[tuple[Sentence, list[Any]]]:
    sentences = [Sentence(text, tiny.capitals(text)) for text in texts]
    return [(sentence, candidate_pairs(sentence)) for sentence in sentences]


# What is read


def test_a_text_stands_behind_the_sentence() -> None:
    made = tiny.tokenizer()
    sentence = Sentence("Ann lives in Rome", tiny.capitals("Ann lives in Rome"))
    [(alone, _)] = Packer(made, max_text_tokens=24).pack([(sentence, candidate_pairs(sentence))])
    [(batch, _)] = Packer(made, max_text_tokens=24).pack([(sentence, candidate_pairs(sentence))], ["works for"])
    expected = made.encode("Ann lives in Rome").ids + made.encode("works for").ids[1:]
    assert batch.text_ids[0].tolist() == expected
    np.testing.assert_array_equal(batch.marker_positions, alone.marker_positions)


def test_a_long_sentence_leaves_room_for_the_text() -> None:
    made = tiny.tokenizer()
    text = "Ann lives in Rome " + "and the old city of Lima " * 9
    sentence = Sentence(text, tiny.capitals("Ann lives in Rome"))
    pairs = candidate_pairs(sentence)
    behind = made.encode("works for the company").ids[1:]
    [(batch, _)] = Packer(made, max_text_tokens=24).pack([(sentence, pairs)], ["works for the company"])
    assert batch.text_ids.shape == (1, 24)
    assert batch.text_ids[0, -len(behind) :].tolist() == behind
    [(batch, _)] = Packer(made, max_text_tokens=24).pack([(sentence, pairs)], ["new " * 50])
    new = made.token_to_id("new")
    assert batch.text_ids.shape == (1, 24)
    assert 9 <= (batch.text_ids[0] == new).sum() <= 11
    assert batch.text_ids[0, [0, -1]].tolist() == [Packer(made).first_id, Packer(made).last_id]


def test_pairs_are_asked_together_where_sentence_and_relation_agree() -> None:
    found = by_sentence_and_relation(items(("Ann met Bob", "Cy met Di")), [[2, 0], [0], [], [2]])
    assert {key: [number for number, _ in pairs] for key, pairs in found.items()} == {
        (0, 2): [0],
        (0, 0): [0, 1],
        (1, 2): [3],
    }


def test_margins_against_one_pair_and_relation_at_a_time() -> None:
    made, asked_items = verifier(), items()
    pairs = [(sentence, pair) for sentence, pairs in asked_items for pair in pairs]
    rng = np.random.default_rng(0)
    asked = [sorted(rng.choice(4, size=rng.integers(0, 4), replace=False).tolist()) for _ in pairs]
    prototypes = made.prototypes(tiny.RELATIONS)
    found = made.margins(asked_items, asked, tiny.RELATIONS, prototypes)
    for (sentence, pair), columns, margins in zip(pairs, asked, found, strict=True):
        assert len(margins) == len(columns)
        for column, margin in zip(columns, margins, strict=True):
            text = [relation_text(tiny.RELATIONS[column])]
            vector = pair_vectors(made.encoder, made.packer, [(sentence, [pair])], text)
            expected = made.scorer.features(vector)[0] @ prototypes[column] - made.scorer.none_scores(vector)[0]
            assert margin == pytest.approx(expected, abs=1e-4)
    assert made.margins([], [], tiny.RELATIONS, prototypes) == []


def test_the_relation_is_read_and_not_only_compared() -> None:
    made, sentences = verifier(), items(("Ann lives in Rome",))
    same = np.repeat(made.prototypes(tiny.RELATIONS)[:1], 2, axis=0)
    other = RelationSet([Relation("lives in"), Relation("works for the old company")])
    (first, second), _ = made.margins(sentences, [[0, 1], []], other, same)
    assert first != pytest.approx(second, abs=1e-3)


# In the extractor


def test_scores_are_the_verifiers_and_so_is_the_threshold() -> None:
    plain, made = tiny.extractor(), verifier()
    checked = plain.with_verifier(made)
    text = TEXTS[0]
    [(sentence, pairs)] = items((text,))
    probabilities = made.scorer.probabilities(
        np.stack(made.margins([(sentence, pairs)], [range(4)] * len(pairs), tiny.RELATIONS,
                              made.prototypes(tiny.RELATIONS)))
    )  # fmt: skip
    expected = {
        (head.start, tail.start, name): float(probabilities[row, column])
        for row, (head, tail) in enumerate(pairs)
        for column, name in enumerate(tiny.RELATIONS.names)
    }
    everything = checked.predict(text, threshold=0.0, top_k=4)
    assert everything
    for triple in everything:
        assert triple.score == pytest.approx(expected[triple.head.start, triple.tail.start, triple.relation], abs=1e-4)
    assert [t.score for t in everything] != [t.score for t in plain.predict(text, threshold=0.0, top_k=4)]
    low, high = plain.with_verifier(verifier(threshold=0.0)), plain.with_verifier(verifier(threshold=1.0))
    assert low.predict(text)
    assert not high.predict(text)
    assert all(triple.score >= 0.3 for triple in checked.predict(text))


def test_the_first_models_log_odds_are_added() -> None:
    asked, prototypes = items((TEXTS[1],)), verifier().prototypes(tiny.RELATIONS)
    handed = [[(0, 0.8), (1, 0.5)], [(2, 0.1)]]
    margins = verifier().margins(asked, [[0, 1], [2]], tiny.RELATIONS, prototypes)
    made = verifier(verifier={"first_weight": 2.0})
    found = made.rescored(asked, handed, tiny.RELATIONS, prototypes)
    slope, offset = made.scorer.calibration
    for candidates, odds, own in zip(found, [[np.log(4), 0.0], [-np.log(9)]], margins, strict=True):
        expected = 1 / (1 + np.exp(-(slope * (own + 2.0 * np.array(odds)) + offset)))
        assert sorted(p for _, p in candidates) == pytest.approx(sorted(expected), abs=1e-5)
    sure = verifier(verifier={"first_weight": 1e6}).rescored(asked, handed, tiny.RELATIONS, prototypes)
    assert [column for column, _ in sure[0]] == [0, 1]


def test_it_looks_over_what_the_first_model_deems_possible() -> None:
    plain = tiny.extractor()
    doubtful = replace(plain.scorer, calibration=np.float32([1.0, -60.0]))  # nothing reaches the floor
    first = RelationExtractor(
        plain.encoder, doubtful, tiny.RELATIONS, config=plain.config, detector=tiny.CapitalDetector()
    )
    checked = first.with_verifier(verifier(threshold=FLOOR))
    assert checked.predict(TEXTS[0]) == []
    assert checked.predict(TEXTS[0], threshold=0.0)  # then all are looked over


def test_it_may_change_which_relation_is_best() -> None:
    plain = tiny.extractor()
    before, after = (
        asked.predict(" . ".join(TEXTS), threshold=0.0, top_k=1) for asked in (plain, plain.with_verifier(verifier()))
    )
    assert {(t.head, t.tail, t.relation) for t in before} != {(t.head, t.tail, t.relation) for t in after}
    pairs = [(t.head, t.tail) for t in after]
    assert len(set(pairs)) == len(pairs)  # one relation a pair all the same


def test_other_changes_keep_it() -> None:
    checked = tiny.extractor().with_verifier(verifier())
    assert checked.with_relations(["employer"]).verifier is checked.verifier
    assert checked.with_hypernyms(None).verifier is checked.verifier
    assert checked.with_verifier(None).verifier is None
    [alone] = checked.with_relations(["employer"]).predict("Ann works for Acme", threshold=0.0)
    together = checked.with_relations(["employer", "spouse"]).predict("Ann works for Acme", threshold=0.0, top_k=2)
    assert alone.score == pytest.approx(next(t.score for t in together if t.relation == "employer"), abs=1e-5)


def test_an_explanation_adds_up_to_the_score() -> None:
    checked = tiny.extractor().with_verifier(verifier())
    triples = checked.predict(TEXTS[0], threshold=0.0, explain=True)
    assert triples
    for triple in triples:
        assert triple.explanation is not None
        assert "verifier" in triple.explanation
        total = np.float32([sum(triple.explanation.values())])
        assert sigmoid(total)[0] == pytest.approx(triple.score, abs=1e-4)
    plain = tiny.extractor().predict(TEXTS[0], threshold=0.0, explain=True)
    assert not any("verifier" in (triple.explanation or {}) for triple in plain)


def test_folders_are_told_apart(tmp_path: Path) -> None:
    files = tiny.model_files(seed=OTHER_SEED)
    save_model(tmp_path / "verifier", replace(files, config={**files.config, "verifier": {"first_weight": 0.0}}))
    save_model(tmp_path / "model", files)
    loaded = Verifier.from_pretrained(tmp_path / "verifier", threads=1)
    pairs = items(("Ann lives in Rome",))
    for made in (loaded, verifier()):
        rows = made.prototypes(tiny.RELATIONS)
        found = made.margins(pairs, [[0], [1]], tiny.RELATIONS, rows)
        np.testing.assert_allclose(np.concatenate(found), np.concatenate(
            verifier().margins(pairs, [[0], [1]], tiny.RELATIONS, rows)), atol=1e-4)  # fmt: skip
    with pytest.raises(ModelError, match="is no verifier"):
        Verifier.from_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match="is a verifier, which looks over what a model found"):
        RelationExtractor.from_pretrained(tmp_path / "verifier")
