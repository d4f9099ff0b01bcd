"""Why a page could not be had.

Problem
├── Refused      this crawler does not fetch that: another scheme, a private address, robots.txt, too large, wrong type
├── Missing      the server says that there is no such page (404, 410 and the like)
├── Unreachable  the host does not answer, or only with errors, after all retries; may be tried again another day
└── Spent        --max-pages is used up
"""

from __future__ import annotations

from collections.abc import Iterator


class Problem(Exception):
    """Base class. A problem that is `lasting` will be the same tomorrow, and is not tried again until pages expire."""

    lasting = True


class Refused(Problem):
    """Not fetched, or not read to its end, for a reason of this crawler's own."""


class Missing(Problem):
    """The server has no such page for us."""


class Unreachable(Problem):
    """The host is down, or says that it is busy, for longer than we wait."""

    lasting = False


class Spent(Problem):
    """The budget of requests is used up."""

    lasting = False


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what led to it, what led to that, and so on; each once, for causes may go round in circles."""
    seen: list[BaseException] = []
    while error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__ or error
