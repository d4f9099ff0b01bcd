"""Every error that zslre raises on purpose.

ZslreError
├── InputError              text, mentions, relations or examples that cannot be used: names file, line and remedy
├── ModelError              a model folder that is missing, truncated, foreign or newer than this zslre
├── DownloadError          a public file that cannot be fetched, or is not the one that was published
└── MissingDependencyError  an optional package is absent: carries the command that installs it
"""

from __future__ import annotations


class ZslreError(Exception):
    """Base class; the command line prints its message and exits with 1."""


class InputError(ZslreError, ValueError):
    """Something the user gave cannot be used."""


class ModelError(ZslreError):
    """A model folder cannot be read."""


class DownloadError(ZslreError):
    """A public file could not be had."""


class MissingDependencyError(ZslreError, ImportError):
    """An optional package is needed; the message holds the install command."""
