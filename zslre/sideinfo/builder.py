"""Side information of relations from what ships with zslre, from examples and from a table of hypernyms.

Nothing that was written by hand for the built-in catalogue is used: synonyms come from Wikidata's own labels and
aliases and from WordNet, types from descriptions and examples, keywords from examples or descriptions.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zslre.encoder import PhraseEncoder
from zslre.mentions import MentionDetector
from zslre.relations import Relation, RelationSet, Source
from zslre.sideinfo.descriptions import OTHER, described_types, named_kinds
from zslre.sideinfo.direction import oriented, types_told
from zslre.sideinfo.entity_types import type_words, types_in
from zslre.sideinfo.generalise import common_types, with_hypernyms
from zslre.sideinfo.hypernyms import HypernymTable
from zslre.sideinfo.keywords import keywords, phrases_of
from zslre.sideinfo.merging import merged
from zslre.sideinfo.query import ROLES
from zslre.sideinfo.synonyms import synonyms
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import Match, PropertyIndex, properties
from zslre.sideinfo.wordnet import wordnet
from zslre.sideinfo.words import plural, words_of
from zslre.types import Example, Mention, Sentence

MAX_EXAMPLES = 200  # of a relation: more change nothing but the time
LEAST_EXAMPLES = 2  # for keywords: what stands in one sentence may stand there by chance
MAX_SENTENCES = 20  # that tell what a name stands for
MAX_ALIASES = 6
MAX_TYPES = 4
_Type = tuple[str, str, float, str]  # type, source, confidence, detail
_PROPER_NAME = re.compile(r"(?<=\S\s)[^\W\d_a-z][\w'\u2019-]*")


@dataclass
class _Items:
    """What was found for one relation, and the sources that were asked."""

    today: str
    found: list[Source] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def add(self, field_: str, item: str, source: str, confidence: float, detail: str) -> None:
        confidence = round(min(max(confidence, 0.0), 1.0), 2)
        self.found.append(Source(field_, item, source, self.today, confidence, detail))


def build_side_information(
    relations: RelationSet,
    encoder: PhraseEncoder,
    *,
    examples: Iterable[Example] = (),
    hypernyms: HypernymTable | None = None,
    detector: MentionDetector | None = None,
    exclude: Iterable[str] = (),
    today: datetime.date | None = None,
) -> RelationSet:
    """The relations with what can be found about them, each item with its source.

    What the user wrote stays, what the user took out stays out, and the same inputs change nothing a second time. New
    types are looked for only where the user gave none, WordNet's synonyms and inflections only where there is no
    description. `examples` are labelled with the relations' names; `hypernyms` says what their entities are, and
    `detector` finds the types of mentions that have none. `exclude`: ids or labels of Wikidata properties to know
    nothing of. Raises InputError for one that there is not.
    """
    vectors = PhraseVectors(encoder)
    index = PropertyIndex(vectors, exclude=exclude)
    date = (today if today is not None else datetime.date.today()).isoformat()
    own = [relation.own_part for relation in relations]
    shown = {name: _typed(found, detector) for name, found in _by_relation(examples).items()}
    found = {
        relation.name: _Items(date, asked={"wikidata", "wordnet", "inflection", "description"}) for relation in own
    }
    for before, relation in zip(relations, own, strict=True):
        examples_ = shown.get(relation.name, [])
        match = index.nearest(relation)
        told = _told_types(relation, match, examples_, hypernyms, vectors)
        if match is not None:
            match = oriented(match, relation, _all_types(relation, told), index, vectors)
        items = found[relation.name]
        items.asked |= {"examples", "crawl"} if examples_ else set()
        _add_synonyms(items, relation, match, vectors)
        _add_types(items, relation, {source.key for source in before.sources}, told, match, vectors)
    types = {r.name: _words_of_types(merged(r, found[r.name].found, found[r.name].asked)) for r in relations}
    _add_keywords(found, own, shown, types, vectors)
    return RelationSet(
        merged(relation, found[relation.name].found, found[relation.name].asked) for relation in relations
    )


def entity_contexts(examples: Iterable[Example]) -> dict[str, str]:
    """The names of heads and tails that types are looked up for, each with the sentences it stands in, one a line."""
    sentences: dict[str, dict[str, None]] = {}
    for example in (example for found in _by_relation(examples).values() for example in found):
        for mention in (example.head, example.tail):
            sentences.setdefault(mention.text, {})[" ".join(example.sentence.text.split())] = None
    return {name: "\n".join(list(found)[:MAX_SENTENCES]) for name, found in sentences.items()}


def _by_relation(examples: Iterable[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for example in examples:
        if example.relation is not None and len(found.setdefault(example.relation, [])) < MAX_EXAMPLES:
            found[example.relation].append(example)
    return found


def _typed(examples: Sequence[Example], detector: MentionDetector | None) -> list[Example]:
    """The examples with the detector's types for heads and tails that have none with a label.

    What the detector does not find keeps its own.
    """
    bare = [e for e in examples if e.head.label is None or e.tail.label is None]
    if detector is None or not bare:
        return list(examples)
    detected = detector.detect([Sentence(e.sentence.text) for e in bare])
    typed = {
        id(e): replace(e, head=_with_type(e.head, s.mentions), tail=_with_type(e.tail, s.mentions))
        for e, s in zip(bare, detected, strict=True)
    }
    return [typed.get(id(e), e) for e in examples]


def _with_type(mention: Mention, detected: Sequence[Mention]) -> Mention:
    if mention.label is not None:
        return mention
    overlapping = (d for d in detected if d.start < mention.end and mention.start < d.end)
    return replace(mention, type=next((d.type for d in overlapping), mention.type))


def _add_synonyms(items: _Items, relation: Relation, match: Match | None, vectors: PhraseVectors) -> None:
    if match is not None and not match.turned:
        detail = f"{match.property.id} {match.property.label}"
        for name in match.property.names[: MAX_ALIASES + 1]:
            items.add("synonyms", name, "wikidata", match.similarity, detail)
    # Beside a description these do harm: with Wikidata's property left out, label and description tell 65.4 % of 946
    # sentences of ten relations right that training had not seen, with WordNet's words and inflections 63.2 %.
    for other in synonyms(relation, wordnet(), vectors) if not relation.description else ():
        items.add("synonyms", other.phrase, other.source, other.confidence, other.detail)


def _told_types(
    relation: Relation,
    match: Match | None,
    examples: Sequence[Example],
    table: HypernymTable | None,
    vectors: PhraseVectors,
) -> dict[str, list[_Type]]:
    """Role → what examples and description tell of it."""
    told = {role: list(_of_examples(examples, role, table)) for role in ROLES}
    wikidatas = match is not None and match.property.description == relation.description
    for role, name, confidence in types_told(relation, vectors, by_name=not wikidatas):
        told[role].append((name, "description", confidence, ""))
    return told


def _all_types(relation: Relation, told: Mapping[str, Sequence[_Type]]) -> dict[str, list[str]]:
    own = {"head": relation.side.head_hypernyms, "tail": relation.side.tail_hypernyms}
    return {role: [*own[role], *(name for name, *_ in told[role])] for role in ROLES}


def _add_types(
    items: _Items,
    relation: Relation,
    before: Collection[tuple[str, str]],
    told: Mapping[str, Sequence[_Type]],
    match: Match | None,
    vectors: PhraseVectors,
) -> None:
    """`relation`: the user's own part; `before`: the keys of what an earlier build had found; `told`: see _told_types.

    Beside types of the user's only those are kept that an earlier build had found.
    """
    candidates = {role: list(told[role]) for role in ROLES}
    if match is not None and match.property.description != relation.description:
        known = match.property
        detail = f"{known.id} {known.label}: {known.description}"
        for role, name, c in described_types(known.description, wordnet(), vectors):
            candidates[OTHER[role] if match.turned else role].append((name, "wikidata", c * match.similarity, detail))
    for role in ROLES:
        best: dict[str, tuple[str, float, str]] = {}
        for name, source, confidence, detail in sorted(candidates[role], key=lambda candidate: -candidate[2]):
            best.setdefault(name, (source, confidence, detail))
        field_ = f"{role}_hypernyms"
        for name, (source, confidence, detail) in list(best.items())[:MAX_TYPES]:
            if not getattr(relation.side, field_) or (field_, name.casefold()) in before:
                items.add(field_, name, source, confidence, detail)


def _of_examples(examples: Sequence[Example], role: str, table: HypernymTable | None) -> Iterable[_Type]:
    """(type, source, confidence, which) for the types that cover most of the examples' heads or tails.

    The confidence is the share of the entities, as if one more had been seen that is of another type.
    """
    mentions = {mention.text: mention for mention in (getattr(e, role) for e in examples)}
    types = {name: type_words(mention, table) for name, mention in mentions.items()}
    known = [name for name, words in types.items() if words]
    for common in common_types(types, wordnet()):
        crawled = any(common.name in with_hypernyms(types_in(table, name), wordnet()) for name in common.entities)
        some = ", ".join(common.entities[:3]) + (", …" if len(common.entities) > 3 else "")
        detail = f"{len(common.entities)} of {len(known)} names: {some}"
        yield common.name, "crawl" if crawled else "examples", len(common.entities) / (len(known) + 1), detail


def _words_of_types(relation: Relation) -> set[str]:
    """The words for what the relation's head and tail are, in the singular and the plural."""
    types = (*relation.side.head_hypernyms, *relation.side.tail_hypernyms)
    words = {word for name in types for word in words_of(name)} | named_kinds(relation.description, wordnet())
    singular = {base for word in words for base in wordnet().base_forms(word, "n")}
    return words | singular | {plural(word, wordnet()) for word in words | singular}


