"""A model's own mentions: exact offsets, whatever the text and its company, and the model's folder."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from zslre.encoder.head import TaggerHead, stored_head
from zslre.encoder.quantization import SCALE_SUFFIX
from zslre.encoder.runtime import RuntimeEncoder
from zslre.exceptions import InputError, ModelError
from zslre.extractor import RelationExtractor
from zslre.mentions import SpacyDetector
from zslre.sentences import split_sentences
from zslre.serialization import FILES, TAGGER, load_model, read_config, save_model
from zslre.tagger import TaggerDetector
from zslre.types import Sentence

TEXT = "Ann lives in Rome and works for Acme"
SENTENCES = [
    *("Ann lives in Rome", "", "Bob's company, Acme, is OLD", "x", "the new person of Paris (7) married Dora"),
    *("Carl founded zeta in oslo and lima", " ", "\u2603"),
]


@pytest.fixture(scope="module")
def detector() -> TaggerDetector:
    return tiny.tagger()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", tiny.tagged_model())
    return tmp_path / "model"


# Detection


PLAIN = ("Ann", "Rome", "&amp;", "&Eacute;", "**", "lives", "in", "the ", "Acme's", ". ", ", ", " ", "zeta", "(")
NASTY = ("\u201cDune\u201d", "\r\n", "\x00", "\u0301", "\U0001f600 ", "\ud800", "e\u0301", "\u3000", "\u4eba")
PIECES = st.sampled_from([*PLAIN, *NASTY])


@given(st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join))
@settings(max_examples=80)
def test_mentions_index_sentence_and_text(detector: TaggerDetector, text: str) -> None:
    for sentence in detector.detect([*split_sentences(text), Sentence(text)]):
        for mention in sentence.mentions:
            assert sentence.text[mention.start : mention.end] == mention.text == mention.text.strip() != ""
            assert mention.type in ("PERSON", "GPE")
            moved = mention.shifted(sentence.start)
            assert text[moved.start : moved.end] == mention.text
        assert all(left.end <= right.start for left, right in pairwise(sentence.mentions))


def test_a_name_ends_with_its_column(detector: TaggerDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.tagger.spans", lambda tags, types: [(0, len(tags), 0)])
    texts = (
        "Ann Low\tRome",
        "Ann Low   Rome",
        "Ann  Low Rome",
        "Ann\u2122 Low\n    Rome",
        "Ann<br>Bob<br>Dora",
        "Ann \u00b7 Bob",
    )
    found = detector.detect([Sentence(text) for text in texts])
    assert [[mention.text for mention in sentence.mentions] for sentence in found] == [
        ["Ann Low", "Rome"],
        ["Ann Low", "Rome"],
        ["Ann  Low Rome"],
        ["Ann\u2122 Low\n    Rome"],
        ["Ann", "Bob", "Dora"],
        ["Ann", "Bob"],
    ]


@pytest.mark.parametrize(
    ("text", "names", "label"),
    [
        ("Ring **Ann Low** now", "Ann Low", "PERSON"),
        ("Low **Ann** Lee", "Low **Ann** Lee", "PERSON"),
        ("C.E.O.", "C.E.O.", "MISC"),
        ("J.R. Low", "J.R. Low", "PERSON"),
        ("Acme<sup>2</sup>", "Acme", "PERSON"),
        ("AT\\&T", "AT\\&T", "PERSON"),
    ],
)
def test_what_a_name_has_within_and_before_it(
    detector: TaggerDetector, monkeypatch: pytest.MonkeyPatch, text: str, names: str, label: str
) -> None:
    words = 3 if text.startswith("Ring") else None  # all but what is behind the name
    monkeypatch.setattr("zslre.tagger.spans", lambda tags, types: [(0, words or len(tags), 0)])
    [sentence] = detector.detect([Sentence(text)])
    assert [(mention.text, mention.label) for mention in sentence.mentions] == [(names, label)]


def test_addresses_are_not_read(detector: TaggerDetector) -> None:
    text = "Bob's company, [Acme](http://acme.org/Ann), is OLD"
    bare = "Bob's company,  Acme                      , is OLD"
    assert detector.detect([Sentence(text)])[0].mentions == detector.detect([Sentence(bare)])[0].mentions


def test_a_name_holds_the_whole_of_its_references(detector: TaggerDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.tagger.spans", lambda tags, types: [(0, len(tags), 0)])
    texts = ("&quot;Ann&nbsp;Low&quot;", "&Eacute;mile Caf&eacute;", "&nbsp;AT&amp;T", "**Ann** Low's", "- **Ann Low**")
    found = detector.detect([Sentence(text) for text in texts])
    assert [[mention.text for mention in sentence.mentions] for sentence in found] == [
        ["Ann&nbsp;Low"],
        ["&Eacute;mile Caf&eacute;"],
        ["AT&amp;T"],
        ["Ann** Low's"],
        ["Ann Low"],
    ]


def test_padding_and_company_change_nothing(detector: TaggerDetector) -> None:
    sentences = [Sentence(text, start=3) for text in SENTENCES]
    together = detector.detect(sentences)
    assert sum(len(sentence.mentions) for sentence in together) > 5
    assert [detector.detect([sentence])[0] for sentence in sentences] == together
    assert detector.detect(sentences[::-1]) == together[::-1]
    assert detector.detect([]) == []
    assert tiny.tagger(threads=3).detect(sentences) == together


def test_old_mentions_are_replaced(detector: TaggerDetector) -> None:
    old = Sentence(TEXT, tiny.capitals(TEXT), start=5)
    assert detector.detect([old]) == detector.detect([Sentence(TEXT, start=5)])


def test_a_long_sentence_is_read_to_its_end_through_windows(detector: TaggerDetector) -> None:
    text = " ".join([TEXT] * 12)
    [found] = detector.detect([Sentence(text)])
    assert found.mentions[0].start < 40
    assert found.mentions[-1].start > len(text) - 40
    # What stands in the middle of a window is tagged by its surroundings, wherever in the text that is.
    [whole] = tiny.tagger(window=120).detect([Sentence(text)])
    common = {(m.start, m.end) for m in found.mentions} & {(m.start, m.end) for m in whole.mentions}
    assert len(common) > 0.5 * len(whole.mentions)


def test_a_windows_words_are_scored_as_alone(detector: TaggerDetector) -> None:
    rows = [np.arange(5, 5 + detector.room), np.arange(5, 5 + 2 * detector.room)]
    scores = detector._scores(rows, [np.ones(len(row), dtype=np.int64) for row in rows])
    np.testing.assert_array_equal(scores[1][: detector.room // 4], scores[0][: detector.room // 4])


def test_how_words_are_written_counts(detector: TaggerDetector) -> None:
    texts = [text for text in SENTENCES if text.lower() != text]
    cased, lower = (detector.detect([Sentence(f(text)) for text in texts]) for f in (str, str.lower))
    assert [s.mentions for s in cased] != [s.mentions for s in lower]


# Choosing


def test_the_models_own_tagger_is_the_default_and_spacy_an_option(folder: Path) -> None:
    own = RelationExtractor.from_pretrained(folder, threads=1)
    assert isinstance(own.detector, TaggerDetector)
    assert own.detector.room == tiny.WINDOW - 2
    named = RelationExtractor.from_pretrained(folder, threads=1, ner="builtin")
    spacy = RelationExtractor.from_pretrained(folder, threads=1, ner="spacy")
    assert isinstance(spacy.detector, SpacyDetector)
    found = [e.detector.detect([Sentence(TEXT)])[0].mentions for e in (own, named, spacy)]
    assert found[0] == found[1] != found[2]


def test_with_spacys_mentions_no_tagger_is_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(RuntimeEncoder, "start_tagger", lambda encoder: started.append(encoder))
    RelationExtractor.from_pretrained(folder, threads=1, ner="spacy")
    assert not started


@pytest.mark.parametrize("ner", [None, "builtin"])
def test_a_model_without_a_tagger_has_the_built_in_ones(tmp_path: Path, ner: str | None) -> None:
    save_model(tmp_path / "model", tiny.model_files())
    assert not (tmp_path / "model" / TAGGER).exists()
    extractor = RelationExtractor.from_pretrained(tmp_path / "model", threads=1, ner=ner)
    text = [Sentence("Siemens opened an office in Stockholm.")]
    found = extractor.detector.detect(text)[0].mentions
    assert [m.text for m in found] == ["Siemens", "Stockholm"]
    assert extractor.detector.encoder is not extractor.encoder  # type: ignore[attr-defined]
    assert extractor.detector.encoder.threads == 1  # type: ignore[attr-defined]
    assert found == RelationExtractor.from_pretrained(threads=1).detector.detect(text)[0].mentions


def test_an_encoder_without_a_tagger_says_so() -> None:
    with pytest.raises(InputError, match=r"no mention tagger.*'builtin'"):
        TaggerDetector(tiny.runtime_encoder())


def test_predict_then_does_without_spacy(folder: Path) -> None:
    code = """
