"""What a row must hold, whatever its format."""

from __future__ import annotations

from typing import Any

from zslre.exceptions import InputError
from zslre.types import Mention

NO_RELATION = "NA"  # in several formats


def string(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{what} must be a string, not {type(value).__name__}")
    return value


def name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{what} must be a name, not {value!r:.60}")
    return value


def label(value: Any, what: str) -> str:
    """A relation's name, with its white space collapsed, as that of a relation set is.

    >>> label("lives  in ", "relation")
    'lives in'
    """
    return " ".join(name(value, what).split())


def relation_name(value: Any, none: str | None) -> str | None:
    """The label; None for `none`, by which the format says that there is no relation."""
    if value is None and none is None:
        return None
    found = label(value, "relation" if none is not None else "relation, if not null,")
    return None if found == none else found


def mention_at(text: str, role: str, start: Any, end: Any, type: Any = None) -> Mention:
    """The mention at these characters of `text`; raises InputError if there are none such."""
    for place in (start, end):
        if isinstance(place, bool) or not isinstance(place, int):
            raise InputError(f"{role} span must hold whole numbers of characters, not {place!r:.60}")
    if not 0 <= start < end <= len(text):
        raise InputError(f"{role} span [{start}, {end}] is outside the text of {len(text)} characters")
    if type is not None and not isinstance(type, str):
        raise InputError(f"the type of {role} must be a text or null, not {type!r}")
    return Mention(text[start:end], start, end, type)
