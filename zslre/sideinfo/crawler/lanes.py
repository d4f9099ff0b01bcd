"""One lane a host: requests go one after another, with a pause between, and wait when the host asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import requests

from zslre.sideinfo.crawler.clock import Clock
from zslre.sideinfo.crawler.problems import Missing, Problem, Unreachable, causes

_BUSY = frozenset({429, 500, 502, 503, 504})
# Addresses of one host that fail one after another, all retries included, before the rest is given up.
_FAILURES_OF_A_DEAD_HOST = 3
_FIRST_BACK_OFF = 1.0


@dataclass
class Lane:
    """The requests to one host. `delay`: seconds from the end of one request to the start of the next."""

    host: str
    session: requests.Session
    clock: Clock
    delay: float
    retries: int
    longest_wait: float
    down: str = ""
    _failures: int = 0
    _free_at: float = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        # A run that was killed a moment ago may have just asked this host.
        self._free_at = self.clock.now() + self.delay

    def slow_down(self, delay: float) -> None:
        """Keep at least `delay` seconds between requests from now on."""
        with self._lock:
            if delay > self.delay:
                self._free_at += delay - self.delay
                self.delay = delay

    def send(self, request: Callable[[], requests.Response]) -> requests.Response:
        """What the host answers: status 2xx or 3xx. Retries what may pass. Raises Missing or Unreachable."""
        with self._lock:
            reason = ""
            for attempt in range(self.retries + 1):
                if self.down:
                    raise Unreachable(self.down)
                self._wait()
                try:
                    response = request()
                except Problem:
                    raise  # this crawler's own limits: the host is well
                except requests.RequestException as error:
                    reason, asked = _plain(error), 0.0
                else:
                    if response.status_code not in _BUSY:
                        self._failures = 0
                        if response.status_code >= 400:
                            raise Missing(f"status {response.status_code}")
                        return response
                    reason, asked = f"status {response.status_code}", retry_after(response, self.clock.now())
                finally:
                    self._free_at = self.clock.now() + self.delay
                if asked > self.longest_wait:
                    self.down = f"{self.host} asks to wait {asked:,.0f} s"
                elif attempt < self.retries:
                    pause = min(max(asked, _FIRST_BACK_OFF * 2**attempt), self.longest_wait)
                    self._free_at = max(self._free_at, self.clock.now() + pause)
            self._failures += 1
            if not self.down and self._failures >= _FAILURES_OF_A_DEAD_HOST:
                self.down = f"{self.host} is down ({reason})"
            raise Unreachable(self.down if self.down else f"{self.host}: {reason}")

    def _wait(self) -> None:
        while (left := self._free_at - self.clock.now()) > 0:
            self.clock.sleep(left)


def retry_after(response: requests.Response, now: float) -> float:
    """Seconds that the header Retry-After asks for, a number or a date; 0 if there is none that makes sense."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - now, 0.0)
    except (TypeError, ValueError):
        return 0.0


def _plain(error: requests.RequestException) -> str:
    """The innermost cause in a few words: library errors wrap each other and repeat addresses."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    *_, inner = causes(error)
    return " ".join(str(inner).split())[:200] or type(inner).__name__
