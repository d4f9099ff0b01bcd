"""How fast each format is read, and in how much memory: a file of a million rows of each, made in a temporary folder.

    python scripts/bench/loaders.py --json docs/results/loaders.json
    python scripts/bench/loaders.py --rows 100000 --format jsonl --format semeval

Rows are counted by second of processor time, which other work on the machine changes less than the clock's. Each format
is read in a process of its own; the memory is the most that this process had, with Python and what zslre imports, and
beside it what the same process had before it read anything. A row gives one example, but for `docred` and `spans`,
where the reverse pair is one too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from results import write_results

from zslre.datasets import FORMATS, detect_format, read_dataset

FILLER = "while the minutes of the meeting , which nobody had signed , lay on the table for another three weeks ."
RELATIONS = 64


def rows(count: int) -> Iterator[tuple[int, str, str, str, str]]:
    """Number, text, head, tail and relation; each relation's rows come together."""
    for number in range(count):
        head, tail = f"Ann Lee {number}", f"Port {number % 977}"
        yield number, f"{head} moved to {tail} {FILLER}", head, tail, f"/people/person/r{number * RELATIONS // count}"


def json_line(name: str, text: str, head: str, tail: str, relation: str) -> str:
    spans = [[text.index(mention), text.index(mention) + len(mention)] for mention in (head, tail)]
    words = [len(text[:start].split()) for start, _ in spans]
    ends = [first + len(mention.split()) for first, mention in zip(words, (head, tail), strict=True)]
    tokens = text.split()
    row: dict[str, object]
    if name == "jsonl":
        row = {"text": text, "head": spans[0], "tail": spans[1], "relation": relation}
    elif name == "nyt-opennre":
        entities: list[dict[str, object]] = [
            {"name": m, "pos": span} for m, span in zip((head, tail), spans, strict=True)
        ]
        row = {"text": text, "relation": relation, "h": entities[0], "t": entities[1]}
    elif name == "nyt-triples":
        row = {"text": text, "triple_list": [[head, relation, tail]]}
    elif name == "fewrel":
        h, t = ([m, "", [[*range(a, b)]]] for m, a, b in zip((head, tail), words, ends, strict=True))
        row = {"tokens": tokens, "h": h, "t": t}
    elif name == "spans":
        entities = [{"type": "X", "start": a, "end": b} for a, b in zip(words, ends, strict=True)]
        row = {"tokens": tokens, "entities": entities, "relations": [{"type": relation, "head": 0, "tail": 1}]}
    else:
        entity = [
            [{"name": m, "pos": [a, b], "sent_id": 0, "type": "X"}]
            for m, a, b in zip((head, tail), words, ends, strict=True)
        ]
        row = {"title": head, "sents": [tokens], "vertexSet": entity, "labels": [{"h": 0, "t": 1, "r": relation}]}
    return json.dumps(row)


def write(name: str, path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        before = None
        for number, text, head, tail, relation in rows(count):
            if name == "nyt-riedel":
                joined = text.replace(head, head.replace(" ", "_")).replace(tail, tail.replace(" ", "_"))
                columns = (f"m.{number}", "m.1", head.replace(" ", "_"), tail.replace(" ", "_"), relation, joined)
                stream.write("\t".join(columns) + " ###END###\n")
            elif name == "semeval":
                tagged = text.replace(head, f"<e1>{head}</e1>").replace(tail, f"<e2>{tail}</e2>")
                stream.write(f'{number}\t"{tagged}"\n{relation}(e1,e2)\nComment:\n\n')
            elif name == "docred":
                stream.write(("[\n" if number == 0 else ",\n") + json_line(name, text, head, tail, relation))
            elif name == "fewrel":
                key = ("{" if before is None else "\n],\n") + json.dumps(relation) + ": [\n"
                stream.write((key if relation != before else ",\n") + json_line(name, text, head, tail, relation))
                before = relation
            else:
                stream.write(json_line(name, text, head, tail, relation) + "\n")
        stream.write({"docred": "\n]\n", "fewrel": "\n]}\n"}.get(name, ""))


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(path: str) -> tuple[int, float, float, float]:
    """Examples, seconds of processor time, and the peak of memory in MB before and after."""
    before, started = peak(), time.process_time()
    count = sum(1 for _ in read_dataset(path))
    return count, time.process_time() - started, before, peak()


def in_new_process(function: Callable[[str], tuple[int, float, float, float]], path: Path) -> tuple[float, ...]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, (str(path),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", action="append", choices=tuple(FORMATS), help="default: all")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result: dict[str, object] = {"rows": args.rows}
    print(f"{args.rows:,} rows       file MB  rows/cpu s   peak MB  before MB")
    for name in args.format or FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows"
            write(name, path, args.rows)
            if detect_format(path) != name:
                raise SystemExit(f"{name} was taken for {detect_format(path)}")
            count, seconds, before, after = in_new_process(measure, path)
            if count != args.rows * (2 if name in ("docred", "spans") else 1):
                raise SystemExit(f"{name}: {count} examples")
            size, speed = path.stat().st_size / 1e6, args.rows / seconds
        print(f"{name:16} {size:9.0f} {speed:11,.0f} {after:9.0f} {before:10.0f}", flush=True)
        result[name] = {
            "file_mb": round(size),
            "rows_per_cpu_second": round(speed),
            "peak_mb": round(after),
            "before_mb": round(before),
        }
    write_results(args.json, result)


if __name__ == "__main__":
    main()