import sys
from zslre.extractor import RelationExtractor
extractor = RelationExtractor.from_pretrained(sys.argv[1], threads=1)
assert extractor.predict("Ann lives in Rome. Bob works for Acme.", threshold=0.0)
assert "spacy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


# On disk


def test_a_round_trip_finds_the_same(folder: Path, tmp_path: Path, detector: TaggerDetector) -> None:
    sentences = [Sentence(text) for text in SENTENCES]
    first = RelationExtractor.from_pretrained(folder, threads=1, ner="spacy")  # keeps its tagger all the same
    first.save_pretrained(tmp_path / "again")
    second = RelationExtractor.from_pretrained(tmp_path / "again", threads=1)
    assert second.detector.detect(sentences) == detector.detect(sentences)
    for name in (*FILES, TAGGER):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name
    stored = load_file(folder / TAGGER)
    assert {tensor.dtype for name, tensor in stored.items() if tensor.ndim == 2} == {np.dtype(np.int8)}
    second.save_pretrained(folder)  # in place


def test_replacing_a_model_leaves_no_tagger_behind(folder: Path) -> None:
    save_model(folder, tiny.model_files())
    assert not (folder / TAGGER).exists()
    assert "tagger" not in load_model(folder).config
    save_model(folder, tiny.tagged_model())
    assert load_model(folder).tagger is not None


