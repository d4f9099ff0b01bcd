"""Sentences that training data lacks: denied and doubted facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from zslre.exceptions import InputError
from zslre.mentions import DEFAULT_PIPELINE
from zslre.packing import Pair
from zslre.training.drawn import mentions_of
from zslre.types import Mention, Sentence

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

DOUBTS = (
    "It is not true that",
    "It was falsely claimed that",
    "There is no evidence that",
    "Contrary to what was reported, it is wrong that",
    "The report denied that",
    "Nobody could confirm that",
    "It is unclear whether",
    "They asked whether",
    "It would be different if",
    "If",
    "Rumour has it that",
    "Some expect that",
    "It has been suggested that",
)
DOUBTS_BEHIND = (
    ", if the rumours are true",
    ", though nobody could confirm it",
    ", or so it was wrongly claimed",
    ", if all goes to plan",
    ", a claim that was never proved",
    ", unless something changes",
)
# As long and as formal, and the fact stands: it is the words that count, not that something stands in front.
ASSURANCES = (
    "It is true that",
    "It was rightly claimed that",
    "There is good evidence that",
    "As was reported, it is well known that",
    "The report confirmed that",
    "Everybody could see that",
    "It is clear that",
    "They added that",
    "It did not surprise anyone that",
    "Since",
    "Records show that",
    "Few remember that",
    "It has been proved that",
)
ASSURANCES_BEHIND = (
    ", as the records show",
    ", though few remember it",
    ", or so it was rightly said",
    ", as had been the plan",
    ", a fact that was often told",
    ", which changed much",
)
SUBJECT = ("nsubj", "nsubjpass")
FINITE = {"VBD": "did", "VBZ": "does", "VBP": "do"}
UNREALISED = {
    "VBD": (
        "refused to",
        "failed to",
        "planned to",
        "wanted to",
        "was asked to",
        "hoped to",
        "was expected to",
        "was about to",
        "threatened to",
        "offered to",
        "was rumoured to",
    ),
    "VBZ": ("refuses to", "plans to", "wants to", "hopes to", "is expected to", "has yet to", "is rumoured to"),
}
POSSIBLE = ("may", "might", "could", "should", "would", "may soon", "might one day")
POSSIBLE_HELPERS = {  # in place of the helper in "was founded", "has played"
    "be": (
        "may be",
        "might be",
        "could be",
        "would be",
        "was supposed to be",
        "is expected to be",
        "is rumoured to be",
        "was about to be",
        "was nearly",
        "has yet to be",
    ),
    "have": ("may have", "might have", "could have", "would have", "is rumoured to have"),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text become `new`."""

    start: int
    end: int
    new: str

    def apply(self, sentence: Sentence, pairs: Sequence[Pair]) -> tuple[Sentence, tuple[Pair, ...]]:
        """The edited sentence, with the pairs' mentions as its mentions, and the pairs."""
        moved = tuple((self.mention(head), self.mention(tail)) for head, tail in pairs)
        return Sentence(self.edited(sentence.text), mentions_of(moved)), moved

    def edited(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]

    def mention(self, mention: Mention) -> Mention:
        """The mention where the edited text has it.

        >>> Edit(0, 3, "Robert").mention(Mention("Rome", 13, 17))
        Mention(text='Rome', start=16, end=20, type=None)
        """
        if self.touches(mention):
            raise InputError(f"the edit at {self.start}:{self.end} would change the mention {mention.text!r}")
        return mention if mention.end <= self.start else mention.shifted(len(self.new) - (self.end - self.start))

    def touches(self, mention: Mention) -> bool:
        return (self.start < mention.end and mention.start < self.end) or mention.start < self.start < mention.end


class Doubter:
    """Denies what sentences say of a pair, with a spaCy pipeline that parses.

    The verb that ties one mention, as its subject, to the other is negated ("did not found", "has never played for",
    "refused to join") or made a mere possibility ("might join", "was supposed to be founded"), or the whole sentence
    is doubted ("It is not true that …", "…, if the rumours are true"). Where no verb does (an apposition, two places
    somebody went to), a negation would not touch the fact, and the sentence is left out.
    """

    @cached_property
    def pipeline(self) -> Language:
        import spacy

        return spacy.load(DEFAULT_PIPELINE, exclude=["ner"])

    def doubt(
        self, asked: Sequence[tuple[Sentence, Pair]], rng: np.random.Generator
    ) -> list[tuple[Sentence, Pair] | None]:
        """Sentences and pairs in the same order, changed so that no relation of the pair holds any longer, or None."""
        changed: list[tuple[Sentence, Pair] | None] = []
        for doc, (sentence, pair) in zip(self.pipeline.pipe(s.text for s, _ in asked), asked, strict=True):
            verb = tying_verb(doc, pair)
            if verb is None:
                changed.append(None)
                continue
            edit = doubt_of(verb, sentence.text, rng)
            if any(edit.touches(mention) for mention in pair):  # the title of a work can hold its verb
                edit = in_front(DOUBTS, rng)
            edited, (moved,) = edit.apply(sentence, [pair])
            changed.append((edited, moved))
        return changed


