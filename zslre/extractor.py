"""`RelationExtractor`: from texts to triples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from zslre.candidates import asked_pairs, certainty, item_batches, one_direction, uncontested, wants_literal_heads
from zslre.context import ContextScorer
from zslre.encoder import Encoder, FloatArray, pair_vectors
from zslre.exceptions import InputError, ModelError
from zslre.fitting import fitted
from zslre.matching import Matcher
from zslre.packing import Item, Packer
from zslre.pipeline import BATCH_SIZE, TOP_K, check_options, document_of, documents_of, extract_documents, mentions_of
from zslre.prototypes import Prototypes, build_prototypes, carried_support, labelled, more_support
from zslre.relations import RelationSet, RelationSource
from zslre.relatives import is_of_a_relative
from zslre.scoring import Scorer
from zslre.sideinfo.query import StrictTypes, TypeEvidence
from zslre.tails import Tails
from zslre.threads import one_blas_thread
from zslre.types import Example, Mention, Sentence, Triple
from zslre.wordings import Wordings

if TYPE_CHECKING:
    from zslre.mentions import MentionDetector
    from zslre.sideinfo.hypernyms import HypernymTable
    from zslre.verifier import Verifier

MOST_PAIRS = 8192  # that are worked on together: their vectors and features take 40 MB


class RelationExtractor:
    """Finds the relations of a `RelationSet` between the mentions of a text.

    Make one with `from_pretrained`. It is immutable: `with_relations`, `with_hypernyms`, `with_verifier` and `fit`
    return another that shares the encoder. Threads may share it; end them before the process does, for one that is cut
    off in a prediction, as a daemon thread is, aborts the process.
    """

    def __init__(
        self,
        encoder: Encoder,
        scorer: Scorer,
        relations: RelationSet,
        *,
        config: Mapping[str, Any],
        detector: MentionDetector | None = None,
        support: Mapping[str | None, FloatArray] | None = None,
        prototypes: Prototypes | None = None,
        hypernyms: HypernymTable | None = None,
        verifier: Verifier | None = None,
        context: ContextScorer | None = None,
    ) -> None:
        self.encoder, self.scorer, self.relations = encoder, scorer, relations
        self.config, self.support = MappingProxyType(dict(config)), MappingProxyType(dict(support or {}))
        self.hypernyms, self.verifier, self.context = hypernyms, verifier, context
        self.packer = Packer(
            encoder.tokenizer,
            max_text_tokens=config["encoder"]["max_text_tokens"],
            max_tokens=encoder.tokens_a_pass,
        )
        known = {"detector": detector, "prototypes": prototypes}
        self.__dict__.update({name: value for name, value in known.items() if value is not None})

    def __setattr__(self, name: str, value: object) -> None:
        """Sets what is not set yet: other relations beside the prototypes of these would give triples wrong names."""
        if name in self.__dict__:
            raise AttributeError(f"{name} cannot be changed: with_relations, fit and the like return another extractor")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        name = self.config.get("name", "model")
        return f"<RelationExtractor {name}, {len(self.relations)} relations, threshold {self.threshold:.2f}>"

    @classmethod
    def from_pretrained(
        cls, model: str | Path | None = None, *, threads: int | None = None, ner: str | None = None
    ) -> RelationExtractor:
        """Load a model folder (default: the built-in model, which "builtin" names as well).

        `ner`: what finds mentions, see `load_detector` (default: the model's own tagger; if it has none, the built-in
        model's). `threads`: CPU threads, all when None. Raises ModelError for a folder that is no whole model, or is a
        verifier's, and InputError for another `ner` and for `threads` that are no whole number from 1.
        """
        from zslre.encoder.loading import load_encoder
        from zslre.mentions import load_detector
        from zslre.serialization import BUILTIN, load_model
        from zslre.tagger import own_detector

        files = load_model(BUILTIN if model in (None, "builtin") else model)
        if "verifier" in files.config:
            raise ModelError(f"{model} is a verifier, which looks over what a model found: give it to with_verifier")
        encoder = load_encoder(files, threads=threads)
        return cls(
            encoder,
            files.scorer,
            files.relations,
            config=files.config,
            detector=own_detector(encoder, files.config) if ner in (None, "builtin") else load_detector(str(ner)),
            support=files.support,
            prototypes=files.prototypes,
            context=files.context,
        )

    @cached_property
    def detector(self) -> MentionDetector:
        """What finds mentions: the one that was given, else the built-in model's tagger."""
        from zslre.mentions import load_detector

        return load_detector("builtin", threads=getattr(self.encoder, "threads", None))

    @cached_property
    def prototypes(self) -> Prototypes:
        """One row a relation; encoded when first needed."""
        side = build_prototypes(self.encoder, self.scorer, self.relations)
        return fitted(self.scorer, side, self.relations.names, self.support)

    @cached_property
    def matcher(self) -> Matcher:
        """Compares pair vectors with the relations."""
        known = self.hypernyms
        evidence = TypeEvidence(self.encoder, self.scorer, known) if known is not None else None
        strict, tails = StrictTypes(self.relations, known), Tails(self.relations)
        wordings = Wordings.of(self.encoder, self.scorer, self.relations, self.support)
        threads: int | None = getattr(self.encoder, "threads", None)
        return Matcher(self.scorer, self.prototypes, evidence, strict, tails, wordings, self.context, threads)

    @property
    def threshold(self) -> float:
        """The least probability of a triple where none is asked for: the model's, or the verifier's."""
        return float((self.verifier or self).config["threshold"])

    @property
    def pair_threshold(self) -> float:
        """The same of pairs that are scored alone, without the others of their sentence."""
        return float(self.config.get("pair_threshold", self.config["threshold"]))

    @cached_property
    def _verified(self) -> FloatArray:
        """The verifier's own prototypes."""
        assert self.verifier is not None
        return self.verifier.prototypes(self.relations)

    @cached_property
    def _literal_heads(self) -> bool:
        return wants_literal_heads(self.relations)

    def with_relations(self, relations: RelationSource) -> RelationExtractor:
        """The same model for other relations: whatever `RelationSet.of` takes; of those that it had, by name or id, the
        examples stay. Their texts are encoded when it first predicts: keep it for further texts."""
        now = RelationSet.of(relations)
        if now.fingerprint == self.relations.fingerprint:
            return self
        return self.replaced(relations=now, support=carried_support(self.support, self.relations, now))

    def with_hypernyms(self, hypernyms: HypernymTable | None) -> RelationExtractor:
        """The same, but what the table says of a mention counts for the types that relations want; None: no table.
        `zslre.sideinfo.hypernyms.HypernymTable.read` reads one that `zslre crawl` wrote."""
        from zslre.sideinfo.hypernyms import HypernymTable

        if not isinstance(hypernyms, HypernymTable | None):
            raise InputError(f"expected what zslre.sideinfo.hypernyms.HypernymTable.read reads, got {hypernyms!r:.60}")
        return self.replaced(hypernyms=hypernyms, prototypes=self.__dict__.get("prototypes"))

    def with_verifier(self, verifier: Verifier | None) -> RelationExtractor:
        """The same, but the verifier scores the best few relations of each pair anew, and its threshold holds.

        Support examples count in the share of the scores that is the first model's. None: no verifier.
        `zslre.verifier.Verifier.from_pretrained` loads one."""
        from zslre.verifier import Verifier

        if not isinstance(verifier, Verifier | None):
            raise InputError(f"expected what Verifier.from_pretrained loads, got {verifier!r:.60}")
        return self.replaced(verifier=verifier, prototypes=self.__dict__.get("prototypes"))

    def fit(self, examples: Iterable[Example]) -> RelationExtractor:
        """Move prototypes with support examples; the encoder stays. A second `fit` adds to the first.

        Examples without a relation show what is none. See `zslre.fitting`. Raises InputError for a relation that
        `relations` lacks.
        """
        chosen = labelled(examples, self.relations)
        if not chosen:
            return self
        items = [(example.sentence, [(example.head, example.tail)]) for _, example in chosen]
        vectors = pair_vectors(self.encoder, self.packer, items)
        return self.replaced(support=more_support(self.support, [name for name, _ in chosen], vectors))

    def replaced(self, **changes: Any) -> RelationExtractor:
        """The same, but for these arguments of the constructor; prototypes that are not given are built anew."""
        same = ("relations", "support", "hypernyms", "verifier", "context", "config")
        kept = {name: getattr(self, name) for name in same} | {"detector": self.__dict__.get("detector")}
        return RelationExtractor(self.encoder, self.scorer, **{**kept, **changes})

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """The names, dates and numbers that are recognised in a text, in text order; offsets index `text`. `predict`
        takes them, corrected or not. Raises InputError for what is no text."""
        return mentions_of(self, document_of(text, None))[1]

    def predict(
        self,
        text: str,
        *,
        threshold: float | None = None,
        top_k: int = TOP_K,
        explain: bool = False,
        mentions: Sequence[Mention] | None = None,
    ) -> list[Triple]:
        """Triples of a text, in the order of the sentences that state them; offsets index `text`.

        `threshold`: least probability, in [0, 1] (default: the model's). `top_k`: relations a pair may get, where as
        many reach it. `explain`: fill `Triple.explanation`. `mentions`: instead of the recognised ones, with offsets
        into `text`. Raises InputError for mentions that `text` does not hold, and for what is no text or no mention.
        """
        documents = [document_of(text, mentions)]
        _, triples = next(extract_documents(self, documents, threshold=threshold, top_k=top_k, explain=explain))
        return list(triples)

    def pipe(
        self,
        texts: Iterable[str],
        *,
        threshold: float | None = None,
        top_k: int = TOP_K,
        explain: bool = False,
        batch_size: int = BATCH_SIZE,
    ) -> Iterator[list[Triple]]:
        """Triples of each text, lazily, in constant memory; short texts share passes of the encoder. Raises InputError
        for what is no list of texts at once; for what is no string in it, or what `texts` itself raises, behind the
        triples of the texts before it."""
        check_options(threshold, top_k, batch_size)
        found = extract_documents(
            self, documents_of(texts), threshold=threshold, top_k=top_k, explain=explain, batch_size=batch_size
        )
        return (list(triples) for _, triples in found)

    def extract_sentences(
        self,
        sentences: Iterable[Sentence],
        *,
        threshold: float | None = None,
        top_k: int = TOP_K,
        explain: bool = False,
        batch_size: int = BATCH_SIZE,
    ) -> Iterator[list[Triple]]:
        """Triples of sentences that hold their mentions, one list a sentence, lazily; offsets index the document.

        Labelled data may name a span twice, by two types: the two have no relation to each other."""
        least = threshold if threshold is not None else self.threshold
        check_options(least, top_k, batch_size)
        items = ((sentence, asked_pairs(sentence, literal_heads=self._literal_heads)) for sentence in sentences)
        batches = item_batches(items, batch_size, MOST_PAIRS)
        return (triples for batch in batches for triples in self._extract(batch, least, top_k, explain))

    def _extract(self, items: Sequence[Item], least: float, top_k: int, explain: bool) -> list[list[Triple]]:
        vectors = pair_vectors(self.encoder, self.packer, items)
        found: list[list[Triple]] = []
        with one_blas_thread():
            candidates = self._best_of_all(items, vectors, least, top_k)
        first, explained = 0, partial(self.matcher.explain, verified=self.verifier is not None)
        for sentence, pairs in items:
            triples = [
                Triple(
                    pair[0].in_document(sentence),
                    self.relations[column].name,
                    pair[1].in_document(sentence),
                    score,
                    explained(vectors[first + row], pair, column, probability) if explain else None,
                )
                for row, pair in enumerate(pairs)
                if candidates[first + row] and not is_of_a_relative(sentence.text, pair)
                for column, probability in candidates[first + row]
                if (score := probability * certainty(pair)) >= least
            ]
            kept = one_direction(uncontested(triples))
            found.append(sorted(kept, key=lambda t: (t.head.start, t.tail.start, -t.score)))
            first += len(pairs)
        return found

    def _best_of_all(
        self, items: Sequence[Item], vectors: FloatArray, least: float, top_k: int
    ) -> list[list[tuple[int, float]]]:
        """For each pair vector, (P, D), the up to `top_k` relations to print, verified if there is a verifier."""
        if self.verifier is None:
            return self.matcher.candidates(vectors, items, least, top_k)
        from zslre.verifier import CANDIDATES, FLOOR

        candidates = self.matcher.candidates(vectors, items, min(least, FLOOR), max(top_k, CANDIDATES))
        scored = self.verifier.rescored(items, candidates, self.relations, self._verified)
        return [[(column, p) for column, p in found[:top_k] if p >= least] for found in scored]

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a model folder that `from_pretrained` reads, with these relations and their support."""
        from zslre.serialization import ModelFiles, save_model

        encoder, tagger = self.encoder, getattr(self.encoder, "tagger", None)
        known = (self.scorer, self.prototypes, encoder.tokenizer, self.relations, self.support, tagger, self.context)
        save_model(folder, ModelFiles(dict(self.config), dict(encoder.tensors), *known))
