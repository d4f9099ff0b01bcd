"""Build zslre/assets/wikidata_properties.json.gz, where `zslre side-info build` finds synonyms, from Wikidata's list.

    python scripts/build_properties.py properties.json

`properties.json` is a list of {"id", "label", "aliases", "description", "datatype"}, as Wikidata exports them (CC0).
Nothing in the result is written by hand: the same rules for all clean descriptions of notes to editors and leave out
aliases that are symbols or abbreviations. Properties that no sentence states are left out: those about Wikimedia's own
pages, and properties of properties. The same list gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from build_catalogue import clean_description, is_noise

ROOT = Path(__file__).resolve().parents[1]
DATATYPES = {"wikibase-item", "time", "quantity", "monolingualtext", "string", "globe-coordinate"}
OF_WIKIMEDIA = ("category ", "category's ", "template ", "wiki", "topic's main ", "list ", "permanent ")


def build(properties: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The properties to look among, by number."""
    found = []
    for entry in sorted(properties, key=lambda entry: int(entry["id"][1:])):
        if entry["datatype"] in DATATYPES and not entry["label"].lower().startswith(OF_WIKIMEDIA):
            aliases = dict.fromkeys(alias for alias in entry["aliases"] if not is_noise(alias))
            description = clean_description(entry["description"] or "")  # {} stands for none
            found.append(
                {"id": entry["id"], "label": entry["label"], "aliases": [*aliases], "description": description}
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("properties", type=Path, help="Wikidata's property list, JSON")
    parser.add_argument("--out", type=Path, default=ROOT / "zslre" / "assets" / "wikidata_properties.json.gz")
    args = parser.parse_args()
    found = build(json.loads(args.properties.read_text("utf-8")))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in found)
    args.out.write_bytes(gzip.compress(f"[\n{lines}\n]\n".encode(), mtime=0))
    print(f"{args.out}: {len(found)} properties, {args.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
