"""Relations as sentences state them: "sits on the board of" ties two names, whatever that is called elsewhere.

Labelled data knows some dozens of relations, and plain text thousands. A phrase is a verb with its preposition and what
stands between, as in ReVerb (Fader et al., EMNLP 2011), or the noun of an apposition ("X , president of Y"), but found
in the parse, so that the names need not stand beside it. As there, what few pairs share is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from zslre.candidates import LITERALS, candidate_pairs
from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import PhraseEncoder
from zslre.mentions import DEFAULT_PIPELINE
from zslre.packing import Pair
from zslre.relations import RelationSet
from zslre.sideinfo.vectors import PhraseVectors
from zslre.training.builtin.augmentation import SUBJECT, path_between, says_of
from zslre.training.drawn import Drawn
from zslre.types import Mention, Sentence

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

MOST_WORDS = 4  # on the way from head to tail
LEAST_PAIRS = 2
# Cosine above which two phrases may say the same. Low, for a phrase left out costs nothing.
ALIKE = 0.6
EMPTY = frozenset(
    ["is", "was", "are", "were", "be", "been", "am", "has", "had", "have", "said", "became", "called", "named", "known"]
)
ARTICLES = frozenset(["a", "an", "the"])
SYMMETRIC = frozenset(
    ["married", "met", "borders", "bordered", "merged", "faced", "adjoins", "dated", "with", "between"]
)


def read_stated(
    sentences: Sequence[Sentence], *, known: Collection[str] = (), processes: int = 1
) -> list[AnnotatedSentence]:
    """Sentences with one pair each, labelled with the phrase that ties it; none of the phrases `known`.

    The mentions are spaCy's named entities without dates and numbers.
    """
    import spacy

    parser = spacy.load(DEFAULT_PIPELINE)
    taken = {plain(phrase) for phrase in known}
    found: dict[str, dict[tuple[str, str], AnnotatedSentence]] = {}
    for doc in parser.pipe((s.text for s in sentences), batch_size=64, n_process=processes):
        for (head, tail), phrase in stated_pairs(doc):
            if plain(phrase) not in taken:
                sentence = Sentence(doc.text, (head, tail))
                annotated = AnnotatedSentence(sentence, ((head, tail),), (frozenset([phrase]),))
                found.setdefault(phrase, {})[head.text, tail.text] = annotated
    return [s for of_phrase in found.values() if len(of_phrase) >= LEAST_PAIRS for s in of_phrase.values()]


def stated_pairs(doc: Doc) -> Iterator[tuple[Pair, str]]:
    """Pairs of named entities of a parsed text, and the phrases that tie them."""
    spans = {Mention(e.text, e.start_char, e.end_char, e.label_): e for e in doc.ents if e.label_ not in LITERALS}
    for head, tail in candidate_pairs(Sentence(doc.text, tuple(spans))):
        phrase = phrase_between(spans[head], spans[tail])
        if phrase is not None:
            yield (head, tail), phrase


def phrase_between(head: Span, tail: Span) -> str | None:
    """What a sentence says in plain words of two of its names, None where it is more, less, doubted or denied."""
    path = path_between(head.root, tail.root)
    inside = range(head.start, head.end), range(tail.start, tail.end)
    if not 0 < len(path) <= MOST_WORDS or any(t.i in span for t in path for span in inside):
        return None
    if any(not t.is_alpha or t.ent_type_ or t.dep_ in ("conj", "cc", "poss") for t in path):
        return None
    if [t.i for t in path] != sorted(t.i for t in path) or tail.root.dep_ not in ("dobj", "pobj"):
        return None
    verbs = [t for t in path if t.tag_.startswith("VB")]
    if not (_states(verbs[0], head.root) if len(verbs) == 1 else not verbs and _describes(path[0], head.root)):
        return None
    on_path = {t.i for t in path} | set(inside[1])
    if any(c.dep_ in ("dobj", "attr", "poss") and c.i not in on_path for t in path for c in t.children):
        return None  # "won the cup from": of what was won the phrase would say nothing
    said = [t.lower_ for t in sorted({*path, *(c for t in path for c in _kept(t))}, key=lambda t: t.i)]
    return " ".join(said) if {*said} - EMPTY - ARTICLES and not _bare_copula(path) else None


def _states(verb: Token, head: Token) -> bool:
    """Whether the verb, in a form that says what is or was so, has the head as its subject or describes it."""
    children = list(verb.children)
    if any(c.dep_ in ("neg", "mark") or c.tag_ == "MD" for c in children):
        return False
    if verb.dep_ == "relcl" and not any(c.dep_ in SUBJECT and c.tag_ in ("WP", "WDT") for c in children):
        return False
    if verb.tag_ == "VBN":
        finite = verb.dep_ == "acl" or any(c.dep_ in ("aux", "auxpass") for c in children)
    else:
        finite = verb.tag_ in ("VBD", "VBZ", "VBP")
    return finite and says_of(verb, head)


def _describes(noun: Token, head: Token) -> bool:
    return noun.dep_ == "appos" and noun.head.i == head.i and noun.pos_ == "NOUN"


def _kept(token: Token) -> list[Token]:
    """Words of a phrase that are not on the way: particles, and what a noun cannot do without."""
    kept = [c for c in token.children if c.dep_ == "prt"]
    if token.pos_ == "NOUN":
        kept += [c for c in token.children if c.dep_ == "compound" and not c.ent_type_ and c.is_alpha]
        first = min([token, *kept], key=lambda t: t.i)
        kept += [c for c in token.children if c.lower_ in ARTICLES and c.i == first.i - 1]
    return kept


def _bare_copula(path: Sequence[Token]) -> bool:
    """Whether it is "is in" or "was from", where the preposition alone says little."""
    return path[0].lower_ in EMPTY and len(path) > 1 and path[1].dep_ == "prep"


def plain(phrase: str) -> str:
    """The phrase without what may be left out of it.

    >>> plain("is the Capital of")
    'capital of'
    """
    return " ".join(word for word in phrase.lower().split() if word not in EMPTY | ARTICLES)


def stated_by_phrase(sentences: Sequence[AnnotatedSentence]) -> dict[str, list[Drawn]]:
    """The sentences of `read_stated` by their phrase; none of them has another one's."""
    phrases = frozenset(phrase for sentence in sentences for phrase in sentence.labels[0])
    by_phrase: dict[str, list[Drawn]] = {phrase: [] for phrase in sorted(phrases)}
    for sentence in sentences:
        (phrase,) = sentence.labels[0]
        by_phrase[phrase].append(with_stated_reverse(sentence, phrases))
    return by_phrase


