"""What every benchmark writes for `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_results(path: Path | None, results: Mapping[str, Any]) -> None:
    """Write the figures behind the command that made them; nothing, where no file is asked for."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    recorded = {"command": " ".join(["python", *sys.argv]), **results}
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
