"""Asking a MediaWiki-style interface: parameters in, JSON out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

from zslre.sideinfo.crawler.fetch import JSON, Pages
from zslre.sideinfo.crawler.problems import Problem, Refused, Spent

T = TypeVar("T")

# Seconds that the database servers may lag behind before the interface asks to come back later.
MAX_LAG = 5
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset({"with", "that", "this", "from", "which", "their", "have", "been", "were", "also", "other", "into"})


def api_url(base: str, **parameters: str | int) -> str:
    """The address of a request."""
    fixed: dict[str, str | int] = {"format": "json", "formatversion": 2, "maxlag": MAX_LAG}
    return f"{base}?{urlencode({**parameters, **fixed})}"


def titles(names: Sequence[str]) -> str:
    """Several values in one parameter; U+001F separates, so that a name may hold a vertical bar.

    >>> titles(["a|b", "c"])
    '\\x1fa|b\\x1fc'
    """
    return "".join(f"\x1f{name}" for name in names)


def ask(pages: Pages, url: str) -> dict[str, Any]:
    """The answer of an interface; raises a `Problem`."""
    page = pages.get(url, accept=JSON, obey_robots=False)
    try:
        answer = json.loads(page.body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"answers with what is no JSON ({type(error).__name__})") from error
    if not isinstance(answer, dict):
        raise Refused("answers with JSON of another shape")
    if "error" in answer:
        info = answer["error"].get("info", answer["error"]) if isinstance(answer["error"], dict) else answer["error"]
        raise Refused(f"answers with an error: {info}")
    return answer


def one_by_one(names: Iterable[str], step: Callable[[str], T]) -> tuple[dict[str, T], list[str]]:
    """What `step` gives for each name, and the names that it fails for; raises a `Problem` if it fails for all."""
    found: dict[str, T] = {}
    failed: list[str] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found[name] = step(name)
        except Spent:
            raise
        except Problem as problem:
            failed.append(name)
            problems.append(problem)
    if problems and not found:
        raise min(problems, key=lambda problem: problem.lasting)  # one that may pass is reason to try again
    return found, failed


@contextmanager
def shaped() -> Iterator[None]:
    """Answers that are JSON of an unexpected shape become `Refused`: they cost their own names only."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refused(f"answers with JSON of another shape ({type(error).__name__}: {error})") from error


def likeness(context: str, text: str) -> float:
    """How many of a text's words a context shares, for choosing between meanings of a name; 0: none.

    Divided by the square root of the text's number of words, so that long texts have no advantage.
    """
    words = _content_words(text)
    return len(_content_words(context) & words) / len(words) ** 0.5 if words else 0.0


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _COMMON
