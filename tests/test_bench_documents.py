"""The benchmark on whole documents: how its gold files are read, and what counts as found."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripting import load_script

from zslre.relations import catalogue

ROOT = Path(__file__).parent.parent
documents = load_script(ROOT / "scripts/bench/documents.py")

TEXT = """\
# A mill
Ann Ruiz owns the mill.

Bo plays there.

= the mill | owned by / reversed: subsidiary | Ann Ruiz
= Bo | position played on team / speciality | keeper
= Bo | spouse | Ann Ruiz

# Another
Nothing.
"""


def test_documents_and_their_facts(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text(TEXT, encoding="utf-8")
    mill, other = documents.read_documents(path, catalogue())
    assert (mill.title, mill.text) == ("A mill", "Ann Ruiz owns the mill.\n\nBo plays there.")
    assert (other.text, other.stated) == ("Nothing.", [])
    owner, position, couple = mill.stated
    assert owner.said_by("mill", "owned by", "Ruiz")
    assert owner.said_by("Ann Ruiz", "subsidiary", "mill")
    assert not owner.said_by("Ann Ruiz", "owned by", "mill")
    assert not owner.said_by("mill", "owned by", "Bo")
    assert owner.named_in("Ruiz bought the mill, says Ann Ruiz.")
    assert not owner.named_in("Ruiz bought the mill.")
    assert position.said_by("Bo", "position played on team / speciality", "keeper")
    assert couple.said_by("Ann Ruiz", "spouse", "Bo")
    assert couple.said_by("Bo", "spouse", "Ann Ruiz")


@pytest.mark.parametrize("path", sorted((ROOT / "data/documents").glob("*.txt")), ids=lambda path: path.stem)
def test_shipped_documents_state_what_they_say(path: Path) -> None:
    found = list(documents.read_documents(path, catalogue()))
    assert len(found) == 24
    for document in found:
        assert document.stated
        words = set(f"{document.title} {document.text}".casefold().replace("\u2019", "'").split())
        for fact in document.stated:
            assert fact.relations <= set(catalogue().names)
            assert any(any(w in word for word in words) for w in fact.head.casefold().split())
