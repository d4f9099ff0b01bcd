"""Who speaks is not whom the speech is about."""

from __future__ import annotations

import pytest

from zslre.speakers import without_speaker
from zslre.types import Mention, Sentence


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("Ann Lee: Volvo is owned by Geely.", True),
        ("**Ann Lee:** The chief executive of Volvo was born in Lund.", True),
        ("**Ann Lee** (14:02): The chief executive of Volvo was born in Lund.", True),
        ("[00:15] Ann Lee: Volvo is owned by Geely.", True),
        ('Ann Lee: "Volvo is owned by Geely."', True),
        ("Ann Lee: my brother runs Volvo.", True),
        ("Ann Lee: And your boss at Volvo?", True),
        ("Ann Lee: chief executive of Volvo", False),
        ("Ann Lee: Chief executive, Volvo", False),
        ("Ann Lee: Swedish painter born in Lund and married to a man of Volvo.", False),
        ("Ann Lee: Chief executive of Volvo, based in Lund", False),
        ("Ann Lee: Bo Ruiz founded Volvo.", True),
        ("Ann Lee, a doctor: Volvo is owned by Geely.", False),  # the name is more than hers
        ("Ann Lee said: Volvo is owned by Geely.", False),
        ("Ann Lee works for Volvo.", False),
    ],
)
def test_a_speaker_is_no_mention(text: str, speaks: bool) -> None:
    start, firm = text.index("Ann Lee"), text.index("Volvo")
    person, other = Mention("Ann Lee", start, start + 7, "PERSON"), Mention("Volvo", firm, firm + 5, "ORG")
    assert without_speaker(Sentence(text, (person, other))).mentions == ((other,) if speaks else (person, other))


def test_a_title_stays() -> None:
    text = "Lara Croft: Tomb Raider is a film."
    title = Mention("Lara Croft: Tomb Raider", 0, 23, "WORK_OF_ART")
    place = Mention("Oslo", 0, 4, "GPE")
    assert without_speaker(Sentence(text, (title,))).mentions == (title,)
    assert without_speaker(Sentence("Oslo: Ann is here.", (place,))).mentions == (place,)  # a place, and no speaker
