"""Compare ways to run the encoder on a CPU: speed and deviation from torch in float32. Ratios are what counts.

    python scripts/bench/runtimes.py --json docs/results/runtimes.json

A row is 48 text tokens of FewRel sentences with 4 pairs at random places (64 tokens with the markers); the pair head is
the untrained one. Every runtime lives in a process of its own, whose threads sleep while another is measured, and the
repeats interleave. Beyond the `train` extra it needs: pip install onnx onnxruntime
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from results import write_results
from tokenizers import Tokenizer

from zslre.packing import MARKERS_PER_PAIR, PackedBatch

FEWREL = Path(__file__).resolve().parents[3] / "shared/data/fewrel/val_wiki.json"
TOKENS, PAIRS, BATCH, CALIBRATION_BATCHES, TEST_BATCHES = 48, 4, 32, 8, 2
MENTIONS, CROWDED = 8, 4  # mentions a sentence, and sentences, where packed pairs meet a pass per pair
OURS = "zslre (OpenVINO, int8)"
Run = Callable[[PackedBatch], np.ndarray]  # → (n_pairs, dim)


@dataclass(frozen=True)
class Model:
    """One model in every form, small enough to send to a process."""

    hf_config: dict[str, Any]
    floats: dict[str, np.ndarray]
    int8: dict[str, np.ndarray]
    tokenizer_json: str
    marker_ids: list[int]
    onnx: Path
    onnx_int8: Path


def load_torch(model: Model, threads: int, *, bf16: bool) -> Run:
    import torch

    from zslre.encoder.transformer import TransformerEncoder

    torch.set_num_threads(threads)
    encoder = TransformerEncoder.from_state(model.hf_config, model.floats, Tokenizer.from_str(model.tokenizer_json))
    encoder.bf16 = bf16
    return encoder.encode_pairs


def load_onnx(model: Model, threads: int, *, int8: bool) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    path = model.onnx_int8 if int8 else model.onnx
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, onnx_inputs(batch, model.marker_ids))[0]


def load_ours(model: Model, threads: int, *, bf16: bool) -> Run:
    from zslre.encoder import runtime
    from zslre.encoder.loading import describe_encoder

    if not bf16:
        runtime.has_bfloat16 = lambda: False
    settings = describe_encoder(model.hf_config, model.marker_ids, TOKENS)
    tokenizer = Tokenizer.from_str(model.tokenizer_json)
    return runtime.RuntimeEncoder(model.int8, settings, tokenizer, threads=threads).encode_pairs


LOADERS: dict[str, Callable[[Model, int], Run]] = {
    "torch fp32": functools.partial(load_torch, bf16=False),
    "torch bf16": functools.partial(load_torch, bf16=True),
    "ONNX Runtime fp32": functools.partial(load_onnx, int8=False),
    "ONNX Runtime dynamic int8": functools.partial(load_onnx, int8=True),
    f"{OURS}, rest fp32": functools.partial(load_ours, bf16=False),
    OURS: functools.partial(load_ours, bf16=True),
}


class Contestant:
    """A runtime in a process of its own."""

    def __init__(self, name: str, model: Model, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, name, model, threads), daemon=True)
        self._process.start()
        other.close()

    def run(self, batches: list[PackedBatch]) -> tuple[float, np.ndarray]:
        """Seconds that the batches took, and all their vectors."""
        self._pipe.send(batches)
        seconds, vectors = self._pipe.recv()
        return seconds, vectors


def serve(pipe: Connection, name: str, model: Model, threads: int) -> None:
    run = LOADERS[name](model, threads)
    while True:
        try:
            batches = pipe.recv()
        except EOFError:
            return
        run(batches[0])  # wakes threads and caches
        start = time.perf_counter()
        vectors = [run(batch) for batch in batches]
        pipe.send((time.perf_counter() - start, np.concatenate(vectors)))


def onnx_inputs(batch: PackedBatch, marker_ids: list[int]) -> dict[str, np.ndarray]:
    bias = np.where(batch.attention_mask(), 0.0, np.finfo(np.float32).min).astype(np.float32)[:, None]
    ids = {"tokens": batch.token_ids(marker_ids), "positions": batch.position_ids()}
    return {**ids, "bias": bias, "text_mask": batch.text_mask}


def export_onnx(encoder: Any, example: PackedBatch, folder: Path) -> tuple[Path, Path]:
    """Files of the model in float32 and with dynamic int8; the attention mask comes from outside."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from zslre.encoder.transformer import masked_mean

    class Traceable(torch.nn.Module):
        """`PairTransformer.forward_pairs` with the mask given: tracing would freeze its making."""

        def __init__(self) -> None:
            super().__init__()
            self.module = encoder.module

        def forward(self, tokens: Any, positions: Any, bias: Any, text_mask: Any) -> Any:
            inner = self.module
            hidden = inner.backbone(input_ids=tokens, position_ids=positions, attention_mask=bias).last_hidden_state
            text, ends = hidden[:, :TOKENS], hidden[:, TOKENS:].reshape(-1, PAIRS, MARKERS_PER_PAIR * inner.dim)
            scores = inner.query(ends) @ text.transpose(1, 2) / inner.dim**0.5
            context = scores.masked_fill(~text_mask[:, None, :], -1e9).softmax(dim=-1) @ text
            mean = masked_mean(text, text_mask)[:, None, :].expand(-1, PAIRS, -1)
            return inner.projection(torch.cat([mean, ends, context], dim=-1)).flatten(0, 1)

    path, int8 = folder / "model.onnx", folder / "model.int8.onnx"
    inputs = onnx_inputs(example, encoder.module.marker_ids.tolist())
    with warnings.catch_warnings():  # the exporter without further dependencies is announced as legacy
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traceable(),
            tuple(torch.from_numpy(array) for array in inputs.values()),
            str(path),
            input_names=list(inputs),
            opset_version=17,
            dynamo=False,
            dynamic_axes={name: {0: "rows"} for name in inputs},
        )
    quantize_dynamic(path, int8, weight_type=QuantType.QInt8, per_channel=True)
    return path, int8


