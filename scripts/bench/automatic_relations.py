"""FewRel's and Wiki-ZSL's relations with side information that was found automatically, for `-r` of `zslre evaluate`.

    python scripts/bench/automatic_relations.py -o build/automatic.json
    python scripts/bench/automatic_relations.py --text-only -o build/automatic_text.json

Labels are the datasets' own, descriptions Wikidata's as they ship with zslre; the rest is what `zslre side-info build`
finds from them, without examples, with phrase vectors of the base encoder, which has seen no relation. Nothing written
by hand for the catalogue is in it but symmetry and inverses, which keep leaks and false negatives out of training and
are no side information of a test relation. Needs the datasets under ../shared/data, torch and transformers.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from side_info import with_only

from zslre.encoder.transformer import TransformerEncoder
from zslre.relations import Relation, RelationSet, catalogue
from zslre.sideinfo.builder import build_side_information
from zslre.sideinfo.wikidata import properties
from zslre.training.base import default_base_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--text-only", action="store_true", help="synonyms alone, no types and no keywords")
    args = parser.parse_args()
    args.output.parent.mkdir(parents=True, exist_ok=True)
    found = automatic(labelled(args.data))
    (with_only(found, ("synonyms",)) if args.text_only else found).to_file(args.output)


def labelled(data: Path) -> RelationSet:
    """Every relation of the two datasets with its label and description."""
    described = {p.id: (p.label, p.description) for p in properties()}
    listed = {key: described[key] for key in read(data / "wikizsl/labels.json") if key in described}
    # FewRel's own descriptions hold Wikidata's notes to editors: of mother, 'For stepmother, use "stepparent" (P3448)'.
    for key, (name, text) in read(data / "fewrel/pid2name.json").items():
        listed[key] = (name, described[key][1] if key in described else text)
    used = {key for name in ("train_wiki", "val_wiki") for key in read(data / f"fewrel/{name}.json")}
    used |= set(read(data / "wikizsl/wikizsl67.json"))
    return RelationSet(Relation(*listed[key], id=key) for key in sorted(used))


def automatic(plain: RelationSet) -> RelationSet:
    built = build_side_information(plain, TransformerEncoder.from_base(default_base_folder()))
    known = catalogue()
    return RelationSet(
        replace(relation, symmetric=found.symmetric, inverse=found.inverse)
        if (found := known.get(str(relation.id))) is not None
        else relation
        for relation in built
    )


def read(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return found


if __name__ == "__main__":
    main()
