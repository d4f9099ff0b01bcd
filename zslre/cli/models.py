"""The model that options name, and what they give it to find."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.exceptions import InputError

if TYPE_CHECKING:
    from zslre.extractor import RelationExtractor
    from zslre.relations import RelationSet


def model_folder(name: str) -> Path:
    """The folder that is meant: the built-in model's by its name, "builtin", another by its path."""
    from zslre.serialization import BUILTIN

    return BUILTIN if name == "builtin" else Path(name)


def load_extractor(arguments: argparse.Namespace) -> RelationExtractor:
    """The extractor that -m, -r, --relation, --hypernyms, --verify, --ner and --threads ask for."""
    from zslre.extractor import RelationExtractor
    from zslre.sideinfo.hypernyms import HypernymTable
    from zslre.verifier import Verifier

    relations = _relations(arguments)
    hypernyms = HypernymTable.read(arguments.hypernyms) if arguments.hypernyms is not None else None
    extractor = RelationExtractor.from_pretrained(arguments.model, threads=arguments.threads, ner=arguments.ner)
    extractor = extractor.with_relations(relations) if relations is not None else extractor
    extractor = extractor.with_hypernyms(hypernyms) if hypernyms is not None else extractor
    if arguments.verify is None:
        return extractor
    return extractor.with_verifier(Verifier.from_pretrained(arguments.verify, threads=arguments.threads))


def _relations(arguments: argparse.Namespace) -> RelationSet | None:
    """What -r and --relation name, in this order; None where they are not given."""
    from zslre.relations import RelationSet

    sources = {str(path): RelationSet.from_file(path) for path in arguments.relations}
    if arguments.relation:
        try:
            sources["--relation"] = RelationSet.of(arguments.relation)
        except InputError as error:
            raise InputError(f"--relation: {error}") from error
    merged: RelationSet | None = None
    for number, (source, more) in enumerate(sources.items()):
        try:
            merged = merged.merge(more) if merged is not None else more
        except InputError as error:
            raise InputError(f"{source}, taken together with {', '.join([*sources][:number])}: {error}") from error
    return merged
