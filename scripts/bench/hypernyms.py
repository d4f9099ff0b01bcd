"""How good are the hypernyms that a crawl finds? On the Wikipedia sentences of FewRel as a "web", and with WordNet.

    python scripts/bench/hypernyms.py shared/data/fewrel/train_wiki.json shared/data/fewrel/val_wiki.json \\
        --json docs/results/hypernyms.json --judged docs/hypernyms.md

Every distinct sentence counts as a page on a site of its own: the dataset does not say which article a sentence is
from, and two sentences hardly ever come from one. Names are those of FewRel's heads and tails, by how often rows name
them, spelt as the sentences spell them most often. Nothing else is taken from the rows: no relation, no Wikidata id.

The first three hypernyms of the 50 most frequent names are listed, from the sentences alone and with WordNet beside
them. --judged counts the verdicts of that file's tables: one row a name, and before each hypernym + for right, o for
doubtful or x for wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from results import write_results

from zslre.sideinfo.crawler.sources import Task, WordNetSource
from zslre.sideinfo.hypernyms import Evidence, Hypernym, entity_key
from zslre.sideinfo.mining.hearst import LIST, PatternMatcher
from zslre.sideinfo.mining.kinds import hypernyms
from zslre.sideinfo.mining.ranking import Finding, rank

LISTED = 50
SHOWN = 3
SURE = 0.5
MAX_SENTENCES = 50
MARKS = {"+": "right", "o": "doubtful", "x": "wrong"}
WITH, WITHOUT = "With WordNet", "From the sentences alone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path, help="FewRel files")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--judged", type=Path, help="Markdown with the lists and their judgement")
    parser.add_argument("--first", type=int, default=1, metavar="RANK", help="begin the lists here (default: 1)")
    args = parser.parse_args()

    sentences, names, contexts = read(args.data)
    started = time.perf_counter()
    found = list(findings(sentences))
    seconds = time.perf_counter() - started
    listed = list(names)[args.first - 1 : args.first - 1 + LISTED]
    result: dict[str, Any] = {
        "sentences": len(sentences),
        "matches": sum(bool(finding.hypernyms) for finding in found),
        LIST + "s": sum(bool(finding.alike) for finding in found),
        "seconds to read": round(seconds, 1),
        "entities": len(names),
    }
    for title, of_wordnet in ((WITHOUT, []), (WITH, wordnet_findings(contexts))):
        table = rank([*found, *of_wordnet], list(names))
        result[title] = {
            "entities with a hypernym": sum(map(bool, table.values())),
            "list": [{"entity": name, "rows": names[name], "hypernyms": shown(table[name])} for name in listed],
        }
    if args.judged:
        for title, rows in tables(args.judged.read_text(encoding="utf-8")):
            result[title]["judged"] = judged(rows, result[title]["list"])
    write_results(args.json, result)
    print(json.dumps(result, indent=1, ensure_ascii=False))


def read(paths: Iterable[Path]) -> tuple[list[str], dict[str, int], dict[str, str]]:
    """The distinct sentences, how often each name is the head or the tail of a row, the most frequent first, and up to
    MAX_SENTENCES of the sentences where it is, one a line."""
    sentences: dict[str, None] = {}
    rows: Counter[str] = Counter()
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    contexts: dict[str, dict[str, None]] = defaultdict(dict)
    for path in paths:
        for of_relation in json.loads(path.read_text(encoding="utf-8")).values():
            for row in of_relation:
                sentence = detokenised(row["tokens"])
                sentences[sentence] = None
                for name, _, places in (row["h"], row["t"]):
                    rows[entity_key(name)] += 1
                    if len(contexts[entity_key(name)]) < MAX_SENTENCES:
                        contexts[entity_key(name)][sentence] = None
                    spelt[entity_key(name)][detokenised([row["tokens"][i] for i in places[0]])] += 1
    spellings: dict[str, tuple[str, int, str]] = {}
    for key, count in rows.most_common():
        spelling = spelt[key].most_common(1)[0][0]
        # Of names that differ in spaces only ("Metro - Goldwyn"), the most frequent stands for all.
        spellings.setdefault(entity_key(spelling), (spelling, count, "\n".join(contexts[key])))
    found = spellings.values()
    return list(sentences), {name: count for name, count, _ in found}, {name: said for name, _, said in found}


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
            yield Finding(match.hyponym, match.hypernyms, evidence, match.alike)


def wordnet_findings(contexts: Mapping[str, str]) -> list[Finding]:
    by_key = {entity_key(name): sentences for name, sentences in contexts.items()}
    source = WordNetSource(hypernyms, today="", contexts=by_key)
    return [finding for name in contexts for finding in source.run(Task(source.name, "names", (name,))).findings]


def shown(found: Sequence[Hypernym]) -> list[dict[str, Any]]:
    return [
        {
            "name": hypernym.name,
            "count": hypernym.count,
            "confidence": round(hypernym.confidence, 3),
            "sentence": hypernym.evidence[0].sentence or hypernym.evidence[0].source,
        }
        for hypernym in found[:SHOWN]
    ]


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """The rows of the tables below the headings of the two lists in a Markdown text."""
    for block in re.split(r"\n(?=#)", text):
        title = block.partition("\n")[0].lstrip("# ")
        if title in (WITH, WITHOUT):
            yield title, [line for line in block.splitlines() if line.startswith("|")][2:]


def judged(rows: Sequence[str], listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often which verdict was given. Raises SystemExit where something else is judged than what was found.

    Precision at 1: first hypernyms that are right, of all names, those without one included. At 3: of all hypernyms.
    """
    firsts: list[str] = []
    sure: list[str] = []
    every: list[str] = []
    for row, entry in zip(rows, listed, strict=True):
        name, _, *cells = (cell.strip() for cell in row.strip("| ").split("|"))
        verdicts = [tuple(cell.split(" ", 1)) for cell in cells if cell]
        if (name, [v[1] for v in verdicts]) != (entry["entity"], [h["name"] for h in entry["hypernyms"]]):
            raise SystemExit(f"{row}: is about something else than {entry}")
        marks = [MARKS[mark] for mark, _ in verdicts]
        firsts.append(marks[0] if marks else "none")
        every += marks
        if marks and entry["hypernyms"][0]["confidence"] >= SURE:
            sure.append(marks[0])
    return {
        "first": dict(Counter(firsts)),
        "all": dict(Counter(every)),
        "precision at 1": round(firsts.count("right") / len(firsts), 3),
        "precision at 1 where there is one": round(firsts.count("right") / (len(firsts) - firsts.count("none")), 3),
        f"precision at 1 where the confidence is at least {SURE}": round(sure.count("right") / len(sure), 3),
        f"of {len(firsts)} names, so sure": len(sure),
        "precision at 3": round(every.count("right") / len(every), 3),
    }


if __name__ == "__main__":
    main()
