"""Other ways to say a relation's name: WordNet's synonyms of the sense that is meant, derivations, inflections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zslre.relations import Relation
from zslre.sideinfo.senses import choose_sense
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import relation_text
from zslre.sideinfo.wordnet import Part, WordNet
from zslre.sideinfo.words import Form, form_of, inflect, is_content, plural, words_of

MAX_SPAN = 3  # words of a lemma such as "chief executive officer"
# A phrase that swaps one word must stay this near to the name, as a cosine; a sense must fit the context this well.
# Chosen by reading what comes out for relations of the catalogue that FewRel trains on.
LEAST_SIMILARITY = 0.55
LEAST_FIT = 0.45
LEAST_FIT_IN_PHRASE = 0.6  # of a name with several telling words, which is an idiom more often (cut its teeth at)
MAX_FROM_WORDNET = 4
PREPOSITIONS = frozenset(
    ("about", "against", "among", "as", "at", "by", "for", "from", "in", "into", "of", "on", "onto", "over", "to",
     "under", "upon", "with")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that may stand for a relation's name; `detail` says how it was made."""

    phrase: str
    source: str
    detail: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Span:
    """Words first … end-1 of a name, the sense they have there, and the lemma that has it."""

    first: int
    end: int
    part: Part
    sense: int
    lemma: str
    fit: float


def synonyms(relation: Relation, wordnet: WordNet, vectors: PhraseVectors) -> list[Found]:
    """Phrases with the same meaning as the name, the surest first, then its inflections."""
    words = words_of(relation.name)
    spans = list(_spans(words, relation_text(relation), wordnet, vectors))
    candidates: dict[str, tuple[str, str]] = {}
    for span in spans:
        telling = sum(map(is_content, words)) > sum(map(is_content, words[span.first : span.end]))
        if span.fit < (LEAST_FIT_IN_PHRASE if telling else LEAST_FIT):
            continue
        for phrase, detail in [*_swapped(words, span, wordnet), *_derived(words, span, wordnet)]:
            candidates.setdefault(phrase, ("wordnet", detail))
    candidates.pop(" ".join(words), None)
    phrases = list(candidates)
    rows = vectors([*phrases, relation.name])
    similarities = rows[:-1] @ rows[-1]
    order = sorted(range(len(phrases)), key=lambda i: -similarities[i])
    found = [
        Found(phrases[i], *candidates[phrases[i]], confidence=min(float(similarities[i]), 1.0))
        for i in order
        if similarities[i] >= LEAST_SIMILARITY
    ][:MAX_FROM_WORDNET]
    known = {other.phrase for other in found} | {" ".join(words)}
    forms = dict.fromkeys(form for span in spans for form in _inflections(words, span, wordnet))
    return found + [Found(form, "inflection", f"of {relation.name}", 1.0) for form in forms if form not in known]


def _spans(words: list[str], context: str, wordnet: WordNet, vectors: PhraseVectors) -> Iterator[_Span]:
    """The parts of a name that WordNet knows, longest first from the left, each in the sense that fits the context."""
    at = 0
    while at < len(words):
        end = at + 1
        if is_content(words[at]):
            for size in range(min(MAX_SPAN, len(words) - at), 0, -1):
                # "works for" is no lemma of its own, but "takes over" is; a bare preposition at the end proves nothing.
                if is_content(words[at + size - 1]) or size > 1:
                    span = _best_sense(words, at, at + size, context, wordnet, vectors)
                    if span is not None:
                        yield span
                        end = span.end
                        break
        at = end


def _best_sense(
    words: list[str], first: int, end: int, context: str, wordnet: WordNet, vectors: PhraseVectors
) -> _Span | None:
    senses: dict[int, tuple[Part, str]] = {}
    for part in _parts(words, first, end):
        for lemma in _lemmas(words[first:end], part, wordnet):
            for number in wordnet.senses(lemma, part):
                senses.setdefault(number, (part, lemma))
    chosen = choose_sense(wordnet, list(senses), context, vectors)
    if chosen is None:
        return None
    part, lemma = senses[chosen[0]]
    return _Span(first, end, part, chosen[0], lemma, chosen[1])


