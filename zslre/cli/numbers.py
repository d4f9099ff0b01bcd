"""Types of options that are numbers; argparse prints what they say of a wrong one."""

from __future__ import annotations

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text) if text.strip().isdecimal() else 0
    if value < 1:
        raise ArgumentTypeError(f"needs a whole number of at least 1, got {text!r}")
    return value


def whole(text: str) -> int:
    """A whole number of at least 0."""
    if not text.strip().isdecimal():
        raise ArgumentTypeError(f"needs a whole number, got {text!r}")
    return int(text)


def none_or_several(text: str) -> int:
    """0, or a whole number of at least 2: among one relation each pair's is found."""
    value = whole(text)
    if value == 1:
        raise ArgumentTypeError("needs 0, or at least 2: of one relation alone, every pair's is found")
    return value


def seconds(text: str) -> float:
    """A finite number of at least 0, of days as well."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise ArgumentTypeError(f"needs a number that is not negative, got {text!r}")
    return value


def probability(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ArgumentTypeError(f"needs a number from 0 to 1, got {text!r}")
    return value
