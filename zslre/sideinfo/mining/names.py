"""What names say by themselves: the noun that they end in, and what they are short for."""

from __future__ import annotations

_SMALL_WORDS = frozenset(["a", "an", "and", "at", "by", "de", "for", "in", "of", "on", "the", "to"])


def head_of_name(name: str) -> str:
    """The noun that a name ends in, in lower case; what stands behind "of" or "for" and numbers do not count.

    A number of four digits from 1000 to 2099 is a year.

    >>> [head_of_name(name) for name in ("Mississippi River", "World War II", "Order of the Bath", "1916", "Rome")]
    ['river', 'war', 'order', 'year', '']
    """
    words = name.lower().split()
    if len(words) == 1 and len(name) == 4 and name.isdecimal() and name[0] in "12" and name < "2100":
        return "year"
    for stop in ("of", "for"):
        if stop in words[1:]:
            words = words[: words.index(stop, 1)]
            return words[-1]
    while len(words) > 1 and (words[-1][0].isdigit() or words[-1].strip("iv") == ""):
        words.pop()
    return words[-1] if len(words) > 1 else ""


def is_short_for(short: str, name: str) -> bool:
    """Whether `short` is made of the first letters of the name's words.

    >>> is_short_for("NHL", "National Hockey League"), is_short_for("USA", "Rome")
    (True, False)
    """
    initials = "".join(word[0] for word in name.replace("-", " ").split() if word.lower() not in _SMALL_WORDS)
    return len(short) > 1 and short.replace(".", "") == initials.upper()
