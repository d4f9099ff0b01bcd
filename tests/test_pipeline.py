"""From documents to triples: batches across documents, offsets, errors in their turn, constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from zslre.documents import Document
from zslre.exceptions import InputError
from zslre.pipeline import extract_documents, mentions_of, sentences_of
from zslre.types import Mention, Sentence, Triple


class Capitals:
    """Every capitalised word is a mention; each is related to the next of its sentence."""

    def __init__(self) -> None:
        self.detected: list[int] = []
        self.extracted: list[int] = []

    @property
    def detector(self) -> Capitals:
        return self

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        self.detected.append(len(sentences))
        return [
            replace(s, mentions=tuple(Mention(m[0], *m.span()) for m in re.finditer(r"\b[A-Z]\w+", s.text)))
            for s in sentences
        ]

    def extract_sentences(
        self,
        sentences: Iterable[Sentence],
        *,
        threshold: float | None = None,
        top_k: int = 1,
        explain: bool = False,
        batch_size: int = 32,
    ) -> Iterator[list[Triple]]:
        self.extracted.append(len(list(sentences)))
        for s in sentences:
            placed = [m.shifted(s.start) for m in s.mentions]
            yield [Triple(h, "next", t, 0.5) for h, t in pairwise(placed)]


def pairs(found: Iterator[tuple[Document, Iterator[Triple]]]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(document.id, [(t.head.text, t.tail.text) for t in triples]) for document, triples in found]


def test_triples_keep_their_document_and_its_offsets() -> None:
    texts = {"a": "Ann met Bob.\r\n\r\nnobody came. Cy met Di and Ed.", "b": "", "c": "no names.", "d": "Flo met Gus."}
    found = extract_documents(Capitals(), [Document.from_text(id, text) for id, text in texts.items()])
    seen = []
    for document, triples in found:
        for triple in triples:
            for mention in (triple.head, triple.tail):
                assert texts[document.id][mention.start : mention.end] == mention.text
            seen.append((document.id, triple.head.text, triple.tail.text))
    assert seen == [("a", "Ann", "Bob"), ("a", "Cy", "Di"), ("a", "Di", "Ed"), ("d", "Flo", "Gus")]


@pytest.mark.parametrize("batch_size", [1, 16, 256])
def test_batches_reach_across_documents(batch_size: int) -> None:
    extractor = Capitals()
    documents = [Document.from_text(str(n), "Ann met Bob. Cy met Di.") for n in range(100)]
    found = pairs(extract_documents(extractor, documents, batch_size=batch_size))
    assert found == [(str(n), [("Ann", "Bob"), ("Cy", "Di")]) for n in range(100)]
    assert sum(extractor.detected) == 200
    assert max(extractor.detected) <= batch_size
    assert len(extractor.detected) <= 300 / batch_size + 1


def test_given_mentions_are_used_and_not_detected() -> None:
    extractor = Capitals()
    given = (Mention("Bob", 8, 11), Mention("met", 4, 7))
    documents = [Document.from_text("a", "Ann met Bob. Cy met Di.", given), Document.from_text("b", "Ann met Bob.", ())]
    documents.append(Document.from_text("c", "Cy met Di."))
    assert pairs(extract_documents(extractor, documents)) == [("a", [("met", "Bob")]), ("b", []), ("c", [("Cy", "Di")])]
    assert extractor.detected == [1]


def test_no_detector_is_loaded_where_all_mentions_are_given() -> None:
    class Undetected(Capitals):
        @property
        def detector(self) -> Capitals:
            raise AssertionError("loaded")

    given = Document.from_text("given", "Ann met bob.", (Mention("Ann", 0, 3), Mention("bob", 8, 11)))
    assert pairs(extract_documents(Undetected(), [given])) == [("given", [("Ann", "bob")])]


def test_sentences_go_on_from_block_to_block() -> None:
    document = Document("a", iter([(0, "Ann met B"), (9, "ob. Cy left.")]))
    assert [(s.start, s.text) for s in sentences_of(document)] == [(0, "Ann met Bob."), (13, "Cy left.")]


def broken(text: str) -> Iterator[tuple[int, str]]:
    yield 0, text
    raise InputError("broken")


def test_a_document_that_breaks_off_raises_in_its_turn() -> None:
    documents = [
        Document.from_text("a", "Ann met Bob."),
        Document("b", broken("Cy met Di.")),
        Document.from_text("c", "Ed met Flo."),
    ]
    outcome = []
    for document, triples in extract_documents(Capitals(), documents):
        try:
            outcome.append((document.id, [t.head.text for t in triples]))
        except InputError as error:
            outcome.append((document.id, [str(error)]))
    assert outcome == [("a", ["Ann"]), ("b", ["broken"]), ("c", ["Ed"])]


def test_a_broken_document_is_not_passed_over_in_silence() -> None:
    with pytest.raises(InputError, match="broken"):
        list(extract_documents(Capitals(), [Document("b", broken("Cy met Di."))]))


def test_an_error_between_documents_comes_after_those_before_it() -> None:
    def documents() -> Iterator[Document]:
        yield Document.from_text("a", "Ann met Bob.")
        raise InputError("line 2")

    found = extract_documents(Capitals(), documents())
    document, triples = next(found)
    assert (document.id, [t.head.text for t in triples]) == ("a", ["Ann"])
    with pytest.raises(InputError, match="line 2"):
        next(found)


def test_unread_triples_are_passed_over() -> None:
    documents = [Document.from_text(id, "Ann met Bob. Cy met Di.") for id in "ab"]
    assert [
        (document.id, next(triples).head.text) for document, triples in extract_documents(Capitals(), documents)
    ] == [
        ("a", "Ann"),
        ("b", "Ann"),
    ]


def test_a_document_without_end_streams() -> None:
    def endless() -> Iterator[tuple[int, str]]:
        offset = 0
        while True:
            text = "Ann met Bob. " * 1000
            yield offset, text
            offset += len(text)

    counted: list[int] = []
    found = extract_documents(Capitals(), [Document("a", endless())], batch_size=4, on_sentences=counted.append)
    _, triples = next(found)
    starts = [next(triples).head.start for _ in range(20_000)]
    assert starts == [13 * n for n in range(20_000)]
    assert set(counted) == {4}


@pytest.mark.parametrize("batch_size", [1, 256])
def test_mentions_of_a_document_index_its_text(batch_size: int) -> None:
    blocks = [(1, "Ann met Bo"), (11, "b. She left.\r\n\r\nCy met Di.")]  # behind a byte order mark
    counted: list[int] = []
    text, found = mentions_of(
        Capitals(), Document("a", iter(blocks)), batch_size=batch_size, on_sentences=counted.append
    )
    assert text == "\ufeffAnn met Bob. She left.\r\n\r\nCy met Di."
    assert [mention.text for mention in found] == ["Ann", "Bob", "She", "Cy", "Di"]
    assert all(text[mention.start : mention.end] == mention.text for mention in found)
    assert counted == ([1, 1, 1] if batch_size == 1 else [3])


def test_mentions_that_a_document_names_are_its_mentions() -> None:
    given = (Mention("met", 4, 7),)
    assert mentions_of(Capitals(), Document.from_text("a", "Ann met Bob.", given)) == ("Ann met Bob.", given)
    assert mentions_of(Capitals(), Document.from_text("a", "")) == ("", ())
