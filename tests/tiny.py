"""A tiny model, made in memory from a seed: BERT of 2 layers and 32 dimensions, a WordPiece vocabulary, a scorer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from zslre.encoder.head import TaggerHead, stored_head
from zslre.encoder.runtime import RuntimeEncoder
from zslre.extractor import RelationExtractor
from zslre.prototypes import build_prototypes
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.scoring import Scorer
from zslre.serialization import ModelFiles, config_checksum
from zslre.tagger import TaggerDetector
from zslre.tagging import SHAPES
from zslre.types import Example, Mention, Sentence

if TYPE_CHECKING:
    from zslre.encoder.transformer import TransformerEncoder

H, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 4, 64, 140
SEED = 4  # with these weights the extractor's tests see three relations, and scores on both sides of 0.5
WINDOW = 24  # max_text_tokens of the tiny model: small, so that windows are needed soon
MARKERS = ("[HS]", "[HE]", "[TS]", "[TE]")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    *("ann", "bob", "carl", "dora", "rome", "oslo", "paris", "lima", "acme", "zeta", "lives", "in", "works", "for"),
    *("founded", "married", "the", "a", "and", "of", "was", "by", "is", "born", "city", "company", "person"),
    *("spouse", "residence", "employer", "founder", "new", "old"),
)
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

RELATIONS = RelationSet(
    [
        Relation("residence", "place where a person lives", SideInformation(("lives in",), ("person",), ("city",))),
        Relation("employer", "", SideInformation(("works for",), ("person",), ("company",), ("works", "company"))),
        Relation("founder", "who founded the company"),
        Relation("spouse", "married to", SideInformation((), ("person",), ("person",)), symmetric=True),
    ]
)


def tokenizer() -> Tokenizer:
    pieces = [*SPECIAL, *dict.fromkeys(WORDS), *CHARACTERS, *(f"##{c}" for c in CHARACTERS), *".,-'()"]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    )
    made.add_special_tokens([*SPECIAL, *MARKERS])
    return made


def encoder_settings() -> dict[str, Any]:
    """The `encoder` entry of config.json."""
    made = tokenizer()
    return {
        "architecture": "bert",
        "hidden_size": H,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "layer_norm_eps": 1e-12,
        "dim": H,
        "max_text_tokens": WINDOW,
        "marker_ids": [made.token_to_id(marker) for marker in MARKERS],
    }


def encoder_tensors(seed: int = SEED) -> dict[str, np.ndarray]:
    """Random weights, large enough that every part of the encoder shows in its output."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (tokenizer().get_vocab_size(), H),
        "embeddings.position_embeddings.weight": (POSITIONS, H),
        "embeddings.token_type_embeddings.weight": (2, H),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}." for number in range(LAYERS)):
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
        linear = {f"attention.self.{part}": (H, H) for part in ("query", "key", "value")}
        linear |= {"attention.output.dense": (H, H), "intermediate.dense": (INNER, H), "output.dense": (H, INNER)}
        for name, shape in linear.items():
            shapes[f"{layer}{name}.weight"] = shape
            shapes[f"{layer}{name}.bias"] = shape[:1]
    shapes |= {"pair.query.weight": (H, 4 * H), "pair.projection.weight": (H, 6 * H), "pair.projection.bias": (H,)}
    shapes |= {f"{name}.{part}": (H,) for name in norms for part in ("weight", "bias")}
    rng = np.random.default_rng(seed)
    tensors = {
        name: (rng.standard_normal(shape) * (0.25 if len(shape) == 2 else 0.02)).astype(np.float32)
        for name, shape in shapes.items()
    }
    tensors["embeddings.word_embeddings.weight"] *= np.float32(4)
    tensors["pair.projection.weight"] *= np.float32(0.3)  # of 6 H numbers: keeps pair vectors near length sqrt(H)
    for name in norms:
        tensors[f"{name}.weight"] += 1.0
    return tensors


def runtime_encoder(seed: int = SEED) -> RuntimeEncoder:
    return RuntimeEncoder(encoder_tensors(seed), encoder_settings(), tokenizer(), threads=1)


def hf_config(**changes: Any) -> dict[str, Any]:
    """The Hugging Face config of the same encoder."""
    return {
        "model_type": "bert",
        "vocab_size": tokenizer().get_vocab_size(),
        "hidden_size": H,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "layer_norm_eps": 1e-12,
        "attention_probs_dropout_prob": 0.0,
        **changes,
    }


