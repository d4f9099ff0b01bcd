"""WordNet's nouns and verbs, from the compact table that ships with zslre. Lookups; choosing a sense is senses.py's.

A synset is a number: nouns come first, then verbs. What is not asked for is not unpacked: the lemmas take some 30 ms,
the definitions as much again. `scripts/build_wordnet.py` makes the table; assets/WORDNET.md has its licence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from zslre.exceptions import InputError

PATH = Path(__file__).parents[1] / "assets" / "wordnet.npz"

Part = Literal["n", "v"]
_NAMES: dict[Part, str] = {"n": "noun", "v": "verb"}
# Morphy's rules of detachment (WordNet's morphy(7WN)).
_ENDINGS: dict[Part, tuple[tuple[str, str], ...]] = {
    "n": (("ies", "y"), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
          ("s", "")),
    "v": (("ies", "y"), ("es", "e"), ("es", ""), ("s", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
}  # fmt: skip
# Synsets above this say nothing of a thing: entity, physical entity, abstraction, object, whole, group, …
LEAST_INFORMATION = 0.17


@dataclass(frozen=True, slots=True)
class Synset:
    """Words that mean one thing. `name` is as in NLTK: first word, part of speech, number of that word's sense."""

    name: str
    words: tuple[str, ...]
    gloss: str


