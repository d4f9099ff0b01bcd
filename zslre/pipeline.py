"""Documents → triples, in constant memory: sentences of several documents share a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import TYPE_CHECKING

from zslre.documents import Document
from zslre.exceptions import InputError
from zslre.mentions import place_mentions
from zslre.sentences import split_blocks
from zslre.speakers import without_speaker
from zslre.types import Mention, Sentence, Triple, checked_mentions

if TYPE_CHECKING:
    from zslre.extractor import RelationExtractor

# Sentences that are worked on together: many, so that short documents share passes and like lengths meet.
BATCH_SIZE = 256
TOP_K = 3  # relations that a pair gets at most: somebody may have written, directed and produced a film


class _End:
    """Behind the last sentence of a document."""


_END = _End()


def extract_documents(
    extractor: RelationExtractor,
    documents: Iterable[Document],
    *,
    threshold: float | None = None,
    top_k: int = TOP_K,
    explain: bool = False,
    batch_size: int = BATCH_SIZE,
    on_sentences: Callable[[int], None] | None = None,
) -> Iterator[tuple[Document, Iterator[Triple]]]:
    """Each document with its triples (offsets into the document), in order; memory does not grow with a document.

    Read a document's triples before the next document; what is left of them is passed over. They raise InputError
    where the document cannot be read to its end; the documents after it still come. What `documents` itself
    raises comes after all documents before it. `on_sentences` is told how many sentences each step has done.
    """
    stream = _triples(extractor, documents, threshold, top_k, explain, batch_size, on_sentences)

    def of_one_document(event: Triple | InputError | _End) -> Iterator[Triple]:
        while isinstance(event, Triple):
            yield event
            _, event = next(stream)  # the stream ends only behind the end of a document
        if isinstance(event, InputError):
            raise event

    for document, event in stream:
        triples = of_one_document(event)
        yield document, triples
        for _ in triples:
            pass


def mentions_of(
    extractor: RelationExtractor,
    document: Document,
    *,
    batch_size: int = BATCH_SIZE,
    on_sentences: Callable[[int], None] | None = None,
) -> tuple[str, tuple[Mention, ...]]:
    """A document's text and its mentions (offsets into the text): those that it names, or else those recognised.

    What stands for a name, such as "she", is none of these. Raises InputError where the document cannot be read to its
    end. `on_sentences`: as that of `extract_documents`.
    """
    blocks = list(document.blocks)
    before = blocks[0][0] if blocks else 0  # a byte order mark, which is in no block
    text = "\ufeff" * before + "".join(block for _, block in blocks)
    if document.mentions is not None:
        return text, document.mentions
    sentences, found = split_blocks(blocks), list[Mention]()
    while some := list(islice(sentences, batch_size)):
        found += [mention.shifted(s.start) for s in _recognised(extractor, some) for mention in s.mentions]
        if on_sentences is not None:
            on_sentences(len(some))
    return text, tuple(found)


def check_options(threshold: float | None, top_k: int, batch_size: int) -> None:
    """Raises InputError for a threshold outside [0, 1] and for numbers that are not whole or below 1."""
    if threshold is not None and not (_is(Real, threshold) and 0.0 <= threshold <= 1.0):
        raise InputError(f"threshold must lie in [0, 1], got {threshold!r:.60}")
    if not (_is(Integral, top_k) and _is(Integral, batch_size)):
        raise InputError(f"top_k and batch_size must be whole numbers, got {top_k!r:.60} and {batch_size!r:.60}")
    if min(top_k, batch_size) < 1:
        raise InputError(f"top_k and batch_size must be at least 1, got {min(top_k, batch_size)}")


def _is(kind: type, value: object) -> bool:
    """isinstance, but for mypy, which takes the typed options for what they are said to be and never for a Real."""
    return isinstance(value, kind)


def document_of(text: str, mentions: Iterable[Mention] | None) -> Document:
    """A text and the mentions that are known of it, or None. Raises InputError for what is none."""
    if not isinstance(text, str):
        raise InputError(f"text must be a string, got {text!r:.60}; for a list of texts use pipe")
    known = checked_mentions(mentions) if mentions is not None else None
    for mention in known or ():
        if not mention.text.strip():
            raise InputError(f"mention at {mention.start}:{mention.end} covers only white space: leave it out")
    return Document.from_text("", text, known)


def documents_of(texts: Iterable[str]) -> Iterator[Document]:
    """The texts as documents with numbers from 0 as ids. Raises InputError for what is no string, in its turn, and at
    once for what is no list of texts."""
    if isinstance(texts, str):
        raise InputError(f"expected a list of texts, got the text {texts!r:.60}; write [text], or use predict")
    if isinstance(texts, (bytes, Mapping)) or hasattr(texts, "columns") or not isinstance(texts, Iterable):
        column = "; give one column's texts, such as data['text']"  # of which a data frame gives the names
        is_table = isinstance(texts, Mapping) or hasattr(texts, "columns")
        raise InputError(f"expected a list of texts, got {type(texts).__name__}{column if is_table else ''}")
    return (Document.from_text(str(number), _text(text, number)) for number, text in enumerate(texts))


def _text(text: object, number: int) -> str:
    if not isinstance(text, str):
        raise InputError(f"texts[{number}] must be a string, got {text!r:.60}; leave it out, or give '' for it")
    return text


def sentences_of(document: Document) -> Iterator[Sentence]:
    """The sentences of a document, with mentions only if the document names them."""
    if document.mentions is None:
        return split_blocks(document.blocks)
    blocks = list(document.blocks)
    text = "".join(block for _, block in blocks)
    return iter(place_mentions(split_blocks(blocks), document.mentions, text))


_Step = tuple[Document, Sentence | InputError | _End]


def _triples(
    extractor: RelationExtractor,
    documents: Iterable[Document],
    threshold: float | None,
    top_k: int,
    explain: bool,
    batch_size: int,
    on_sentences: Callable[[int], None] | None,
) -> Iterator[tuple[Document, Triple | InputError | _End]]:
    check_options(threshold, top_k, batch_size)
    from zslre.anaphora import AnaphorResolver  # which needs NumPy, and a command's --help does not

    resolver = AnaphorResolver()
    for steps in _chunks(_steps(documents), batch_size):
        found = iter(_detect(extractor, steps))
        sentences = []
        for _, event in steps:
            if isinstance(event, Sentence):
                sentences.append(resolver.resolve(next(found)))
            else:
                resolver = AnaphorResolver()  # for the next document
        extracted = extractor.extract_sentences(
            sentences, threshold=threshold, top_k=top_k, explain=explain, batch_size=batch_size
        )
        for document, event in steps:
            if isinstance(event, Sentence):
                for triple in next(extracted):
                    yield document, triple
            else:
                yield document, event
        if on_sentences is not None:
            on_sentences(len(sentences))


def _detect(extractor: RelationExtractor, steps: Sequence[_Step]) -> list[Sentence]:
    """The sentences of the steps in order, with mentions: found, or kept where the document names them."""
    pairs = [(document, event) for document, event in steps if isinstance(event, Sentence)]
    bare = [sentence for document, sentence in pairs if document.mentions is None]
    found = iter(_recognised(extractor, bare) if bare else [])  # a detector is loaded when first needed
    return [next(found) if document.mentions is None else sentence for document, sentence in pairs]


def _recognised(extractor: RelationExtractor, sentences: Sequence[Sentence]) -> list[Sentence]:
    return [without_speaker(sentence) for sentence in extractor.detector.detect(sentences)]


def _steps(documents: Iterable[Document]) -> Iterator[_Step]:
    for document in documents:
        try:
            for sentence in sentences_of(document):
                yield document, sentence
        except InputError as error:
            yield document, error
        else:
            yield document, _END


def _chunks(steps: Iterator[_Step], size: int) -> Iterator[list[_Step]]:
    """Lists of up to `size` steps; those before an error come before it is raised."""
    chunk: list[_Step] = []
    while True:
        try:
            step = next(steps, None)
        except Exception:  # of whatever reads the documents: a database, a network
            if chunk:
                yield chunk
            raise
        if step is None:
            break
        chunk.append(step)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