def in_front(frames: Sequence[str], rng: np.random.Generator) -> Edit:
    return Edit(0, 0, f"{rng.choice(frames)} ")


def behind(text: str, frames: Sequence[str], rng: np.random.Generator) -> Edit:
    """One of the frames before the full stop, if there is one."""
    end = len(text.rstrip(". "))
    return Edit(end, end, f" {rng.choice(frames)}")


def assurance(text: str, mentions: Iterable[Mention], rng: np.random.Generator) -> Edit:
    """An edit that is as long as a doubt, and leaves facts and mentions as they are."""
    last = behind(text, ASSURANCES_BEHIND, rng)
    if rng.random() < 0.7 or any(map(last.touches, mentions)):  # "Warner Bros ." ends with the text
        return in_front(ASSURANCES, rng)
    return last


def tying_verb(doc: Doc, pair: Pair) -> Token | None:
    """The first verb between the mentions, in the parse, of which one of them is the subject, or which describes it."""
    spans = [doc.char_span(mention.start, mention.end, alignment_mode="expand") for mention in pair]
    if spans[0] is None or spans[1] is None:
        return None
    head, tail = spans[0].root, spans[1].root
    inside = {token.i for span in spans if span is not None for token in span}
    for token in path_between(head, tail):
        verbal = token.tag_.startswith("VB") and token.i not in inside
        if verbal and (says_of(token, head) or says_of(token, tail)):
            return token
    return None


def says_of(verb: Token, name: Token) -> bool:
    """Whether the name is the verb's subject, or the verb's clause describes the name."""
    subject = name.head.i == verb.i and name.dep_ in SUBJECT
    return subject or (verb.head.i == name.i and verb.dep_ in ("acl", "relcl"))


def doubt_of(verb: Token, text: str, rng: np.random.Generator) -> Edit:
    """A doubt of the `text` whose `verb` states the fact. Mere possibilities take the most practice."""
    form = rng.choice(["in front", "behind", "possibility", "negation"], p=[0.25, 0.1, 0.35, 0.3])
    if form == "in front":
        return in_front(DOUBTS, rng)
    if form == "behind":
        return behind(text, DOUBTS_BEHIND, rng)
    possible = possibility(verb, rng) if form == "possibility" else None
    return possible if possible is not None else negation(verb, rng)


def possibility(verb: Token, rng: np.random.Generator) -> Edit | None:
    """The edit that makes of the verb's clause what may be or might have been, None where its form allows none."""
    helpers = [c for c in verb.children if c.dep_ in ("aux", "auxpass") and c.i < verb.i]
    if not helpers and verb.tag_ in FINITE:
        return Edit(verb.idx, verb.idx + len(verb.text), f"{rng.choice(POSSIBLE)} {verb.lemma_}")
    if len(helpers) == 1 and helpers[0].tag_ in FINITE and helpers[0].lemma_ in POSSIBLE_HELPERS:
        (helper,) = helpers
        return Edit(helper.idx, helper.idx + len(helper.text), str(rng.choice(POSSIBLE_HELPERS[helper.lemma_])))
    return None


def negation(verb: Token, rng: np.random.Generator) -> Edit:
    """The edit that negates the verb's clause."""
    end = verb.idx + len(verb.text)
    helper = next((c for c in verb.children if c.dep_ in ("aux", "auxpass") and c.tag_ != "TO"), None)
    if helper is not None and helper.i < verb.i:
        end = helper.idx + len(helper.text)
        return Edit(end, end, str(rng.choice([" not", " never"])))
    if verb.lemma_ == "be":
        return Edit(end, end, str(rng.choice([" not", " never"])))
    if verb.tag_ in FINITE:
        form = rng.choice(["not", "never", "unrealised"], p=[0.3, 0.2, 0.5])
        if form == "not":
            return Edit(verb.idx, end, f"{FINITE[verb.tag_]} not {verb.lemma_}")
        if form == "unrealised" and verb.tag_ in UNREALISED:
            return Edit(verb.idx, end, f"{rng.choice(UNREALISED[verb.tag_])} {verb.lemma_}")
    return Edit(verb.idx, verb.idx, "never ")


def path_between(one: Token, other: Token) -> list[Token]:
    """The tokens on the way from one to the other in the parse, in order, they themselves left out."""
    upwards, downwards = [one, *one.ancestors], [other, *other.ancestors]
    common = next((token for token in upwards if token in downwards), None)
    if common is None:  # two sentences in the parser's eyes
        return []
    path = [*upwards[: upwards.index(common)], common, *downwards[: downwards.index(common)][::-1]]
    return [token for token in path if token.i not in (one.i, other.i)]
