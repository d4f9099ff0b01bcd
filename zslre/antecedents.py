"""How likely a name is what a pronoun or a noun means: a multinomial logit over the names before it and none of them.

Features say where a name stands and how often it was named and meant before; their weights were fitted on documents of
our own in which anaphors are marked (`scripts/fit_antecedents.py`). As in mention-ranking coreference (Denis and
Baldridge 2008), with few features, so that it costs no time.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from zslre.candidates import LITERALS
from zslre.gender import ending_odds, given_name
from zslre.sideinfo.entity_types import words_of_label
from zslre.surroundings import NEAR, fronted, gap_of, place_of
from zslre.types import Mention

WEIGHTS = Path(__file__).parent / "assets" / "antecedents.json"
_FORMS = {"he": "he him his", "she": "she her", "it": "it its", "they": "they their them"}
PRONOUNS = {form: pronoun for pronoun, forms in _FORMS.items() for form in forms.split()}
# Nouns that stand for a name, by the word for what a tagger's label means; those of a line may stand for each other.
_LINES = {
    "organization": (
        "company firm group corporation manufacturer retailer publisher brewery airline bank insurer agency start-up "
        "startup broadcaster station label studio maker supplier developer business",
        "band group duo trio quartet orchestra choir ensemble",
        "club team side squad",
        "university college school institute academy museum gallery hospital library",
        "charity foundation trust organisation organization association society union federation league",
        "party movement",
        "newspaper magazine journal publisher paper",
    ),
    "work": (
        "film movie documentary", "book novel memoir", "album record", "song single", "series show sitcom", "game",
        "opera musical", "play",
    ),
    "product": ("ship ferry vessel", "aircraft", "car", "game"),
    "building": (
        "bridge", "stadium arena", "museum gallery library", "school hospital", "church cathedral", "castle", "theatre",
    ),
    "place": ("town city village municipality port", "island", "river", "lake", "country", "district county province"),
    "event": ("battle", "war", "festival", "tournament", "race"),
}  # fmt: skip
_NOUN = "|".join(sorted({noun for lines in _LINES.values() for line in lines for noun in line.split()}))
_CALLED = re.compile(rf"\b({_NOUN}),? $", re.IGNORECASE)
_IS_CALLED = re.compile(
    rf"(?:,| is| was| remains)(?: an?| the)(?: (?!of |that |which |whose )[\w-]+){{0,4}}? ({_NOUN})(?![\w'\u2019-])"
)
NOUNS = {kind: [frozenset(line.split()) for line in lines] for kind, lines in _LINES.items()}
_AFTER = re.compile(r"\W+(\w+)")
# "It was clear that", "it took two years to": no name is meant.
EXPLETIVE = re.compile(
    r"[Ii]t(?:'s| (?:is|was|has been|would be|will be|seems|seemed|took))"
    r"(?: \w+){0,2} (?:that|to|who|when|how|whether|if)\b"
)
ENTITIES = 200  # that a document's discourse remembers
_SHORT = frozenset(["a", "an", "and", "for", "in", "of", "the"])


@dataclass(slots=True, eq=False)
class Entity:
    """What has the same words in its names, which are of one type, and what the document has told of it so far."""

    words: frozenset[str]
    kind: str | None
    female: bool | None = None
    named: int = 0
    meant: int = 0
    nouns: set[str] = field(default_factory=set)  # that the document called it


@dataclass(slots=True, eq=False)
class Name:
    """A name as it stands in a sentence, or what stands for it there."""

    mention: Mention  # offsets into the document
    entity: Entity
    sentence: int
    role: str
    subject: bool  # of its sentence, as it seems
    first: bool  # of the people or things of its type in the sentence
    end: int  # where it, or what stands for it, ends in the sentence


@dataclass(slots=True)
class Discourse:
    """What a document has told so far: the entities named last, at most `ENTITIES`, and which of them it is about."""

    entities: list[Entity] = field(default_factory=list)
    last_meant: dict[str, Entity] = field(default_factory=dict)  # by pronoun
    last_subject: Entity | None = None
    topic: Entity | None = None

    def entity(self, mention: Mention, beside: Mapping[Entity, frozenset[str]] | None = None) -> Entity:
        """That of a longer or shorter name of the same type with the same words, or a new one.

        `beside`: the entities that the sentence names before, and by which words. A longer name beside a shorter one is
        another's: in "Kennedy was the brother of Robert Kennedy" the two are not one.
        """
        words = name_words(mention)
        shorter = {entity for entity, used in (beside or {}).items() if used < words}
        alike = (
            e
            for e in reversed(self.entities)
            if e.kind == mention.label and (words <= e.words or e.words <= words) and e not in shorter
        )
        found = next(alike, None)
        if found is None:
            found = Entity(words, mention.label)
        else:
            self.entities.remove(found)
            found.words |= words
        self.entities.append(found)
        del self.entities[:-ENTITIES]
        return found


def name_words(mention: Mention) -> frozenset[str]:
    """What tells whether two names are one thing's."""
    return frozenset(re.findall(r"\w+", mention.text.lower())) - _SHORT or frozenset([mention.text.lower()])


