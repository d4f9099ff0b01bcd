"""Build zslre/assets/catalogue.json from Wikidata's property list and the hand-written catalogue_types.toml.

    python scripts/build_catalogue.py properties.json

`properties.json` is a list of {"id", "label", "aliases", "description"}, as Wikidata exports them (CC0). Labels stay
Wikidata's; descriptions lose their notes to editors; aliases lose noise. The rules are the functions below.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from zslre.relations import RelationSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
MAX_SYNONYMS = 12  # the model reads about six; the rest is for people and for training to draw from
MIN_SYNONYMS = 3
KEYS = {"head", "tail", "synonyms", "drop", "inverse", "symmetric", "description"}

# What starts a note to editors: all from here to the end of the description goes.
NOTE = re.compile(
    r"""[\s.,;:(-]*\b(?:
        (?:also\s+)?(?:please\s+)?use\s+(?:sub-?propert|country\s+for|as\s+a\s+qualifier|P\d|"|'|on\s+works|main\s+subject)
      | (?:see|cf\.?)\s+(?:also|talk|\[|'|"|P\d|property)
      | inverse\s+(?:property\s+)?of | opposite\s+of\s+(?:parent|subsid)
      | (?:do\s+not|don't|should\s+not|not\s+to\s+be\s+confused)\b | not\s+family\s+name
      | deprecated | preferably | qualif(?:y|ier) | values\s+used | expected\s+values | used\s+in\s+conjunction
      | in\s+case\s+of | for\s+step | for\s+the\s+setting | if\s+they\s+are | there\s+may\s+be | a\s+single\s+common
      | consensus\s+is | paintings\s+with | underlying\s+cause\s+\(e\.g
    )""",
    re.IGNORECASE | re.VERBOSE,
)
ASIDE = re.compile(
    r"""\s*[(\[][^()\[\]]*(?:
        \bP\d+\b | \buse\b | \bqualif | should\s+usually | \bif\s+this\s+subject | scientific\s+standpoint
      | does\s+not\s+include | not\s+to\s+be\s+confused | inspired\s+from | for\s+direct | e\.g\.\s+city\s+instead
    )[^()\[\]]*[)\]]""",
    re.IGNORECASE | re.VERBOSE,
)
# Parentheses within parentheses: the inner "(P123)" must go before the note around it can be seen as one.
PROPERTY_REFERENCE = re.compile(r"\s*[(\[](?:Property:)?P\d+(?:/P\d+)*[)\]]")


def clean_description(text: str) -> str:
    """The defining clause of a Wikidata description, without notes to editors.

    >>> clean_description('male parent of the subject. For stepfather, use "stepparent" (P3448)')
    'male parent of the subject'
    """
    text = re.sub(r"\s+", " ", text).removeprefix("(list of) ")
    text = _without_brackets(text)
    if note := NOTE.search(text):
        text = text[: note.start()]
    text = text.replace("(s)", "").replace(" ,", ",")
    if text.count("(") > text.count(")"):
        text = text[: text.rindex("(")]
    return text.strip(" .,;:").replace("  ", " ")


def _without_brackets(text: str) -> str:
    """`text` without [...] notes and without (...) asides to editors, innermost first."""
    text = re.sub(r"\[[^\[\]]*\]", "", text)
    text = ASIDE.sub("", text)
    text = PROPERTY_REFERENCE.sub("", text)
    return ASIDE.sub("", text)


def is_noise(alias: str) -> bool:
    """True for symbols, abbreviations (POB, CoO) and phrases with a parenthesis, which mislead an encoder."""
    return bool(
        not re.fullmatch(r"[\w' /&.,-]+", alias)
        or (len(alias) <= 3 and alias != alias.lower())
        or (len(alias.split()) == 1 and len(alias) <= 3)
    )


def synonyms(entry: dict[str, Any], row: dict[str, Any], labels: set[str], inverse_words: set[str]) -> list[str]:
    """Hand-written phrases first, then Wikidata's aliases that are neither noise, taken nor wrong-way."""
    drop = {alias.lower() for alias in row.get("drop", [])}
    unknown = drop - {alias.lower() for alias in entry["aliases"]} - {"*"}
    if unknown:
        raise SystemExit(f"{entry['id']}: drop names aliases that Wikidata does not have: {sorted(unknown)}")
    aliases = [] if "*" in drop else entry["aliases"]
    kept = [alias for alias in aliases if alias.lower() not in drop | labels | inverse_words and not is_noise(alias)]
    chosen: dict[str, str] = {}
    for phrase in [*row["synonyms"], *kept]:
        if phrase.lower() != entry["label"].lower():
            chosen.setdefault(phrase.lower(), phrase)
    return list(chosen.values())[:MAX_SYNONYMS]


def build(properties: list[dict[str, Any]], table: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The relations of the catalogue, in the table's order, as a relation-set file holds them."""
    entries = {entry["id"]: entry for entry in properties}
    check_table(table, entries)
    labels = {entries[key]["label"].lower() for key in table}
    relations = []
    for key, row in table.items():
        entry = entries[key]
        inverses = [entries[other] for other in row.get("inverse", [])]
        inverse_words = {word.lower() for inverse in inverses for word in inverse["aliases"]}
        relation = {
            "name": entry["label"],
            "id": key,
            "description": row.get("description", clean_description(entry["description"])),
            "synonyms": synonyms(entry, row, labels, inverse_words),
            "head_hypernyms": row["head"],
            "tail_hypernyms": row["tail"],
        }
        if row.get("symmetric"):
            relation["symmetric"] = True
        if row.get("inverse"):
            relation["inverse"] = row["inverse"]
        if not relation["description"] or len(relation["synonyms"]) < MIN_SYNONYMS:
            raise SystemExit(f"{key} {entry['label']}: needs a description and {MIN_SYNONYMS} synonyms, has {relation}")
        relations.append(relation)
    return relations


def check_table(table: dict[str, dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    """Stop at a row that Wikidata's list cannot serve, or whose inverse does not name it back."""
    for key, row in table.items():
        if key not in entries:
            raise SystemExit(f"{key}: not among Wikidata's properties; remove it from the table")
        if unknown := set(row) - KEYS:
            raise SystemExit(f"{key}: unknown keys {sorted(unknown)}; known: {sorted(KEYS)}")
        if not row.get("head") or not row.get("tail"):
            raise SystemExit(f"{key}: needs head and tail types")
        for other in row.get("inverse", []):
            if key not in table.get(other, {}).get("inverse", []):
                raise SystemExit(f"{key}: its inverse {other} does not name {key} as inverse")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("properties", type=Path, help="Wikidata's property list, JSON")
    parser.add_argument("--types", type=Path, default=ROOT / "scripts" / "catalogue_types.toml")
    parser.add_argument("--out", type=Path, default=ROOT / "zslre" / "assets" / "catalogue.json")
    args = parser.parse_args()
    relations = build(json.loads(args.properties.read_text("utf-8")), tomllib.loads(args.types.read_text("utf-8")))
    RelationSet.of(relations).to_file(args.out)
    print(f"{args.out}: {len(relations)} relations")


if __name__ == "__main__":
    main()
