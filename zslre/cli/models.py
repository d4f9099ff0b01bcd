"""The model that an option names."""

from __future__ import annotations

from pathlib import Path


def model_folder(name: str) -> Path:
    """The folder that is meant: the built-in model's by its name, "builtin", another by its path."""
    from zslre.serialization import BUILTIN

    return BUILTIN if name == "builtin" else Path(name)