def torch_encoder(seed: int = SEED) -> TransformerEncoder:
    """The same weights in torch."""
    from zslre.encoder.transformer import TransformerEncoder

    return TransformerEncoder.from_state(hf_config(), encoder_tensors(seed), tokenizer())


def scorer(seed: int = SEED, *, calibration: tuple[float, float] = (1.0, -1.0)) -> Scorer:
    """Random; probabilities of random pairs spread over most of [0, 1]."""
    rng = np.random.default_rng(seed)

    def random(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    return Scorer.from_tensors(
        {
            "pair_views": random(3, 8, H),
            "phrase_views": random(3, 8, H),
            "kind_logits": np.float32([0.8, 0.1, -0.2, 0.3]),
            "scale": np.float32(12.0),
            "support_prior": np.float32(0.8),
            "none_hidden": random(16, H),
            "none_hidden_bias": random(16),
            "none_output": random(16) * np.float32(0.2),
            "none_bias": np.float32(0.5),
            "calibration": np.float32(calibration),
        }
    )


def model_files(relations: RelationSet = RELATIONS, seed: int = SEED) -> ModelFiles:
    encoder, numbers = runtime_encoder(seed), scorer(seed)
    config = {"name": "tiny", "threshold": 0.5, "encoder": encoder_settings()}
    prototypes = build_prototypes(encoder, numbers, relations)
    return ModelFiles(config, encoder_tensors(seed), numbers, prototypes, encoder.tokenizer, relations)


def edit_config(folder: Path, **changes: Any) -> None:
    """Changes config.json, None for what is to go, and its checksum, as one would who means it."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    config = {key: value for key, value in config.items() if value is not None}
    if "checksums" not in changes:
        config["checksums"]["config.json"] = config_checksum(config)
    path.write_text(json.dumps(config), encoding="utf-8")


def base_folder(folder: Path) -> Path:
    """Writes the Hugging Face folder of the tiny BERT, with weights of its own; skips the test without torch."""
    pytest.importorskip("torch", reason="training needs torch")
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    settings = {key: value for key, value in hf_config().items() if key != "model_type"}
    AutoModel.from_config(AutoConfig.for_model("bert", **settings)).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer(), pad_token="[PAD]").save_pretrained(folder)
    return folder


class CapitalDetector:
    """Takes every capitalised word for a mention."""

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        return [replace(sentence, mentions=capitals(sentence.text)) for sentence in sentences]


def capitals(text: str) -> tuple[Mention, ...]:
    return tuple(Mention(found[0], found.start(), found.end()) for found in re.finditer(r"\b[A-Z]\w*", text))


def extractor(relations: RelationSet = RELATIONS, seed: int = SEED) -> RelationExtractor:
    config = {"threshold": 0.5, "encoder": encoder_settings()}
    return RelationExtractor(runtime_encoder(seed), scorer(seed), relations, config=config, detector=CapitalDetector())


def example(text: str, head: str, tail: str, relation: str | None) -> Example:
    """The pair of the first places where `head` and `tail` stand in `text`."""
    first, second = (Mention(name, text.index(name), text.index(name) + len(name)) for name in (head, tail))
    return Example(Sentence(text, (first, second)), first, second, relation)


def tagger_head(seed: int = SEED) -> TaggerHead:
    """A random head that reads two layers and tells apart two types."""
    rng = np.random.default_rng(seed)
    shapes = {"input.weight": (8, H), "input.bias": (8,), "shape.weight": (SHAPES, 8), "output.weight": (5, 8)}
    shapes |= {"convolution.0.weight": (8, 24), "convolution.0.bias": (8,), "output.bias": (5,)}
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    tensors["mix"] = np.float32([0.3, 0.7])
    return TaggerHead.of(stored_head(tensors), {"layers": [0, 2], "types": ["PERSON", "GPE"]})


def tagged_model(seed: int = SEED) -> ModelFiles:
    """`model_files` with a mention tagger."""
    return replace(model_files(seed=seed), tagger=tagger_head(seed))


def tagger(seed: int = SEED, *, window: int = WINDOW, threads: int = 1) -> TaggerDetector:
    encoder = RuntimeEncoder(
        encoder_tensors(seed), encoder_settings(), tokenizer(), threads=threads, tagger=tagger_head(seed)
    )
    return TaggerDetector(encoder, max_text_tokens=window)
