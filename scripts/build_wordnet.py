"""Build zslre/assets/wordnet.npz from the database files of WordNet 3.0.

    apt-get install wordnet-base
    python scripts/build_wordnet.py /usr/share/wordnet

Nouns and verbs with their senses, definitions (without examples), hypernyms, the derivations that join nouns and verbs,
and irregular inflections; no adjectives, adverbs or other links. `zslre.sideinfo.wordnet` reads the file and says what
the arrays are. The same database gives the same bytes.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PARTS = {"n": "noun", "v": "verb"}
UP, UP_INSTANCE, DERIVATION = "@", "@i", "+"


@dataclass
class Synset:
    """A record of data.noun or data.verb; pointers are (symbol, offset, part of speech, source word, target word)."""

    category: int
    words: list[str]
    pointers: list[tuple[str, str, str, int, int]]
    gloss: str


def read_synsets(path: Path) -> dict[str, Synset]:
    """Offset → synset, in the order of the file (format: wndb(5WN))."""
    found = {}
    for line in path.read_text("latin-1").splitlines():
        if line.startswith("  "):  # the licence
            continue
        record, _, gloss = line.partition(" | ")
        fields = record.split()
        n_words = int(fields[3], 16)
        words = [word.replace("_", " ") for word in fields[4 : 4 + 2 * n_words : 2]]
        at = 4 + 2 * n_words
        pointers = []
        for first in range(at + 1, at + 1 + 4 * int(fields[at]), 4):
            symbol, offset, part, ends = fields[first : first + 4]
            pointers.append((symbol, offset, part, int(ends[:2], 16), int(ends[2:], 16)))
        found[fields[0]] = Synset(int(fields[1]), words, pointers, definition(gloss))
    return found


def definition(gloss: str) -> str:
    """The gloss without its examples.

    >>> definition('provide with funds; finance; "Who will bankroll it?"')
    'provide with funds; finance'
    """
    return re.split(r'[;:]?\s*"', gloss.strip(), maxsplit=1)[0].strip(" ;:")


def read_senses(path: Path) -> dict[str, list[str]]:
    """Lower-case lemma → synset offsets, most frequent sense first."""
    found = {}
    for line in path.read_text("latin-1").splitlines():
        if not line.startswith("  "):
            fields = line.split()
            found[fields[0].replace("_", " ")] = fields[-int(fields[2]) :]
    return found


def build(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of wordnet.npz; see `zslre.sideinfo.wordnet`."""
    synsets: list[Synset] = []
    place: dict[tuple[str, str], int] = {}
    arrays: dict[str, np.ndarray] = {}
    for part, name in PARTS.items():
        for offset, synset in read_synsets(folder / f"data.{name}").items():
            place[part, offset] = len(synsets)
            synsets.append(synset)
        arrays.setdefault("n_nouns", np.int32(len(synsets)))  # type: ignore[arg-type]
    for part, name in PARTS.items():
        senses = read_senses(folder / f"index.{name}")
        arrays[f"{name}_lemmas"] = blob(senses)
        arrays[f"{name}_counts"] = np.array([len(offsets) for offsets in senses.values()], dtype=np.uint8)
        arrays[f"{name}_senses"] = np.array([place[part, o] for found in senses.values() for o in found], np.int32)
        arrays[f"{name}_irregular"] = blob((folder / f"{name}.exc").read_text("latin-1").replace("_", " ").splitlines())
    parents = [[place[p, o] for symbol, o, p, _, _ in s.pointers if symbol in (UP, UP_INSTANCE)] for s in synsets]
    derived = [
        (number, source - 1, place[part, offset], target - 1)
        for number, synset in enumerate(synsets)
        for symbol, offset, part, source, target in synset.pointers
        if symbol == DERIVATION and part in PARTS and (part == "v") == (number < arrays["n_nouns"])
    ]
    return arrays | {
        "words": blob("|".join(synset.words) for synset in synsets),
        "glosses": blob(synset.gloss for synset in synsets),
        "categories": np.array([synset.category for synset in synsets], dtype=np.uint8),
        "instances": np.array([any(p[0] == UP_INSTANCE for p in synset.pointers) for synset in synsets]),
        "parent_counts": np.array([len(found) for found in parents], dtype=np.uint8),
        "parents": np.array([parent for found in parents for parent in found], dtype=np.int32),
        "information": information(parents, int(arrays["n_nouns"])),
        "derived": np.array(derived, dtype=np.int32),
    }


def blob(lines: Iterable[str]) -> np.ndarray:
    return np.frombuffer("\n".join(lines).encode("utf-8"), dtype=np.uint8)


def information(parents: list[list[int]], n_nouns: int) -> np.ndarray:
    """How much each synset says, in [0, 1]: 1 - log(synsets at or below it) / log(all) (Seco et al. 2004)."""
    below: list[set[int]] = [{number} for number in range(len(parents))]
    children: list[int] = [0] * len(parents)
    for found in parents:
        for parent in found:
            children[parent] += 1
    ready = [number for number, count in enumerate(children) if not count]
    while ready:
        number = ready.pop()
        for parent in parents[number]:
            below[parent] |= below[number]
            children[parent] -= 1
            if not children[parent]:
                ready.append(parent)
    sizes = [n_nouns if number < n_nouns else len(parents) - n_nouns for number in range(len(parents))]
    return np.array([1 - math.log(len(b)) / math.log(n) for b, n in zip(below, sizes, strict=True)], dtype=np.float16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with data.noun, index.noun, noun.exc and the same for verbs")
    parser.add_argument("--out", type=Path, default=ROOT / "zslre" / "assets" / "wordnet.npz")
    args = parser.parse_args()
    arrays: dict[str, Any] = dict(build(args.folder))
    np.savez_compressed(args.out, **arrays)
    print(f"{args.out}: {len(arrays['categories'])} synsets, {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