def make_batches(tokenizer: Tokenizer, sentences: list[str], number: int) -> list[PackedBatch]:
    """Batches of 32 rows without padding."""
    generator = np.random.default_rng(0)
    ids = [i for e in tokenizer.encode_batch(sentences, add_special_tokens=False) for i in e.ids]
    body = np.array(ids[: number * BATCH * (TOKENS - 2)], dtype=np.int64).reshape(number, BATCH, TOKENS - 2)
    first, last = tokenizer.encode("").ids
    texts = np.pad(body, ((0, 0), (0, 0), (1, 1)), constant_values=((0, 0), (0, 0), (first, last)))
    return [with_pairs(text, generator.integers(1, TOKENS - 1, (BATCH, PAIRS, MARKERS_PER_PAIR))) for text in texts]


def with_pairs(text: np.ndarray, positions: np.ndarray) -> PackedBatch:
    masks = np.ones(text.shape, dtype=np.bool_), np.ones(positions.shape[:2], dtype=np.bool_)
    return PackedBatch(text, masks[0], positions, masks[1])


def crowded(batch: PackedBatch) -> tuple[PackedBatch, PackedBatch]:
    """All pairs of the mentions of a few sentences: packed, and with a row for every pair."""
    text = batch.text_ids[:CROWDED]
    ends = np.random.default_rng(2).integers(1, TOKENS - 1, (CROWDED, MENTIONS, 2))
    pairs = [(i, j) for i in range(MENTIONS) for j in range(MENTIONS) if i != j]
    positions = np.stack([np.concatenate([ends[:, i], ends[:, j]], axis=1) for i, j in pairs], axis=1)
    alone = with_pairs(np.repeat(text, len(pairs), axis=0), positions.reshape(-1, 1, MARKERS_PER_PAIR))
    return with_pairs(text, positions), alone


def head(batch: PackedBatch, rows: int) -> PackedBatch:
    return with_pairs(batch.text_ids[:rows], batch.marker_positions[:rows])


