"""Sentences whose head or tail has become a list: "written by Ann Ruiz, Bo Lee and Cy Moss".

What is said of a list is said of each name in it, and nothing of two of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations

import numpy as np

from zslre.candidates import beside
from zslre.packing import Pair
from zslre.training.builtin.augmentation import Edit
from zslre.training.drawn import Drawn, mentions_of
from zslre.types import Mention, Sentence

Fact = tuple[frozenset[str], frozenset[str] | None]  # labels of a pair, and which relations are known

MOST_NEW = 3  # names in a list beside the sentence's own
JOINTS = (" and ", " , and ", " as well as ")
# Beside a comma the name may be an apposition's; before a name or a hyphen it is part of a compound.
FREE = re.compile(r"\s*(?:[a-z.;]|$)")


def with_list(known: Drawn, pair: Pair, place: int, names: Sequence[str], rng: np.random.Generator) -> Drawn | None:
    """The sentence with a list of its own name and some of `names` where the pair's head or tail (`place` 0, 1) stands.

    None where a list would change what is said, or where all names occur already.
    """
    mention, text = pair[place], known.sentence.text
    mentions = mentions_of(known.pairs)
    before, after = text[: mention.start].rstrip(), text[mention.end :]
    if before.endswith(",") or not FREE.match(after) or len(beside(mentions, [mention])) < len(mentions) - 1:
        return None
    drawn = {names[i] for i in rng.integers(len(names), size=int(rng.integers(1, MOST_NEW + 1)))}
    listed = [str(name) for name in rng.permutation([mention.text, *sorted(n for n in drawn if n not in text)])]
    if len(listed) == 1:
        return None
    joined, members = "", list[Mention]()
    for number, name in enumerate(listed):
        joined += "" if not number else str(rng.choice(JOINTS)) if number == len(listed) - 1 else " , "
        start = mention.start + len(joined)
        members.append(Mention(name, start, start + len(name), mention.type))
        joined += name
    edit = Edit(mention.start, mention.end, joined)
    own = members[listed.index(mention.text)]
    moved = {m: own if m == mention else edit.mention(m) for m in mentions}
    facts: dict[Pair, Fact] = {}
    for (head, tail), found, of in zip(known.pairs, known.labels, known.asked, strict=True):
        together = {head, tail} == set(pair)
        heads = members if together and head == mention else [moved[head]]
        tails = members if together and tail == mention else [moved[tail]]
        facts |= {(one, other): (found, of) for one in heads for other in tails}
    facts |= dict.fromkeys(permutations(members, 2), (frozenset(), None))
    sentence = Sentence(edit.edited(text), mentions_of(facts))
    return Drawn(sentence, tuple(facts), *zip(*facts.values(), strict=True))
