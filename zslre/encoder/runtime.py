"""The encoder of built-in models: OpenVINO on the CPU, no torch. `scripts/bench/runtimes.py` compares the choices."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NoReturn
from weakref import WeakSet

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from tokenizers import Tokenizer

from zslre.encoder import FloatArray
from zslre.encoder.graph import KEY_STEP
from zslre.encoder.head import TaggerHead
from zslre.encoder.tagger import TaggerGraphBuilder
from zslre.exceptions import InputError, ModelError
from zslre.packing import MARKERS_PER_PAIR, BoolArray, IntArray, PackedBatch, pack_phrases
from zslre.tagging import NO_WORD
from zslre.threads import all_threads, checked_threads

MOST_STREAMS = 8  # each holds the memory of its part of a pass
TOKENS_A_STREAM = 256  # padding included: twice as many take 20 to 60 MB more and are 0 to 5 % faster
PHRASES_A_PASS = 64
CHARACTERS_A_PASS = 4096  # padding included, some 1,000 tokens: twice as many take 300 MB more and are 8 % faster
# The CPU plugin makes its kernels anew for each shape of a batch, and keeps memory for it. Rounded up to these, 178
# shapes of an encyclopedia's batches become half as many, at 8 % more tokens.
TOKEN_STEP = 8
PAIR_STEP = 4

_compilations = WeakSet[Future[list[Any]]]()
# Those of the process that this one was forked from: freeing a graph without its threads aborts.
_inherited: list[Future[list[Any]]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _inherited.extend(_compilations))


class RuntimeEncoder:
    """`Encoder` from tensors by their names on disk, float32 or in the int8 layout of `zslre.encoder.quantization`.

    `threads`: CPU threads to use, all when None. They share out the rows of a batch, which scales better than working
    on the same rows together, above all on a machine that has other things to do. A graph is compiled in a thread of
    its own, so that whatever the caller loads next need not wait; the first encoding does. Calls from several threads
    take turns, those from a process forked after the loading raise InputError. `tagger`: the head that `tag_scores`
    needs.
    Raises ModelError when tensors, architecture and tokenizer do not fit together.
    """

    def __init__(
        self,
        tensors: Mapping[str, NDArray[Any]],
        architecture: Mapping[str, Any],
        tokenizer: Tokenizer,
        *,
        threads: int | None = None,
        tagger: TaggerHead | None = None,
    ) -> None:
        threads = checked_threads(threads)
        self.tokenizer = tokenizer
        self.tensors = self.graph_tensors = tensors
        quantized = any(tensor.dtype == np.int8 for tensor in tensors.values())
        self.integer_kernels = quantized and integer_kernels_are_exact()
        builder = TaggerGraphBuilder(tensors, architecture, integer_kernels=self.integer_kernels)
        model = builder.build()
        self.tagger = tagger
        self.dim = builder.architecture.dim
        self.max_length = len(tensors["embeddings.position_embeddings.weight"])  # tokens
        words = len(tensors["embeddings.word_embeddings.weight"])
        needed = max(tokenizer.get_vocab_size(), *(i + 1 for i in builder.architecture.marker_ids))
        if needed > words:  # the graph would read rows of zeros, silently
            raise ModelError(f"the tokenizer and markers need {needed} word embeddings, the model has {words}")
        self._turn, self._process = threading.Lock(), os.getpid()
        self._builder, self.threads = builder, threads
        self.tokens_a_pass = TOKENS_A_STREAM * _streams(threads)
        self._requests = self._compiled(model)
        self._tagger: Future[list[Any]] | None = None

    def __reduce__(self) -> NoReturn:
        raise InputError("a model cannot be pickled or copied: load it in each process, with from_pretrained")

    def start_tagger(self) -> TaggerHead:
        """Begin to compile the tagger's graph, which not all need; the first `tag_scores` does it otherwise.

        Raises InputError without a tagger, and ModelError where it does not fit the encoder.
        """
        if self.tagger is None:
            raise InputError("the model has no mention tagger: let the built-in one find mentions, ner='builtin'")
        if self._tagger is None:
            self._tagger = self._compiled(self._builder.build_tagger(self.tagger))
        return self.tagger

    def _compiled(self, model: ov.Model) -> Future[list[Any]]:
        compiler = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zslre-compile")
        requests = compiler.submit(_compile, model, self.threads, self.integer_kernels)
        compiler.shutdown(wait=False)
        _compilations.add(requests)
        return requests

    def encode_pairs(self, batch: PackedBatch) -> FloatArray:
        """Vectors of the batch's real pairs, (n_pairs, dim), row by row; raises InputError for too long a text."""
        pairs, _ = self._infer(batch.text_ids, batch.text_mask, batch.marker_positions)
        chosen: FloatArray = pairs[batch.pair_mask]
        return chosen

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        """Vectors of the phrases, (n_phrases, dim); phrases of similar length share a pass."""
        vectors = np.zeros((len(phrases), self.dim), dtype=np.float32)
        order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]))
        while order:
            count = min(PHRASES_A_PASS, len(order))
            while count > 1 and count * len(phrases[order[count - 1]]) > CHARACTERS_A_PASS:
                count -= 1
            chosen, order = order[:count], order[count:]
            ids, mask = pack_phrases(self.tokenizer, [phrases[i] for i in chosen])
            no_markers = np.zeros((len(chosen), 0, MARKERS_PER_PAIR), dtype=np.int64)
            _, vectors[chosen] = self._infer(ids, mask, no_markers)
        return vectors

    def tag_scores(self, ids: IntArray, mask: BoolArray, shapes: IntArray) -> FloatArray:
        """Token ids, mask and shapes (-1 where no word is), all (B, L) → scores of the tagger's tags, (B, L, 1 + 2K).

        Raises InputError for too long a text.
        """
        self.start_tagger()
        assert self._tagger is not None
        length, padded = ids.shape[1], self._padded_length(ids.shape[1])
        widened = _widened(ids, padded), _widened(mask, padded), _widened(shapes, padded, NO_WORD)
        scores: FloatArray = self._shared_out(self._tagger, *widened)[0]
        return scores[:, :length]

    def _infer(self, ids: IntArray, mask: BoolArray, positions: IntArray) -> tuple[FloatArray, FloatArray]:
        """Pair vectors (B, P, D) and text means (B, H)."""
        padded, n_pairs = self._padded_length(ids.shape[1]), positions.shape[1]
        more = -n_pairs % PAIR_STEP if n_pairs > PAIR_STEP // 2 else 0  # one or two are most of all sentences
        widened = _widened(ids, padded), _widened(mask, padded), _widened(positions, n_pairs + more)
        pairs, means = self._shared_out(self._requests, *widened)
        return pairs[:, :n_pairs], means

    def _padded_length(self, length: int) -> int:
        """What `length` tokens are rounded up to; raises InputError for too long a text."""
        if length > self.max_length:
            raise InputError(f"a row of {length} tokens: the model reads {self.max_length}, give shorter windows")
        return min(length + -length % TOKEN_STEP, self.max_length)

    def _shared_out(
        self, compiled: Future[list[Any]], ids: IntArray, mask: BoolArray, other: IntArray
    ) -> list[FloatArray]:
        """What the graph puts out, its rows shared out among its requests."""
        if self._process != os.getpid():  # it would wait for ever
            raise InputError(
                "the model was loaded before this process was forked, and its threads stayed behind: load it in each "
                "process, or start processes by 'spawn', as multiprocessing.get_context('spawn') does"
            )
        inputs = (ids, _widened(mask.astype(np.float32), ids.shape[1] + -ids.shape[1] % KEY_STEP), other)
        requests = compiled.result()
        parts = zip(*(np.array_split(x, min(len(requests), max(len(ids), 1))) for x in inputs), strict=True)
        with self._turn:
            for request in requests:  # an interrupt may have left some of the call before at work
                with suppress(RuntimeError):  # which that call has raised
                    request.wait()
            busy = []
            for request, part in zip(requests, parts, strict=False):
                request.start_async(list(part))
                busy.append(request)
            for request in busy:
                request.wait()
            outputs = range(len(busy[0].model_outputs))
            results = [[request.get_output_tensor(i).data.copy() for request in busy] for i in outputs]
        return [np.concatenate(parts) for parts in results]


