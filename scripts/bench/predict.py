"""`zslre predict` end to end: speed, where the time goes, memory, cold start, and the cost of many relations.

    python scripts/bench/predict.py --json docs/results/predict.json

Run it where torch is not installed, as most users do. Times are medians of `--repeats` runs; ratios are taken within
one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from results import write_results

from zslre.candidates import asked_pairs
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, catalogue
from zslre.sentences import split_sentences

SAMPLE = Path(__file__).parents[2] / "data/samples/news.txt"
SIZES = (10, 100, 1_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=SAMPLE, help="UTF-8 text (default: the sample)")
    parser.add_argument("--times", type=int, default=40, help="how often the text is repeated")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    cold = [timed(lambda: first_triple(args.text)) for _ in range(args.repeats)]
    text = "\n\n".join([args.text.read_text(encoding="utf-8")] * args.times)
    memory = {str(len(r)): peak_memory(text, r) for r in (many_relations(10), many_relations(SIZES[-1]))}
    extractor = RelationExtractor.from_pretrained()
    extractor.predict(text[:2000])  # compiles and warms up
    sentences = list(split_sentences(text))
    pairs = sum(len(asked_pairs(s)) for s in extractor.detector.detect(sentences))
    whole = [timed(lambda: extractor.predict(text)) for _ in range(args.repeats)]
    result: dict[str, Any] = {
        "machine": {"cpus": os.cpu_count(), "processor": processor(), "python": platform.python_version()},
        "torch installed": find_spec("torch") is not None,
        "sentences": len(sentences),
        "pairs": pairs,
        "relations": len(extractor.relations),
        "seconds to the first triple, cold": round(statistics.median(cold), 2),
        "sentences per second": round(len(sentences) / statistics.median(whole)),
        "pairs per second": round(pairs / statistics.median(whole)),
        "share of time": shares(extractor, text),
        "peak memory of the command by number of relations, MB": memory,
        "cost by number of relations": cost_by_relations(extractor, text, args.repeats),
    }
    write_results(args.json, result)
    print(json.dumps(result, indent=1))


def first_triple(path: Path, *options: str) -> None:
    """A fresh process, up to the first line that it prints."""
    command = [sys.executable, "-m", "zslre", "predict", "--format", "csv", str(path), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the header
        if not process.stdout.readline():
            raise SystemExit(f"{path}: no triple found")
        process.kill()


def peak_memory(text: str, relations: RelationSet) -> int:
    """Of `zslre predict` on a file of the text, in MB. Ask while this process is small: it is charged as well."""
    with tempfile.TemporaryDirectory() as folder:
        path, schema = Path(folder) / "text.txt", Path(folder) / "schema.json"
        path.write_text(text, encoding="utf-8")
        relations.to_file(schema)
        output = ["-o", str(path.with_suffix(".jsonl"))]
        command = [sys.executable, "-m", "zslre", "predict", str(path), "-r", str(schema), "-q", *output]
        _, status, usage = os.wait4(os.posix_spawn(sys.executable, command, os.environ), 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_maxrss // 1024


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def shares(extractor: RelationExtractor, text: str) -> dict[str, float]:
    """Fraction of the time that each stage takes."""
    spent: dict[str, float] = defaultdict(float)

    def watch(owner: object, name: str, stage: str) -> None:
        inner = getattr(owner, name)

        def outer(*values: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return inner(*values, **options)
            finally:
                spent[stage] += time.perf_counter() - started

        object.__setattr__(owner, name, outer)

    plain = RelationExtractor.from_pretrained()
    plain.predict(text[:2000])
    watch(plain.encoder, "encode_pairs", "encoder")
    watch(plain.detector, "detect", "entity recognition")
    total = timed(lambda: plain.predict(text))
    split = timed(lambda: list(split_sentences(text)))
    parts = {"sentences": split, **spent}
    parts["packing, scoring and the rest"] = total - sum(parts.values())
    return {stage: round(seconds / total, 3) for stage, seconds in parts.items()}


def cost_by_relations(extractor: RelationExtractor, text: str, repeats: int) -> dict[str, dict[str, float]]:
    """Time of `predict` with 10 … 10,000 relations, relative to 10; apart from it, the one-off encoding of them."""
    sized, built = {}, {}
    for size in SIZES:
        sized[size] = extractor.with_relations(many_relations(size))
        built[size] = timed(partial(sized[size].predict, "Ann Lee founded Acme Corporation in Berlin."))
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(repeats):  # in turn, so that a drift of the machine meets all alike
        for size in SIZES:
            seconds[size].append(timed(partial(sized[size].predict, text)))
    base = statistics.median(seconds[SIZES[0]])
    return {
        str(size): {
            "relative time": round(statistics.median(seconds[size]) / base, 3),
            "seconds to encode the relations": round(built[size], 2),
        }
        for size in SIZES
    }


def many_relations(count: int) -> RelationSet:
    """The catalogue over and over, under other names."""
    known = list(catalogue())
    return RelationSet(
        Relation(f"{known[i % len(known)].name} {i}", known[i % len(known)].description) for i in range(count)
    )


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
