"""DocRED and Re-DocRED, read sentence by sentence: all mentions, all ordered pairs, real negatives.

A document labels entities, not mentions. A pair of mentions in one sentence gets the relations of its entities, which
is how sentence-level users would see it; a fact whose two entities never share a sentence has no pair and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, permutations
from pathlib import Path
from typing import Any

from zslre.datasets import checks
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.rows import ROW_ERRORS, OnBad, head_of, list_rows, reason
from zslre.datasets.tokens import TokenText
from zslre.exceptions import InputError
from zslre.types import Mention, Sentence

SHAPE = "a document needs sents, vertexSet and labels"


def read_docred(
    path: str | Path, documents: slice = slice(None), *, on_bad: OnBad = None
) -> Iterator[AnnotatedSentence]:
    """Sentences of the chosen documents (a slice without negative numbers), streamed; labels are Wikidata ids.

    Mentions of one entity in one sentence make no pair with each other. Sentences with fewer than two mentions come
    as well. A bad document raises InputError, or goes to `on_bad` and is left out.
    """
    head = head_of(path)
    if not head.startswith("["):
        raise InputError(f"{path}: a DocRED file is a JSON list of documents; this begins with {head[:10]!r}")
    numbered = enumerate((document for _, document in list_rows(path)), start=1)
    for number, document in islice(numbered, documents.start, documents.stop, documents.step):
        try:
            sentences = list(_sentences(document))
            for sentence in sentences:
                sentence.sentence.text.encode("utf-8")
        except ROW_ERRORS as error:
            title = document.get("title", "?") if isinstance(document, dict) else "?"
            bad = InputError(f"{path}, document {number} ({title!r}): {reason(error)}; {SHAPE}")
            if on_bad is None:
                raise bad from error
            on_bad(bad)
        else:
            yield from sentences


def _sentences(document: dict[str, Any]) -> Iterator[AnnotatedSentence]:
    relations: dict[tuple[int, int], set[str]] = {}
    entities = document["vertexSet"]
    for label in document["labels"]:
        if not (0 <= label["h"] < len(entities) and 0 <= label["t"] < len(entities)):
            raise InputError(f"label {label} names an entity outside 0 … {len(entities) - 1}")
        relations.setdefault((label["h"], label["t"]), set()).add(checks.label(label["r"], "a label's r"))
    for mention in (mention for mentions in entities for mention in mentions):
        if not 0 <= mention["sent_id"] < len(document["sents"]):
            raise InputError(f"mention {mention['name']!r} is in sentence {mention['sent_id']}, which is not there")
    for text, entity_of in entity_mentions(document):
        found = tuple(entity_of)
        pairs = tuple((a, b) for a, b in permutations(found, 2) if entity_of[a] != entity_of[b])
        labels = tuple(frozenset(relations.get((entity_of[a], entity_of[b]), ())) for a, b in pairs)
        yield AnnotatedSentence(Sentence(text, found), pairs, labels)


def entity_mentions(document: dict[str, Any]) -> Iterator[tuple[str, dict[Mention, int]]]:
    """The text of each sentence of a document, and its mentions in order of place with the number of their entity."""
    for index, tokens in enumerate(document["sents"]):
        text = TokenText(tokens)
        entity_of: dict[Mention, int] = {}
        for entity, mentions in enumerate(document["vertexSet"]):
            for mention in mentions:
                if mention["sent_id"] == index:
                    first, end = mention["pos"]
                    entity_of.setdefault(text.mention(first, end, mention["type"]), entity)
        yield text.text, dict(sorted(entity_of.items(), key=lambda item: (item[0].start, item[0].end)))