def _parts(words: list[str], first: int, end: int) -> tuple[Part, ...]:
    """Noun or verb, as far as its place tells: "… by" follows a participle, "the …" precedes a noun."""
    word, after = words[first], words[end] if end < len(words) else ""
    before = words[first - 1] if first else ""
    if after == "by" or (first == 0 and word.endswith(("ed", "ing")) and after in PREPOSITIONS):
        return ("v",)
    if first == 0 and word.endswith("s") and len(words) > end and words[-1] in PREPOSITIONS and after != "of":
        return ("v",)
    if is_content(after):
        return ()  # it only modifies what follows: "record" in "record label"
    if before in ("a", "an", "the", "its", "of") or after == "of" or is_content(before):
        return ("n",)
    return ("n", "v")


def _lemmas(words: list[str], part: Part, wordnet: WordNet) -> Iterator[str]:
    """The lemmas that the words may be: inflected in the first word (verbs) or the last (nouns)."""
    if part == "v":
        verb, *rest = words
        forms = [" ".join([base, *rest]) for base in wordnet.base_forms(verb, "v")]
    else:
        *start, noun = words
        forms = [" ".join(words), *(" ".join([*start, base]) for base in wordnet.base_forms(noun, "n"))]
    yield from (form for form in dict.fromkeys(forms) if wordnet.senses(form, part))


def _swapped(words: list[str], span: _Span, wordnet: WordNet) -> Iterator[tuple[str, str]]:
    """The name with another word of the same sense, or of a verb's wider sense, in the same form."""
    senses = [span.sense, *(wordnet.parents(span.sense) if span.part == "v" else ())]
    for sense in senses:
        synset = wordnet.synset(sense)
        for word in synset.words:
            # "sit down" for "sit" says more than was said; "film director" for "director" says what was meant.
            same = span.lemma in (word.lower(), *wordnet.base_forms(word, span.part))
            if is_content(word) and not same and not (span.part == "v" and word.split(" ")[0] == span.lemma):
                phrase = [*words[: span.first], _like(words, span, word, wordnet), *words[span.end :]]
                yield " ".join(phrase), f"{synset.name}: {synset.gloss}"


def _like(words: list[str], span: _Span, lemma: str, wordnet: WordNet) -> str:
    """The lemma in the form that the span's words have."""
    if span.part == "v":
        return inflect(lemma, _form(words, span, wordnet), wordnet)
    is_plural = " ".join(words[span.first : span.end]) != span.lemma
    return plural(lemma, wordnet) if is_plural else lemma


def _derived(words: list[str], span: _Span, wordnet: WordNet) -> Iterator[tuple[str, str]]:
    """A person noun read from head to tail: "director" as "directed by", "founder of" as "founded"."""
    alone, of = len(words) == span.end - span.first, words[span.end :] == ["of"] and span.first == 0
    if span.part != "n" or not (alone or of):
        return
    for sense, verb in wordnet.derived(span.sense, span.lemma):
        if span.lemma.endswith(("or", "er")) and len(verb.split()) == 1:
            form: Form = "participle" if alone else "past"
            phrase = inflect(verb.lower(), form, wordnet)
            yield f"{phrase} by" if alone else phrase, f"from {wordnet.synset(sense).name}"


def _inflections(words: list[str], span: _Span, wordnet: WordNet) -> Iterator[str]:
    """The name in its verb's other tenses; only of a name that begins with the verb, so that it stays grammatical."""
    if span.part != "v" or span.first != 0:
        return
    rest = words[span.end :]
    form = _form(words, span, wordnet)
    if form == "participle":
        if rest[:1] == ["by"]:  # before other prepositions it may as well be a past: "worked for"
            yield from (" ".join([be, *words]) for be in ("was", "is"))
    elif form != "base" or rest:
        others: tuple[Form, ...] = ("third", "past", "gerund")
        yield from (" ".join([inflect(span.lemma, other, wordnet), *rest]) for other in others if other != form)


def _form(words: list[str], span: _Span, wordnet: WordNet) -> Form:
    verb = span.lemma.split(" ")[0]
    form = form_of(words[span.first], verb)
    return "past" if form == "participle" and words[span.first] != inflect(verb, form, wordnet) else form