def test_a_flipped_bit_truncation_and_loss_are_refused(folder: Path) -> None:
    content = bytearray((folder / TAGGER).read_bytes())
    for at in (3, len(content) // 2, len(content) - 1):
        damaged = content.copy()
        damaged[at] ^= 1
        (folder / TAGGER).write_bytes(damaged)
        with pytest.raises(ModelError, match=r"tagger\.safetensors is damaged"):
            load_model(folder)
    (folder / TAGGER).write_bytes(content[:-9])
    with pytest.raises(ModelError, match=r"tagger\.safetensors is damaged"):
        load_model(folder)
    (folder / TAGGER).unlink()
    with pytest.raises(ModelError, match=r"lacks tagger\.safetensors"):
        load_model(folder)


def edit(folder: Path, **changes: Any) -> None:
    tiny.edit_config(folder, tagger=read_config(folder)["tagger"] | changes, checksums={})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"types": ["PERSON"]}, "do not fit"),
        ({"layers": [0]}, "do not fit"),
        ({"layers": [-1, 0]}, "do not fit"),
        ({"layers": None}, "incomplete"),
        ({"layers": [0, 3]}, "reads layer 3, the encoder has 2"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit(folder, **changes)
    with pytest.raises(ModelError, match=message):
        RelationExtractor.from_pretrained(folder, threads=1)


def test_tensors_that_do_not_fit_are_refused(folder: Path) -> None:
    edit(folder)
    tensors = load_file(folder / TAGGER)
    save_file({name: tensor for name, tensor in tensors.items() if name != "output.bias"}, folder / TAGGER)
    with pytest.raises(ModelError, match=r"tagger\.safetensors.*output\.bias"):
        load_model(folder)
    save_file({n: t for n, t in tensors.items() if n != f"input.weight{SCALE_SUFFIX}"}, folder / TAGGER)
    with pytest.raises(ModelError, match=r"tagger\.safetensors.*incomplete"):
        load_model(folder)


def test_a_head_for_another_width_is_refused() -> None:
    floats = tiny.tagger_head().floats
    other = {**floats, "input.weight": floats["input.weight"][:, :-1]}
    head = TaggerHead.of(stored_head(other), tiny.tagger_head().config)
    encoder = RuntimeEncoder(tiny.encoder_tensors(), tiny.encoder_settings(), tiny.tokenizer(), threads=1, tagger=head)
    with pytest.raises(ModelError, match="do not fit the encoder"):
        TaggerDetector(encoder)


def test_pair_vectors_are_those_without_a_tagger() -> None:
    files = tiny.tagged_model()
    with_tagger, without = (
        RelationExtractor(
            RuntimeEncoder(files.encoder, files.config["encoder"], files.tokenizer, threads=1, tagger=head),
            files.scorer,
            files.relations,
            config=files.config,
        )
        for head in (files.tagger, None)
    )
    asked = [Sentence(TEXT, tiny.capitals(TEXT))]
    found = [list(e.extract_sentences(asked, threshold=0.0, top_k=4)) for e in (with_tagger, without)]
    assert found[0] == found[1] != [[]]
