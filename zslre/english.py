"""English tokens, and where sentences end, by spaCy's rules and without importing it, which takes most of a second.

`scripts/build_english_tokens.py` takes the rules from spaCy; a test compares what they give with what spaCy does. Left
out is spaCy's second search, for special cases such as ":)" in the middle of a run of characters.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

RULES = Path(__file__).parent / "assets" / "english_tokens.json"
_RUNS = re.compile(r"\S+|\s+")
_PLAIN = re.compile(r"[A-Za-z]?[a-z]{2,}[.?!]?")


class _Rules(NamedTuple):
    prefix: re.Pattern[str]
    suffix: re.Pattern[str]
    infix: re.Pattern[str]
    url: re.Pattern[str]
    special: Mapping[str, Sequence[str]]
    ends: frozenset[str]


def sentence_starts(text: str) -> list[int]:
    """Where the sentences of a text begin, 0 first: behind a full stop or the like and what closes it.

    >>> sentence_starts('He met Mr. Lee (of Acme Inc.). "Good!" Then they left.')
    [0, 32, 39]
    """
    ends = _rules().ends
    starts, ended, first = [0], False, 0
    for run in _RUNS.finditer(text):
        if run[0].isspace():
            # One blank behind a token belongs to it; what else is white is a token of its own.
            if ended and len(run[0]) > (run[0][0] == " "):
                starts.append(run.start() + (run[0][0] == " "))
                ended = False
        elif ended or not ends.isdisjoint(run[0]):
            first = run.start()
            for token in _quick(run[0]) or tokens(run[0]):
                if token in ends:
                    ended = True
                elif ended and not _is_punctuation(token):
                    starts.append(first)
                    ended = False
                first += len(token)
    return starts


def _quick(run: str) -> tuple[str, ...]:
    """The tokens of a plain word, with a full stop or the like behind it or not; () if it takes the rules to tell."""
    if run in _rules().special or not _PLAIN.fullmatch(run):
        return ()
    return (run[:-1], run[-1]) if run[-1] in ".?!" else (run,)


@lru_cache(maxsize=20_000)
def tokens(run: str) -> tuple[str, ...]:
    """The tokens of a run of characters without white space.

    >>> tokens("(Mr.")
    ('(', 'Mr.')
    >>> tokens("well-known.")
    ('well', '-', 'known', '.')
    """
    rules = _rules()
    before: list[str] = []
    behind: list[str] = []
    rest, size = run, -1
    while rest and len(rest) != size and rest not in rules.special:
        size = len(rest)
        prefix = _length(rules.prefix, rest)
        if prefix and rest[prefix:] in rules.special:
            before.append(rest[:prefix])
            rest = rest[prefix:]
            break
        suffix = _length(rules.suffix, rest[prefix:])
        if suffix and rest[: len(rest) - suffix] in rules.special:
            behind.append(rest[len(rest) - suffix :])
            rest = rest[: len(rest) - suffix]
            break
        if prefix:
            before.append(rest[:prefix])
        if suffix:
            behind.append(rest[len(rest) - suffix :])
        rest = rest[prefix : len(rest) - suffix]
    return (*before, *_inside(rules, rest), *reversed(behind))


def _inside(rules: _Rules, rest: str) -> Iterator[str]:
    """The tokens of what is left without prefixes and suffixes."""
    if not rest:
        return
    if rest in rules.special:
        yield from rules.special[rest]
        return
    start = 0
    if not rules.url.match(rest):
        for infix in rules.infix.finditer(rest):
            if infix.start() == 0:
                continue
            if infix.start() != start:
                yield rest[start : infix.start()]
            if infix[0]:
                yield infix[0]
            start = infix.end()
    if start < len(rest):
        yield rest[start:]


def _length(pattern: re.Pattern[str], text: str) -> int:
    """Of the characters that it finds, 0 if none."""
    found = pattern.search(text)
    return len(found[0]) if found else 0


def _is_punctuation(token: str) -> bool:
    return all(unicodedata.category(character).startswith("P") for character in token)


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    read = json.loads(RULES.read_text(encoding="utf-8"))
    prefix, suffix, infix, url = (re.compile(read[name]) for name in ("prefix", "suffix", "infix", "url"))
    return _Rules(prefix, suffix, infix, url, read["special"], frozenset(read["ends"]))
