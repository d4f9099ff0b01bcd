"""Write zslre/assets/english_tokens.json: spaCy's rules for English tokens and sentence ends.

    python scripts/build_english_tokens.py

With them zslre splits sentences as spaCy does, without importing it, which takes most of a second.
"""

from __future__ import annotations

import json
from pathlib import Path

import spacy
from spacy.pipeline import Sentencizer
from spacy.symbols import ORTH

ASSET = Path(__file__).parents[1] / "zslre/assets/english_tokens.json"


def main() -> None:
    tokenizer = spacy.blank("en").tokenizer
    found = {
        name: getattr(tokenizer, name).__self__.pattern for name in ("prefix_search", "suffix_search", "url_match")
    }
    rules = {
        "source": f"spaCy {spacy.__version__}, MIT, Copyright (C) 2016-2024 ExplosionAI GmbH and others",
        "prefix": found["prefix_search"],
        "suffix": found["suffix_search"],
        "infix": found["infix_finditer"],
        "url": found["url_match"],
        "special": {text: [token[ORTH] for token in tokens] for text, tokens in sorted(tokenizer.rules.items())},
        "ends": "".join(sorted(Sentencizer().punct_chars)),
    }
    ASSET.write_text(json.dumps(rules, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