def _widened(array: NDArray[Any], size: int, fill: int = 0) -> NDArray[Any]:
    """The second axis grown to `size`."""
    return np.pad(array, ((0, 0), (0, size - array.shape[1]), *[(0, 0)] * (array.ndim - 2)), constant_values=fill)


def compile_graph(model: ov.Model, threads: int | None = None, properties: Mapping[str, Any] | None = None) -> Any:
    """Compile for the CPU; `properties` of OpenVINO replace the defaults."""
    settings: dict[str, Any] = {
        # Kernels kept for shapes seen before. At the default of 5,000 memory grows by some 4 MB with every new shape of
        # a batch, to gigabytes; with 16 it levels off, and going back and forth between a few shapes stays as fast.
        "CPU_RUNTIME_CACHE_CAPACITY": 16,
        "INFERENCE_NUM_THREADS": threads if threads is not None else all_threads(),
        "NUM_STREAMS": _streams(threads),
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,  # several processes on one machine would all pin their threads to the same cores
    }
    return ov.Core().compile_model(model, "CPU", {**settings, **(properties or {})})


def _streams(threads: int | None) -> int:
    """How many passes run side by side on so many threads, on all when None."""
    return min(threads if threads is not None else all_threads(), MOST_STREAMS)


def integer_kernels_are_exact() -> bool:
    """Whether this CPU multiplies bytes without saturating.

    Without VNNI instructions two products of bytes are added in 16 bits, which saturate; OpenVINO does not guard
    against it. So this multiplies the largest bytes and looks. Where it is False, int8 results would be wrong, and on
    AVX2 not even faster.
    """
    size = 64
    x = ops.parameter([-1, size], np.float32)
    low, high = np.float32(0.0), np.float32(255.0)
    weight = ops.multiply(ops.convert(ops.constant(np.full((size, size), 127, dtype=np.int8)), "f32"), np.float32(1.0))
    product = ops.matmul(ops.fake_quantize(x, low, high, low, high, levels=256), weight, False, True)
    compiled = compile_graph(ov.Model([product], [x], "probe"), 1)
    result = compiled([np.full((4, size), high, dtype=np.float32)])[0]
    return bool(np.allclose(result, 255.0 * 127.0 * size, rtol=1e-3))


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 numbers itself."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def precision(integer_kernels: bool) -> dict[str, str]:
    """Beside integer kernels the rest of the work is done in bfloat16 where the CPU has it, a tenth faster: that moves
    a vector less than the rounding to 8 bits does.
    """
    return {"INFERENCE_PRECISION_HINT": "bf16"} if integer_kernels and has_bfloat16() else {}


def _compile(model: ov.Model, threads: int | None, integer_kernels: bool) -> list[Any]:
    """One request a stream."""
    compiled = compile_graph(model, threads, precision(integer_kernels))
    return [compiled.create_infer_request() for _ in range(compiled.get_property("NUM_STREAMS"))]