def _add_keywords(
    found: Mapping[str, _Items],
    relations: Sequence[Relation],
    examples: Mapping[str, Sequence[Example]],
    types: Mapping[str, Collection[str]],
    vectors: PhraseVectors,
) -> None:
    """Keywords of examples, set apart from the other relations' examples; where these tell none, of descriptions.

    What only repeats the words of the relation's own types tells nothing new.
    """
    background = Counter(phrase for p in properties() for phrase in set(phrases_of(p.description)))
    enough = [r.name for r in relations if len(examples.get(r.name, ())) >= LEAST_EXAMPLES]
    shown = {name: [_plain(example) for example in examples[name]] for name in enough}
    of_examples = keywords(shown, background, vectors, without=types)
    told = {r.name: [r.description] for r in relations if r.description and not of_examples.get(r.name)}
    of_descriptions = keywords(told, background, vectors, without=types)
    for source, of_source in (("examples", of_examples), ("description", of_descriptions)):
        for name, chosen in of_source.items():
            for phrase, weight in chosen:
                found[name].add("keywords", phrase, source, weight, "")


def _plain(example: Example) -> str:
    """The sentence without its head, its tail and other proper names, which say nothing of the relation."""
    text = example.sentence.text
    for mention in sorted((example.head, example.tail), key=lambda m: -m.start):
        text = f"{text[: mention.start]} | {text[mention.end :]}"
    return _PROPER_NAME.sub("|", text)