def told_nouns(text: str, mention: Mention) -> set[str]:
    """The nouns of `NOUNS` that the text calls a name: "the brewery Stella", "Stella is a family-owned brewery"."""
    before = _CALLED.search(text[max(0, mention.start - NEAR) : mention.start])
    behind = _IS_CALLED.match(text, mention.end)
    return {found[1].lower() for found in (before, behind) if found is not None}


def pronoun_of(anaphor: Mention) -> str:
    """he, she, it or they, or "noun"."""
    return PRONOUNS.get(anaphor.text.lower(), "noun")


def options(
    anaphor: Mention, text: str, number: int, names: Iterable[Name], discourse: Discourse
) -> list[tuple[Name, dict[str, float]]]:
    """Of the names before, the nearest first, those that the anaphor of sentence `number` may mean; their features."""
    fit = [(name, kinds) for name in names if (kinds := _kinds(anaphor, name)) is not None]
    pronoun = pronoun_of(anaphor)
    what = "person" if pronoun in ("he", "she") else pronoun
    place = place_of(anaphor, text)
    form = _of_it(anaphor, text) if pronoun in ("it", "they") else []
    alone = float(len({id(name.entity) for name, _ in fit}) == 1)
    found = []
    for rank, (name, kinds) in enumerate(fit):
        entity, near = name.entity, number - name.sentence
        subject = "subject" if name.subject else "no subject"
        told = [*form, name.role, f"at {near}", f"{subject} at {near}", f"{place}, {subject} at {near}"]
        first = "first" if name.first else "not first"
        told.append(f"{first} at {near}")
        if pronoun != "noun":
            told.append(f"{place}, {first} at {near}")
            if not near:
                gap = f"{place} behind {gap_of(text[name.end : anaphor.start])}"
                told += [gap, f"{gap}, {subject}", f"{gap}, {first}"]
                told += ["fronted", f"fronted, {name.role}"] if fronted(text, anaphor) else []
        valued = {
            "rank": math.log1p(rank),
            "named": math.log1p(entity.named),
            "meant": math.log1p(entity.meant),
            "meant last": float(discourse.last_meant.get(pronoun) is entity),
            "last subject": float(discourse.last_subject is entity),
            "topic": float(discourse.topic is entity),
            "alone": alone,
        }
        features = kinds | dict.fromkeys(told, 1.0) | valued
        found.append((name, {f"{what}: {key}": value for key, value in features.items()}))
    return found


def _kinds(anaphor: Mention, name: Name) -> dict[str, float] | None:
    """What of the name's type speaks for the anaphor; None if it cannot mean it."""
    pronoun, kind = pronoun_of(anaphor), name.mention.label
    kinds = words_of_label(kind)
    if pronoun in ("he", "she"):
        if "person" not in kinds:
            return None
        female = name.entity.female
        if female is None:
            odds = ending_odds(given_name(name.mention))
            return {"of no known gender": 1.0, "its ending": odds if pronoun == "she" else -odds}
        return {"of this gender": 1.0} if female == (pronoun == "she") else None
    if pronoun == "noun":
        return _of_noun(anaphor.text.lower(), name, kinds)
    if kind is None or kind in LITERALS or kind == "LANGUAGE" or (pronoun == "it" and "person" in kinds):
        return None
    return {f"{pronoun} for {kind}": 1.0}


def _of_noun(noun: str, name: Name, kinds: Sequence[str]) -> dict[str, float] | None:
    groups = [nouns for kind in kinds for nouns in NOUNS.get(kind, ())]
    alike = frozenset[str]().union(*(nouns for nouns in groups if noun in nouns))
    if noun not in kinds and not alike:
        return None
    words = set(name.mention.text.lower().split())
    others = frozenset[str]().union(*groups) - alike
    own = bool(words & {noun, *alike})
    if words & others and not own:
        return None
    told = name.entity.nouns
    said = "so" if noun in told else "alike" if told & alike else "otherwise" if told else "nothing"
    return {"its own word" if own else "its kind": 1.0, f"called {said}": 1.0}


def _of_it(anaphor: Mention, text: str) -> list[str]:
    after = _AFTER.match(text, anaphor.end)
    word = after[1].lower() if after else ""
    verb = word if word in ("is", "was", "has", "had", "will", "would") else "another word"
    told = [anaphor.text.lower(), f"before {verb}"]
    return [*told, "expletive"] if EXPLETIVE.match(text, anaphor.start) else told


def likeliest(
    found: Sequence[tuple[Name, Mapping[str, float]]], weights: Mapping[str, float]
) -> tuple[Name | None, float]:
    """The first name of the likeliest entity among the options, and its probability; the rest is others' and none's."""
    logits = [sum(weights.get(key, 0.0) * value for key, value in features.items()) for _, features in found]
    highest = max([0.0, *logits])
    exponents = [math.exp(logit - highest) for logit in logits]
    by_entity: dict[int, float] = defaultdict(float)
    for (name, _), exponent in zip(found, exponents, strict=True):
        by_entity[id(name.entity)] += exponent
    best = max((name for name, _ in found), key=lambda name: by_entity[id(name.entity)], default=None)
    return best, by_entity[id(best.entity)] / (math.exp(-highest) + sum(exponents)) if best is not None else 0.0


@lru_cache(maxsize=1)
def fitted_weights() -> dict[str, float]:
    read: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    return read
