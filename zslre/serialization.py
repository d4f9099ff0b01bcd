"""Model folders: config.json, encoder.safetensors, scorer.safetensors, prototypes.safetensors, tokenizer.json and
relations.json; of a model that finds mentions itself, tagger.safetensors as well, and of one that weighs a sentence's
pairs against each other, context.safetensors. No pickle. A folder is written aside and then renamed, so that a stop
leaves no half of one, and the old one where there was one.

config.json holds a SHA-256 of every other file and of itself: a flipped bit, in packed weights or in a threshold, would
else give wrong triples, silently.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from tokenizers import Tokenizer

from zslre.checks import not_finite, odd_prototypes, odd_setting
from zslre.context import ContextScorer
from zslre.encoder import FloatArray
from zslre.encoder.head import TaggerHead
from zslre.encoder.quantization import is_compact, is_packed
from zslre.exceptions import InputError, ModelError
from zslre.packing import plain_tokenizer
from zslre.paths import sha256
from zslre.prototypes import Prototypes
from zslre.relation_files import to_json
from zslre.relations import RelationSet
from zslre.scoring import Scorer

Made = TypeVar("Made")
FORMAT = "zslre-model"
FORMAT_VERSION = 2
PLAIN_VERSION = 1  # of a model without packed weights, which earlier versions of zslre can read as well
BUILTIN = Path(__file__).parent / "assets" / "model"
FILES = (
    "config.json",
    "encoder.safetensors",
    "scorer.safetensors",
    "prototypes.safetensors",
    "tokenizer.json",
    "relations.json",
)
TAGGER = "tagger.safetensors"  # there if config.json has "tagger"
CONTEXT = "context.safetensors"  # there if config.json has "context"
OPTIONAL = {"tagger": TAGGER, "context": CONTEXT}  # by their entry in config.json


@dataclass(frozen=True, slots=True, eq=False)
class ModelFiles:
    """All that a model folder holds. `support`: relation name → pair vectors (K, D) of its support examples, and
    None → of those without a relation."""

    config: dict[str, Any]
    encoder: dict[str, np.ndarray]
    scorer: Scorer
    prototypes: Prototypes
    tokenizer: Tokenizer
    relations: RelationSet
    support: Mapping[str | None, FloatArray] = field(default_factory=dict)
    tagger: TaggerHead | None = None
    context: ContextScorer | None = None


def read_config(folder: str | Path) -> dict[str, Any]:
    """The model's config.json; raises ModelError if there is no model of a format that this version reads."""
    path = Path(folder) / "config.json"
    if not Path(folder).is_dir():
        raise ModelError(f"no model at {folder}: give the folder of a model that `zslre train` wrote")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): this is no zslre model folder") from error
    except (ValueError, RecursionError) as error:  # JSON has no bounds of depth and of digits, Python has
        raise ModelError(f"{path} is not JSON ({error}): the model folder is damaged, get it again") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ModelError(f"{path} is not a zslre model's: give a folder that `zslre train` wrote")
    version = config.get("format_version")
    if not isinstance(version, int) or not PLAIN_VERSION <= version <= FORMAT_VERSION:
        raise ModelError(
            f"{path} has format version {version!r}, this zslre reads {PLAIN_VERSION} to {FORMAT_VERSION}: "
            "pip install -U zslre, or get the model again"
        )
    checksums = config.get("checksums", {})
    if isinstance(checksums, dict) and checksums.get("config.json", own := config_checksum(config)) != own:
        raise ModelError(f"{path} is damaged or was changed (its checksum differs): get the model again")
    return config


