"""The version, kept in this one place: setup.cfg reads it for the package's metadata."""

__version__ = "0.1.0"
