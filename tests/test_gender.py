"""What tells whether a person is a woman or a man."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scripting import load_script

from zslre.gender import NAMES, ending_odds, female_name, is_female, plain_letters
from zslre.types import Mention

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Laura Kemp left.", "Laura Kemp", True),
        ("Mr Laura left.", "Laura", False),  # a title says more than a given name
        ("Her uncle, Kim, left.", "Kim", False),
        ("Lady Qin left.", "Lady Qin", True),
        ("Qin Bo left.", "Qin Bo", None),
        ("Her mother-in-law, Kim, left.", "Kim", True),
        ("Do\u00f1a Qin left.", "Do\u00f1a Qin", True),
        ("Dr. Laura Kemp left.", "Dr. Laura Kemp", True),
        ("Qin, the younger daughter of Bo, left.", "Qin", True),
        ("Qin, Bo's late husband, left.", "Qin", False),
        ("Qin is a nephew of Bo.", "Qin", False),
        ("Qin, a painter whose brother left, slept.", "Qin", None),
        ("Qin, her husband Bo and Kim left.", "Qin", None),  # a list
        ("Qin was the king's daughter.", "Qin", True),
        ("Qin, his mother's lawyer, left.", "Qin", None),
        ("Qin was an aide to the queen.", "Qin", None),
        ("On the second count, Qin was acquitted.", "Qin", None),
    ],
)
def test_what_tells_of_a_gender(text: str, name: str, expected: bool | None) -> None:
    assert is_female(text, Mention(name, text.index(name), text.index(name) + len(name))) is expected


def test_what_is_known_stays_where_a_word_may_be_a_surname() -> None:
    assert is_female("Scott left.", Mention("Scott", 0, 5)) is False
    assert is_female("Scott left.", Mention("Scott", 0, 5), known=True) is True
    assert is_female("King left.", Mention("King", 0, 4), True, surname=True) is True
    assert is_female("Ann Scott left.", Mention("Ann Scott", 0, 9), known=False) is True


@pytest.mark.parametrize(
    ("name", "expected"), [("anna", True), ("anna-qin", True), ("qin-anna", None), ("peter", False), ("qin", None)]
)
def test_given_names(name: str, expected: bool | None) -> None:
    assert female_name(name) is expected


@pytest.mark.parametrize("name", ["qixia", "S\u00f8xa", "xo", "q", ""])
def test_an_ending_tells_as_much_as_the_names_that_have_it(name: str) -> None:
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    female, male = ([given for given in line.split() if given == plain_letters(given)] for line in lines)
    endings = [plain_letters(name)[-length:] for length in (4, 3, 2, 1) if length <= len(name)]
    counts = [tuple(sum(n.endswith(ending) for n in names) for names in (female, male)) for ending in endings]
    women, men = next((both for both in counts if sum(both) >= 4), (0, 0))
    assert ending_odds(name) == pytest.approx(math.log((women + 0.5) / (men + 0.5)))


def test_names_of_both_sexes_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = load_script(ROOT / "scripts/build_given_names.py")
    rows = [("A", "f", "S\u00f8s Kim Andrea"), ("A", "m", "Bo Kim"), ("B", "m", "Andrea")]
    rows += [(culture, "f", "Andrea") for culture in "CDEF"]
    (tmp_path / "all.txt").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out"
    monkeypatch.setattr("sys.argv", ["build", "--data", str(tmp_path), "--out", str(out)])
    build.main()
    assert out.read_text(encoding="utf-8") == "andrea sos s\u00f8s\nbo\n"  # of Andrea five cultures to one
    shares = ({"ANN": 0.5, "KIM": 0.4, "QI": 0.001}, {"KIM": 0.1, "BO": 0.2, "ANN": 0.01})
    assert build.census_lines(*shares) == "United States\tf\tANN\nUnited States\tm\tBO\n"


def test_the_lists_are_built_from_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = load_script(ROOT / "scripts/build_given_names.py")
    monkeypatch.setattr("sys.argv", ["build", "--out", str(tmp_path / "out")])
    build.main()
    assert (tmp_path / "out").read_bytes() == NAMES.read_bytes(), "run scripts/build_given_names.py"