def config_checksum(config: Mapping[str, Any]) -> str:
    """SHA-256 of what a config.json says, but for the checksums in it."""
    content = {key: value for key, value in config.items() if key != "checksums"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_model(folder: str | Path) -> ModelFiles:
    """Read a model folder; raises ModelError if a file is missing, truncated or foreign."""
    folder = Path(folder)
    config = read_config(folder)
    if odd := odd_setting(config):
        raise ModelError(f"{folder / 'config.json'} {odd}: get the model again")
    check_whole(folder, config)
    _check(folder, config)
    try:
        tokenizer = plain_tokenizer((folder / "tokenizer.json").read_text(encoding="utf-8"))
        if len(tokenizer.encode("").ids) != 2:
            raise ValueError("it does not put a token before a text and one behind it")
    except Exception as error:  # tokenizers raises a bare Exception
        raise ModelError(f"{folder / 'tokenizer.json'} is damaged ({error}): get the model again") from error
    try:
        relations = RelationSet.from_file(folder / "relations.json")
    except InputError as error:
        raise ModelError(f"the model's relation set is damaged: {error}") from error
    prototypes = _tensors(folder / "prototypes.safetensors")
    try:
        rows = Prototypes(prototypes.pop("vectors").astype(np.float32), prototypes.pop("present").astype(np.float32))
        names = {key: name for name, key in _support_keys(relations).items()}
        support = {names[key]: shown.astype(np.float32) for key, shown in prototypes.items()}
    except (KeyError, ValueError) as error:
        raise ModelError(f"{folder / 'prototypes.safetensors'} does not fit the model ({error})") from error
    scorer = _made(folder / "scorer.safetensors", Scorer.from_tensors)
    if odd := odd_prototypes(rows, support, len(relations), scorer):
        raise ModelError(f"{folder / 'prototypes.safetensors'} holds {odd}: get the model again")
    dim = scorer.pair_views.shape[-1]
    if config["encoder"].get("dim", dim) != dim:
        raise ModelError(f"{folder / 'scorer.safetensors'} is for vectors of {dim}, not of this encoder: get it again")
    encoder = _tensors(folder / "encoder.safetensors")
    if is_packed(encoder) and config["format_version"] == PLAIN_VERSION:
        raise ModelError(f"{folder / 'config.json'} is not that of packed weights: get the model again")
    tagger, context = None, None
    if "tagger" in config:
        tagger = _made(folder / TAGGER, lambda tensors: TaggerHead.of(tensors, config["tagger"]))
    if "context" in config:
        context = _made(folder / CONTEXT, lambda tensors: ContextScorer.of(tensors, config["context"], dim))
    return ModelFiles(config, encoder, scorer, rows, tokenizer, relations, support, tagger, context)


def check_whole(folder: Path, config: Mapping[str, Any]) -> None:
    """Raise ModelError, with their names, if files of the model with this config.json are missing."""
    missing = [name for name in (*FILES, *_optional(config)) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} lacks {', '.join(missing)}: the model folder is not whole, get it again")


def save_model(folder: str | Path, model: ModelFiles) -> None:
    """Write a model folder; replaces an older model there, refuses a file, and a folder that holds anything else.

    Raises ModelError as well where it cannot be written, and for numbers that are not finite; what was there stays.
    """
    folder, rest = Path(folder).resolve(), ""  # "." has no name
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder} is a file, and a model is a folder: choose another name for it")
    if folder.exists() and not _may_be_replaced(folder):
        raise ModelError(f"{folder} exists and holds other files: choose another place for the model")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        new, old = work / "new", work / "old"
        try:
            new.mkdir()  # which others may read, unlike `work`
            _write(new, model)
            try:
                if folder.exists():
                    folder.rename(old)
                new.rename(folder)
            finally:
                if old.exists() and not folder.exists():
                    old.rename(folder)
        finally:
            if old.exists() and not folder.exists():  # nor could it be put back
                rest = f"; the model that was there is in {old}"
            else:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        why = error.strerror or str(error)
        if error.filename is not None:  # a write that fails names no file
            why += f": {error.filename}"
        raise ModelError(f"{folder} cannot be written ({why}): make room, or choose another place{rest}") from error


def _may_be_replaced(folder: Path) -> bool:
    """Whether a folder is empty or holds a model, of whatever version, and nothing else."""
    names = {path.name for path in folder.iterdir()}
    if not names:
        return True
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    ours = isinstance(config, dict) and config.get("format") == FORMAT
    return ours and names <= {*FILES, *OPTIONAL.values(), "README.md"}


def _support_keys(relations: RelationSet) -> dict[str | None, str]:
    """Under what the file of prototypes has the examples of each relation, and those without one."""
    keys: dict[str | None, str] = {name: f"support.{place}" for place, name in enumerate(relations.names)}
    return keys | {None: "support.none"}