def with_stated_reverse(annotated: AnnotatedSentence, phrases: frozenset[str]) -> Drawn:
    """The pair both ways. Of its own, whether it has each of the `phrases` is known, and nothing else.

    The reverse lacks the pair's phrase, unless that is one that may hold both ways.
    """
    ((head, tail),), (labels,) = annotated.pairs, annotated.labels
    symmetric = any(SYMMETRIC & set(phrase.split()) for phrase in labels)
    back = frozenset[str]() if symmetric else labels
    return Drawn(annotated.sentence, ((head, tail), (tail, head)), (labels, frozenset()), (phrases, back))


def alike(phrases: Sequence[str], relations: RelationSet, encoder: PhraseEncoder) -> dict[str, frozenset[str]]:
    """Phrase → names of those relations, and those other phrases, that may say the same of a pair."""
    names = [(r.name, phrase) for r in relations for phrase in (r.name, *r.side.synonyms)]
    names += [(phrase, phrase) for phrase in phrases]
    vectors = PhraseVectors(encoder)
    close = vectors(phrases) @ vectors([phrase for _, phrase in names]).T > ALIKE
    return {
        phrase: frozenset(owner for (owner, _), near in zip(names, row, strict=True) if near)
        for phrase, row in zip(phrases, close.tolist(), strict=True)
    }
