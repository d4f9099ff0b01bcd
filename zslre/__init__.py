"""Zero-shot relation extraction: triples from text, for relations you name yourself.

Every name below loads its module when it is first used, so that `import zslre` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from zslre._version import __version__

if TYPE_CHECKING:
    from zslre.exceptions import ZslreError
    from zslre.extractor import RelationExtractor
    from zslre.relations import Relation, RelationSet, SideInformation, catalogue
    from zslre.types import Example, Mention, Sentence, Triple

__all__ = [
    "Example",
    "Mention",
    "Relation",
    "RelationExtractor",
    "RelationSet",
    "Sentence",
    "SideInformation",
    "Triple",
    "ZslreError",
    "__version__",
    "catalogue",
]

_MODULES = {
    "Example": "types",
    "Mention": "types",
    "Relation": "relations",
    "RelationExtractor": "extractor",
    "RelationSet": "relations",
    "Sentence": "types",
    "SideInformation": "relations",
    "Triple": "types",
    "ZslreError": "exceptions",
    "catalogue": "relations",
}

if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