def _write(folder: Path, model: ModelFiles) -> None:
    _save(model.encoder, folder / "encoder.safetensors")
    small = is_compact(model.encoder)
    _save(model.scorer.tensors(), folder / "scorer.safetensors", halved=small)
    keys = _support_keys(model.relations)
    support = {keys[name]: shown for name, shown in model.support.items() if name in keys}
    rows = {"vectors": model.prototypes.vectors, "present": _bits(model.prototypes.shares), **support}
    _save(rows, folder / "prototypes.safetensors", halved=small)
    (folder / "tokenizer.json").write_text(model.tokenizer.to_str(), encoding="utf-8")
    relations = to_json([relation.to_dict() for relation in model.relations])
    (folder / "relations.json").write_bytes(relations.encode("utf-8"))  # to_file would raise InputError
    stamp = {"format": FORMAT, "format_version": FORMAT_VERSION if is_packed(model.encoder) else PLAIN_VERSION}
    # What a model that was read carries of its folder is replaced, in its place: saved again, it is the same bytes.
    config = {**stamp, **model.config, **stamp, **dict.fromkeys(OPTIONAL)}
    if model.tagger is not None:
        _save(model.tagger.tensors, folder / TAGGER)
        config["tagger"] = model.tagger.config
    if model.context is not None:
        _save(model.context.tensors(), folder / CONTEXT)
        config["context"] = model.context.config
    config = {key: value for key, value in config.items() if key not in OPTIONAL or value is not None}
    own = {"config.json": config_checksum(config)}
    config["checksums"] = own | {name: sha256(folder / name) for name in (*FILES[1:], *_optional(config))}
    (folder / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _optional(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that this model has and another need not have."""
    return tuple(name for key, name in OPTIONAL.items() if key in config)


def _check(folder: Path, config: Mapping[str, Any]) -> None:
    """Raises ModelError unless the files are those that were written. Older models have no checksums."""
    checksums = config.get("checksums", {})
    names = {*FILES, *_optional(config)}
    if not isinstance(checksums, dict) or (config["format_version"] > PLAIN_VERSION and checksums.keys() != names):
        raise ModelError(f"{folder / 'config.json'} lacks the checksums of the model's files: get the model again")
    for name in sorted(names - {"config.json"}):
        try:
            changed = name in checksums and checksums[name] != sha256(folder / name)
        except OSError as error:
            raise ModelError(f"{folder / name} cannot be read ({error.strerror}): check its permissions") from error
        if changed:
            raise ModelError(f"{folder / name} is damaged or not this model's (its checksum differs): get it again")


def _made(path: Path, of: Callable[[dict[str, np.ndarray]], Made]) -> Made:
    """What `of` makes of a file's tensors; what it refuses, with the file's name."""
    tensors = _tensors(path)
    try:
        return of(tensors)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (TypeError, ValueError, LookupError) as error:
        raise ModelError(f"{path} does not fit the model ({error}): get the model again") from error


def _tensors(path: Path) -> dict[str, np.ndarray]:
    try:
        tensors = dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error}): get the model again") from error
    if odd := not_finite(tensors):
        raise ModelError(f"{path}: {odd} has numbers that are not finite: get the model again, or train it again")
    return tensors


def _bits(shares: np.ndarray) -> np.ndarray:
    """As bool, if all are 0 or 1: nothing was found for a relation beside what its author wrote."""
    bits = shares.astype(np.bool_)
    return bits if np.array_equal(bits, shares) else shares


def _save(tensors: Mapping[str, np.ndarray], path: Path, *, halved: bool = False) -> None:
    """`halved`: floats in 16 bits, which is more than an encoder of 8 bits tells apart."""
    # np.ascontiguousarray would make (1,) of a scalar
    ready = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    with np.errstate(over="ignore"):  # which is told
        small = {n: v.astype(np.float16) if halved and v.dtype == np.float32 else v for n, v in ready.items()}
    if odd := not_finite(small):
        raise ModelError(
            f"{odd} of {path.name} has numbers that are not finite, so that the model would find nothing: train it "
            "with a lower learning rate"
        )
    path.write_bytes(save(small))  # save_file would let nobody but the owner read it