class WordNet:
    """The table; `wordnet()` gives the one that ships."""

    def __init__(self, path: Path = PATH) -> None:
        self._arrays: Any = np.load(path)  # members are read from the archive when asked for
        self._n_nouns = int(self._arrays["n_nouns"])
        self._places: dict[Part, dict[str, int]] = {}
        self._senses: dict[Part, tuple[np.ndarray, np.ndarray]] = {}
        self._irregular: dict[Part, dict[str, tuple[str, ...]]] = {}

    def __len__(self) -> int:
        """The number of synsets."""
        return len(self._words)

    def senses(self, lemma: str, part: Part) -> tuple[int, ...]:
        """Synsets of a lemma, whatever its case, most frequent sense first; none for an unknown one."""
        place = self._lemmas(part).get(_key(lemma))
        if place is None:
            return ()
        starts, senses = self._senses[part]
        return tuple(senses[starts[place] : starts[place + 1]].tolist())

    def synset(self, number: int) -> Synset:
        words = self.words(number)
        part: Part = "n" if number < self._n_nouns else "v"
        sense = self.senses(words[0], part).index(number) + 1
        return Synset(f"{words[0].replace(' ', '_')}.{part}.{sense:02}", words, self._glosses[number])

    def noun_glosses(self) -> Sequence[str]:
        """The definitions of all nouns."""
        return self._glosses[: self._n_nouns]

    def words(self, number: int) -> tuple[str, ...]:
        return tuple(self._words[number].split("|"))

    def parents(self, number: int) -> tuple[int, ...]:
        """Hypernyms, or, of a name, what it is an instance of."""
        starts, parents = self._parents
        return tuple(parents[starts[number] : starts[number + 1]].tolist())

    def ancestors(self, number: int) -> tuple[int, ...]:
        """The synset itself and everything above it, nearest first."""
        found, queue = dict.fromkeys([number]), deque([number])
        while queue:
            for parent in self.parents(queue.popleft()):
                if parent not in found:
                    found[parent] = None
                    queue.append(parent)
        return tuple(found)

    def is_instance(self, number: int) -> bool:
        """Whether it is a name (Paris) rather than a class (city)."""
        return bool(self._instances[number])

    def category(self, number: int) -> int:
        """The lexicographer's file that it is in, such as 18: nouns of persons (WordNet's lexnames(5WN))."""
        return int(self._categories[number])

    def information(self, number: int) -> float:
        """How much it says, from 0 (entity) to 1 (nothing below it)."""
        return float(self._information[number])

    def derived(self, number: int, word: str) -> tuple[tuple[int, str], ...]:
        """Nouns that come from a verb or the reverse, as (synset, word): found → founder, foundation."""
        words = [_key(other) for other in self.words(number)]
        if _key(word) not in words:
            return ()
        rows = self._derived
        first, last = np.searchsorted(rows[:, 0], [number, number + 1])
        chosen = rows[first:last]
        chosen = chosen[chosen[:, 1] == words.index(_key(word))]
        return tuple((int(other), self.words(int(other))[target]) for _, _, other, target in chosen)

    def base_forms(self, word: str, part: Part) -> tuple[str, ...]:
        """The lemmas that the word may be a form of, those of irregular forms first; none for an unknown word.

        >>> wordnet().base_forms("Found", "v"), wordnet().base_forms("qwertys", "n")
        (('find', 'found'), ())
        """
        return tuple(dict.fromkeys(self._bases(_key(word), part)))

    def irregular_forms(self, lemma: str, part: Part) -> tuple[str, ...]:
        """Forms that no rule makes: write → written, wrote."""
        self._load_irregular(part)
        return self._irregular[part].get(f"={_key(lemma)}", ())

    def _bases(self, word: str, part: Part) -> Iterator[str]:
        self._load_irregular(part)
        lemmas = self._lemmas(part)
        yield from (base for base in self._irregular[part].get(word, ()) if base in lemmas)
        if word in lemmas:
            yield word
        for ending, replacement in _ENDINGS[part]:
            if word.endswith(ending) and (base := word[: -len(ending)] + replacement) in lemmas:
                yield base
            # Doubled letters (planned → plan): lists of exceptions have most, not all.
            if part == "v" and ending in ("ed", "ing") and word.endswith(ending) and not replacement:
                stem = word[: -len(ending)]
                if len(stem) > 2 and stem[-1] == stem[-2] and stem[:-1] in lemmas:
                    yield stem[:-1]

    def _lemmas(self, part: Part) -> dict[str, int]:
        if part not in self._places:
            name = _NAMES[part]
            starts = np.concatenate([[0], np.cumsum(self._arrays[f"{name}_counts"], dtype=np.int64)])
            self._senses[part] = (starts, self._arrays[f"{name}_senses"])
            self._places[part] = {lemma: place for place, lemma in enumerate(self._lines(f"{name}_lemmas"))}
        return self._places[part]

    def _load_irregular(self, part: Part) -> None:
        """Form → lemmas and, under "=lemma", the way back."""
        if part in self._irregular:
            return
        found: dict[str, list[str]] = {}
        for line in self._lines(f"{_NAMES[part]}_irregular"):
            form, *bases = line.split(" ")
            found.setdefault(form, []).extend(bases)
            for base in bases:
                found.setdefault(f"={base}", []).append(form)
        self._irregular[part] = {key: tuple(values) for key, values in found.items()}

    def _lines(self, member: str) -> list[str]:
        return str(self._arrays[member].tobytes(), "utf-8").split("\n")

    @cached_property
    def _words(self) -> list[str]:
        return self._lines("words")

    @cached_property
    def _glosses(self) -> list[str]:
        return self._lines("glosses")

    @cached_property
    def _parents(self) -> tuple[np.ndarray, np.ndarray]:
        starts = np.concatenate([[0], np.cumsum(self._arrays["parent_counts"], dtype=np.int64)])
        return starts, self._arrays["parents"]

    @cached_property
    def _instances(self) -> np.ndarray:
        return np.asarray(self._arrays["instances"])

    @cached_property
    def _categories(self) -> np.ndarray:
        return np.asarray(self._arrays["categories"])

    @cached_property
    def _information(self) -> np.ndarray:
        return np.asarray(self._arrays["information"])

    @cached_property
    def _derived(self) -> np.ndarray:
        return np.asarray(self._arrays["derived"])


@lru_cache(maxsize=1)
def wordnet() -> WordNet:
    """WordNet as it ships; the file is opened once. Raises InputError where an installation lacks it."""
    try:
        return WordNet()
    except OSError as error:
        raise InputError(f"{PATH} cannot be read ({error}): install zslre again") from error


def _key(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).lower()
