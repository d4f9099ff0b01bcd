"""How good are the hypernyms that the patterns find? On the Wikipedia sentences of FewRel as a "web".

    python scripts/bench/hypernyms.py shared/data/fewrel/train_wiki.json shared/data/fewrel/val_wiki.json \\
        --json docs/results/hypernyms.json --judged docs/hypernyms.md

Every distinct sentence counts as a page on a site of its own: the dataset does not say which article a sentence is
from, and two sentences hardly ever come from one. Names are those of FewRel's entities, by how often rows name them.

Two lists are made: of the 50 most frequent entities that at least two sentences agree about, and of the 50 most
frequent outright, with whatever was found for them. With --judged the verdicts in that file's tables are counted: the
last column, on the first hypernym, is right, wrong, too general, or none (nothing was found).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zslre.sideinfo.hearst import PatternMatcher
from zslre.sideinfo.hypernyms import Evidence, Hypernym, HypernymTable, entity_key
from zslre.sideinfo.ranking import Finding, rank

LISTED = 50
AGREEING = 2  # sentences, or sites
SHOWN = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path, help="FewRel files")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--judged", type=Path, help="Markdown with the lists and their judgement")
    args = parser.parse_args()

    sentences, names = read(args.data)
    started = time.perf_counter()
    found = list(findings(sentences))
    seconds = time.perf_counter() - started
    by_frequency = [name for name, _ in names.most_common()]
    table = rank(found, by_frequency)
    agreed = [(name, firm) for name in by_frequency if (firm := agreeing(table, name))]
    result: dict[str, Any] = {
        "command": " ".join(sys.argv),
        "sentences": len(sentences),
        "matches": len(found),
        "seconds to read": round(seconds, 1),
        "entities": len(names),
        "entities with a hypernym": sum(bool(table[name]) for name in by_frequency),
        "entities two sentences agree about": len(agreed),
        "of the 50 most frequent outright, with a hypernym": sum(bool(table[n]) for n in by_frequency[:LISTED]),
        "agreed": [listed(name, names, firm) for name, firm in agreed[:LISTED]],
        "outright": [listed(name, names, table[name]) for name in by_frequency[:LISTED]],
    }
    if args.judged:
        result["judged"] = {title: verdicts(lines) for title, lines in tables(args.judged.read_text(encoding="utf-8"))}
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


def read(paths: Iterable[Path]) -> tuple[list[str], Counter[str]]:
    """The distinct sentences, and how often each entity is the head or the tail of a row."""
    sentences: dict[str, None] = {}
    names: Counter[str] = Counter()
    for path in paths:
        for rows in json.loads(path.read_text(encoding="utf-8")).values():
            for row in rows:
                sentences[detokenised(row["tokens"])] = None
                names.update((row["h"][0], row["t"][0]))
    return list(sentences), merged(names)


def merged(names: Counter[str]) -> Counter[str]:
    """Spellings that differ in case only, as one name, spelt as it is most often."""
    spelt: dict[str, str] = {}
    together: Counter[str] = Counter()
    for name, count in names.most_common():
        together[spelt.setdefault(entity_key(name), name)] += count
    return together


def detokenised(tokens: Sequence[str]) -> str:
    """The tokens as a text that reads like one.

    >>> detokenised(["A", "high", "-", "end", "car", "(", "red", ")", ",", "isn't", "it", "?"])
    "A high-end car (red), isn't it?"
    """
    text = " ".join(" ".join(tokens).split())
    text = re.sub(r"(?<=\w) - (?=\w)", "-", text)
    text = re.sub(r" ([,.;:!?)\]%]|'s\b|n't\b|'(?=\s))", r"\1", text)
    text = re.sub(r"([(\[$£]) ", r"\1", text)
    return re.sub(r'" ([^"]*?) "', r'"\1"', text)


def findings(sentences: Sequence[str]) -> Iterator[Finding]:
    for number, matches in enumerate(PatternMatcher().matches(sentences)):
        for match in matches:
            evidence = Evidence("fewrel", f"https://sentence-{number}.example/", "", match.sentence)
            yield Finding(match.hyponym, match.hypernyms, evidence)


def agreeing(table: HypernymTable, name: str) -> tuple[Hypernym, ...]:
    return tuple(hypernym for hypernym in table[name] if hypernym.count >= AGREEING)


def listed(name: str, names: Counter[str], hypernyms: Sequence[Hypernym]) -> dict[str, Any]:
    return {
        "entity": name,
        "rows": names[name],
        "hypernyms": [
            {
                "name": hypernym.name,
                "count": hypernym.count,
                "confidence": round(hypernym.confidence, 3),
                "sentence": hypernym.evidence[0].sentence,
            }
            for hypernym in hypernyms[:SHOWN]
        ],
    }


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """The tables of a Markdown text with a column of verdicts, each with the heading that it stands below."""
    title = ""
    for block in re.split(r"\n(?=#)", text):
        title = block.partition("\n")[0].lstrip("# ")
        rows = [line for line in block.splitlines() if line.startswith("|")]
        if rows and "verdict" in rows[0]:
            yield title, rows[2:]


def verdicts(rows: Sequence[str]) -> dict[str, Any]:
    """How often each verdict on the first hypernym was given; precision: right among all that have one."""
    counts = Counter(row.strip("| ").split("|")[-1].split("(")[0].strip() for row in rows)
    answered = counts.total() - counts["none"]
    return {
        **counts,
        "answered": answered,
        "precision at 1": round(counts["right"] / answered, 3) if answered else None,
    }


if __name__ == "__main__":
    main()