def make_model(folder: Path, sentences: list[str]) -> tuple[Model, list[PackedBatch]]:
    """The model, and batches that are not those of its calibration."""
    from zslre.encoder.quantization import quantize_state
    from zslre.encoder.transformer import TransformerEncoder
    from zslre.training.base import default_base_folder
    from zslre.training.inputs import input_ranges

    encoder = TransformerEncoder.from_base(default_base_folder())
    batches = make_batches(encoder.tokenizer, sentences, CALIBRATION_BATCHES + TEST_BATCHES)
    int8 = quantize_state(encoder.tensors, input_ranges(encoder, batches[TEST_BATCHES:]))
    onnx = export_onnx(encoder, head(batches[0], 2), folder)
    markers = encoder.module.marker_ids.tolist()
    model = Model(encoder.hf_config, encoder.tensors, int8, encoder.tokenizer.to_str(), markers, *onnx)
    return model, batches[:TEST_BATCHES]


def measure(model: Model, batches: list[PackedBatch], threads: int, repeats: int) -> dict[str, Any]:
    """Rows a second and cosines by runtime; and of ours pairs a second, packed and one by one."""
    contestants = {name: Contestant(name, model, threads) for name in LOADERS}
    vectors = {name: contestant.run(batches)[1] for name, contestant in contestants.items()}
    results: dict[str, Any] = {name: deviation(found, vectors["torch fp32"]) for name, found in vectors.items()}
    for rows, number, times in ((BATCH, 1, repeats), (1, 8, repeats)):
        jobs = [head(batches[0], rows)] * number
        seconds: dict[str, list[float]] = {name: [] for name in LOADERS}
        for _ in range(times):
            for name, contestant in contestants.items():
                seconds[name].append(contestant.run(jobs)[0] / number)
        for name, values in seconds.items():
            results[name][f"rows_per_second_batch_{rows}"] = rows / statistics.median(values)
    packed, alone = crowded(batches[0])
    passes = [(contestants[OURS].run([packed])[0], contestants[OURS].run([alone])[0]) for _ in range(repeats)]
    both = [packed.pair_mask.sum() / statistics.median(times) for times in zip(*passes, strict=True)]
    results["pairs"] = {"packed_per_second": float(both[0]), "pass_per_pair_per_second": float(both[1])}
    return results


def deviation(found: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    return {"cosine_min": float(cosines.min()), "cosine_mean": float(cosines.mean())}


def machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo")
    lines = [line.partition(":") for line in (cpu.read_text().splitlines() if cpu.exists() else [])]
    fields = {key.strip(): value.strip() for key, _, value in lines}
    return {
        "cpu": fields.get("model name", platform.processor()),
        "flags": sorted(f for f in fields.get("flags", "").split() if f.startswith(("avx", "amx"))),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "onnxruntime", "openvino", "numpy")},
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    """Markdown: sentences a second, and in brackets how many times torch fp32 with the same threads."""
    columns = [(t, rows) for t in results for rows in (BATCH, 1)]
    titles = [f"{t} thread{'s' if t != '1' else ''}, batch {rows}" for t, rows in columns]
    lines = ["| runtime | " + " | ".join(titles) + " | cosine to torch fp32: lowest (mean) |"]
    lines.append("|" + "---|" * (len(columns) + 2))
    for name in LOADERS:
        cells = []
        for t, rows in columns:
            value, base = (results[t][n][f"rows_per_second_batch_{rows}"] for n in (name, "torch fp32"))
            cells.append(f"{value:.0f} ({value / base:.1f}x)")
        found = results[columns[-1][0]][name]
        lines.append(f"| {name} | {' | '.join(cells)} | {found['cosine_min']:.4f} ({found['cosine_mean']:.4f}) |")
    for t, found in results.items():
        packed, alone = found["pairs"].values()
        lines.append(
            f"\n{t} thread(s): {packed:.0f} pairs/s packed, {alone:.0f} in a pass each ({packed / alone:.1f}x)"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fewrel", type=Path, default=FEWREL)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write everything here")
    args = parser.parse_args()

    relations = json.loads(args.fewrel.read_text(encoding="utf-8")).values()
    sentences = [" ".join(row["tokens"]) for rows in relations for row in rows]
    np.random.default_rng(1).shuffle(sentences)
    with tempfile.TemporaryDirectory() as folder:
        model, batches = make_model(Path(folder), sentences)
        results = {str(t): measure(model, batches, t, args.repeats) for t in args.threads}
    print(table(results))
    sentence = {"tokens": TOKENS, "pairs": PAIRS}
    write_results(args.json, {"machine": machine(), "sentence": sentence, "by_threads": results})


if __name__ == "__main__":
    main()
