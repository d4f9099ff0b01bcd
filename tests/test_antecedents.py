"""How likely a name is what an anaphor means: the maths by hand, what counts, and that weights are fitted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import tiny
from scripting import load_script

from zslre.anaphora import AnaphorReader, AnaphorResolver
from zslre.antecedents import ENTITIES, WEIGHTS, Discourse, Entity, Name, likeliest, told_nouns
from zslre.datasets.marked import read_marked_documents
from zslre.types import Mention, Sentence

ROOT = Path(__file__).parent.parent
FIT = ROOT / "scripts/fit_antecedents.py"
DOCUMENT = """\
# Two weavers
{1:PERSON|Ann Ruiz} met {2:PERSON|Kim Lund}.
{2:PERSON|She} wove.

# One weaver
{1:PERSON|Ann Ruiz} met {2:PERSON|Kim Lund}, whom {1:PERSON|she} taught.
{2:PERSON|She} wove, they say.
"""


def sentence(text: str, *names: str, start: int = 0, type: str = "PERSON") -> Sentence:
    return Sentence(text, tuple(Mention(n, text.index(n), text.index(n) + len(n), type) for n in names), start)


def features(*sentences: Sentence) -> list[dict[str, dict[str, float]]]:
    """Of each anaphor, by the name that it may mean."""
    reader = AnaphorReader()
    return [{name.mention.text: found for name, found in may} for s in sentences for _, may in reader.read(s)]


def test_probabilities_by_hand() -> None:
    kim, lee = Entity(frozenset(["kim"]), "PERSON"), Entity(frozenset(["lee"]), "PERSON")
    names = [Name(Mention("Ann", 0, 3), entity, 0, "start", True, True, 3) for entity in (kim, lee, kim)]
    features = [{"a": 1.0}, {"b": 2.0}, {"unknown": 9.0}]
    best, probability = likeliest(list(zip(names, features, strict=True)), {"a": math.log(4), "b": math.log(2)})
    # exp(log 4) and exp(0) for Kim, exp(2 log 2) for Lee, and exp(0) for none of them: 5, 4 and 1 of 10
    assert best is names[0]
    assert probability == pytest.approx(0.5)
    assert likeliest([], {}) == (None, 0.0)


def test_a_name_is_known_by_its_words_and_type() -> None:
    discourse = Discourse()
    names = [
        ("Ann Ruiz", "PERSON"), ("Ruiz", "PERSON"), ("Ruiz", "ORG"), ("Kim", "PERSON"), ("Ann Maria Ruiz", "PERSON"),
        ("The", "PERSON"),
    ]  # fmt: skip
    found = [discourse.entity(Mention(text, 0, len(text), type)) for text, type in names]
    assert found[0] is found[1] is found[4]
    assert len({id(entity) for entity in found}) == 4
    bank = [discourse.entity(Mention(text, 0, len(text), "ORG")) for text in ("The Bank", "Bank of England", "The Who")]
    assert bank[0] is bank[1] is not bank[2]


def test_a_long_document_is_not_remembered_whole() -> None:
    discourse = Discourse()
    first = discourse.entity(Mention("Ann", 0, 3, "PERSON"))
    for number in range(ENTITIES - 1):
        discourse.entity(Mention(f"N{number}", 0, 9, "PERSON"))
    assert discourse.entity(Mention("Ann", 0, 3, "PERSON")) is first
    for number in range(ENTITIES):
        discourse.entity(Mention(f"M{number}", 0, 9, "PERSON"))
    assert discourse.entity(Mention("Ann", 0, 3, "PERSON")) is not first
    assert len(discourse.entities) == ENTITIES


def test_a_name_of_unknown_gender_counts_by_its_ending() -> None:
    ate, left = sentence("Qixia Li ate.", "Qixia Li"), sentence("She left, he stayed.", start=14)
    (she,), (he,) = (may_mean.values() for may_mean in features(ate, left))
    assert she["person: of no known gender"] == he["person: of no known gender"] == 1.0
    assert she["person: its ending"] == -he["person: its ending"] > 0


def test_what_stands_before_an_anaphor_in_its_sentence() -> None:
    text = "William Lee, his brother, met Bo."
    (may_mean,) = features(sentence(text, "William Lee", "Bo"))
    assert {key for key in may_mean["William Lee"] if "behind" in key} == {
        "person: possessive behind a comma alone",
        "person: possessive behind a comma alone, subject",
        "person: possessive behind a comma alone, first",
    }
    (may_mean,) = features(sentence("The son of William Lee, he sang.", "William Lee"))
    assert may_mean["William Lee"]["person: fronted, of"] == may_mean["William Lee"]["person: fronted"] == 1.0
    (may_mean,) = features(sentence("William Lee sang when he left.", "William Lee"))
    assert "person: fronted" not in may_mean["William Lee"]


def test_a_doubtful_pronoun_tells_of_no_gender() -> None:
    ate, left = sentence("Qio Li ate.", "Qio Li"), sentence("She left.", start=12)
    for probability, female in ((0.5, None), (0.9, True)):
        reader = AnaphorReader()
        list(reader.read(ate))
        for anaphor, ((name, _),) in reader.read(left):
            reader.take(anaphor, name, left.text, probability)
            assert name.entity.female is female


def test_what_counts_of_a_name() -> None:
    first, second = sentence("Ann met Kim Lund.", "Ann", "Kim Lund"), sentence("Ann saw her.", "Ann", start=18)
    (may_mean,) = features(first, second)
    assert list(may_mean) == ["Ann", "Kim Lund"]  # the nearest first, and Ann twice: what is kept here is the farther
    assert may_mean["Kim Lund"]["person: named"] == pytest.approx(math.log(2))
    assert may_mean["Kim Lund"]["person: at 1"] == 1.0
    assert may_mean["Kim Lund"]["person: rank"] == pytest.approx(math.log(2))
    assert may_mean["Kim Lund"]["person: topic"] == 0.0
    assert may_mean["Ann"]["person: topic"] == may_mean["Ann"]["person: last subject"] == 1.0
    assert may_mean["Ann"]["person: object, subject at 1"] == 1.0
    assert may_mean["Ann"]["person: alone"] == 0.0


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("The brewery Stella stood there.", {"brewery"}),
        ("Stella is a small, family-owned brewery.", set()),  # the comma ends what is read
        ("Stella is a small family-owned brewery.", {"brewery"}),
        ("The label, Stella, was a brewery once.", {"label"}),
        ("Stella, the label of a band, left.", {"label"}),
        ("Stella, whose label is a band, left.", set()),
        ("He saw Stella and a label.", set()),
    ],
)
def test_what_a_name_is_called(text: str, nouns: set[str]) -> None:
    start = text.index("Stella")
    assert told_nouns(text, Mention("Stella", start, start + 6)) == nouns


def test_a_noun_means_rather_what_was_called_so() -> None:
    before = sentence(
        "The band Lumo sued Kald, a bank, and Tavo, a firm, and Rik.", "Lumo", "Kald", "Tavo", "Rik", type="ORG"
    )
    (may_mean,) = features(before, sentence("The bank lost.", start=60))
    called = {name: next(key for key in found if "called" in key) for name, found in may_mean.items()}
    assert {name: key.rpartition(" ")[2] for name, key in called.items()} == {
        "Lumo": "otherwise", "Kald": "so", "Tavo": "alike", "Rik": "nothing"
    }  # fmt: skip


def test_a_title_is_not_what_it_means() -> None:
    named = Sentence(
        "Chief executive Ann Lee praised Acme.",
        (
            Mention("Chief executive", 0, 15, "MISC"),
            Mention("Ann Lee", 16, 23, "PERSON"),
            Mention("Acme", 32, 36, "ORG"),
        ),
    )
    (may_mean,) = features(named, sentence("It grew.", start=38))
    assert set(may_mean) == {"Acme"}


def test_a_document_is_not_about_a_date() -> None:
    dated = Sentence("In May Ann left.", (Mention("May", 3, 6, "DATE"), Mention("Ann", 7, 10, "PERSON")))
    (may_mean,) = features(dated, sentence("She slept.", start=17))
    assert may_mean["Ann"]["person: topic"] == 1.0


def test_what_it_may_mean() -> None:
    text = "Acme grew when it was clear that it sold cars."
    expletive, it = features(sentence(text, "Acme", type="ORG"))
    assert expletive["Acme"]["it: expletive"] == 1.0
    assert "it: expletive" not in it["Acme"]
    assert expletive["Acme"]["it: before was"] == it["Acme"]["it: before another word"] == 1.0
    assert expletive["Acme"]["it: it for ORG"] == expletive["Acme"]["it: alone"] == 1.0
    assert features(
        sentence("Ann knew that it was late.", "Ann"), sentence("May ended its run.", "May", type="DATE")
    ) == [{}, {}]


@pytest.mark.parametrize(
    ("type", "fits"),
    [("ORG", True), ("company", True), ("PERSON", False), ("DATE", False), ("LANGUAGE", False), (None, False)],
)
def test_it_wants_a_thing(type: str | None, fits: bool) -> None:
    text = "Qin said it grew."
    (may_mean,) = features(Sentence(text, (Mention("Qin", 0, 3, type),)))
    assert list(may_mean) == ["Qin"] * fits


def test_what_is_taken_counts_for_the_next() -> None:
    reader = AnaphorReader()
    list(reader.read(sentence("Kim met Lee.", "Kim", "Lee")))
    for anaphor, may_mean in reader.read(sentence("He ate.", start=13)):
        reader.take(anaphor, next(name for name, _ in may_mean if name.mention.text == "Lee"), "He ate.")
    ((_, may_mean),) = reader.read(sentence("She left.", start=21))
    assert [name.mention.text for name, _ in may_mean] == ["Kim"]  # Lee is a man
    ((_, may_mean),) = reader.read(sentence("He left.", start=31))
    by_name = {name.mention.text: found for name, found in may_mean if name.mention.text == "Lee"}
    assert by_name["Lee"]["person: meant last"] == 1.0
    assert by_name["Lee"]["person: meant"] == pytest.approx(math.log(2))


def meaning(reader: AnaphorReader, of: Sentence, name: str) -> list[tuple[str, dict[str, float]]]:
    """What its anaphor may mean, which is then taken to mean the nearest so named."""
    found: list[tuple[str, dict[str, float]]] = []
    for anaphor, may_mean in reader.read(of):
        found = [(name.mention.text, features) for name, features in may_mean]
        reader.take(anaphor, next(one for one, _ in may_mean if one.mention.text == name), of.text)
    return found


def test_who_a_sentence_begins_with_is_its_subject() -> None:
    (may_mean,) = features(sentence("Made by Ann it fell.", "Ann"), sentence("She left.", start=21))[1:]
    assert may_mean["Ann"]["person: last subject"] == 0.0
    reader = AnaphorReader()
    list(reader.read(sentence("Kim met Lee.", "Kim", "Lee")))
    meaning(reader, sentence("He saw Bo.", "Bo", start=13), "Lee")
    told = meaning(reader, sentence("He left.", start=24), "Lee")
    assert {name for name, features in told if features["person: last subject"]} == {"Lee"}


def test_what_is_meant_counts_as_a_name_but_not_beside_the_name_itself() -> None:
    reader = AnaphorReader()
    meaning(reader, sentence("Kim said he ate.", "Kim"), "Kim")
    told = meaning(reader, sentence("He slept.", start=17), "Kim")
    assert [(name, features["person: rank"]) for name, features in told] == [("Kim", 0.0)]
    told = meaning(reader, sentence("He left.", start=27), "Kim")
    assert [features.get("person: at 1", 0.0) for _, features in told] == [1.0, 0.0]  # the pronoun, then the name
    assert [features.get("person: meant at the start", 0.0) for _, features in told] == [1.0, 0.0]


def test_weights_choose_and_what_is_unlikely_is_left_out() -> None:
    first, second = sentence("Kim met Lee.", "Kim", "Lee"), sentence("He ate.", start=13)
    chosen = {}
    for side, weights in {"topic": {"person: topic": 3.0}, "other": {"person: topic": -3.0}, "none": {}}.items():
        resolver = AnaphorResolver(weights)
        resolver.resolve(first)
        chosen[side] = [(m.name, m.certainty) for m in resolver.resolve(second).mentions]
    ((kim, probability),) = chosen["topic"]
    assert (kim, probability) == ("Kim", pytest.approx(math.exp(3) / (math.exp(3) + 2)))
    assert [name for name, _ in chosen["other"]] == ["Lee"]
    assert chosen["none"] == []  # a third each for Kim, Lee and none of them


def test_how_sure_an_antecedent_is_counts_in_the_score() -> None:
    name = Mention("Kim Lund", 0, 8, "PERSON")
    text = "She came to Oslo."

    def best(certainty: float) -> dict[tuple[str, str, str], float]:
        she = Mention("She", 0, 3, "PERSON", name, certainty)
        found = tiny.extractor().extract_sentences(
            [Sentence(text, (she, Mention("Oslo", 12, 16, "GPE")), 20)], threshold=0.0, top_k=9, explain=True
        )
        triples = next(found)
        for triple in triples:
            assert triple.explanation is not None
            assert ("antecedent" in triple.explanation) == (certainty < 1.0)
            odds = math.log(triple.score / (1.0 - triple.score))
            assert sum(triple.explanation.values()) == pytest.approx(odds, abs=1e-3)
        return {(t.head.text, t.relation, t.tail.text): t.score for t in triples}

    sure, doubtful = best(1.0), best(0.5)
    assert sure
    assert doubtful == pytest.approx({key: score / 2 for key, score in sure.items()})


def test_fitting_learns_what_tells_names_apart(tmp_path: Path) -> None:
    fit = load_script(FIT)
    path = tmp_path / "documents.txt"
    path.write_text(DOCUMENT, encoding="utf-8")
    found = [case for document in read_marked_documents(path) for case in fit.cases(document)]
    assert [(case.anaphor.text, case.means, case.away) for case in found] == [
        ("She", True, True),
        ("she", True, False),
        ("She", True, True),
        ("they", False, True),
    ]
    weights = fit.fitted(found)
    assert set(weights) == {name for case in found for _, features in case.options for name in features}
    judged = [fit.judge(case, weights) for case in found if case.away]
    assert [one.right for one in judged] == [True, True, False]
    scores = fit.scores(judged)
    assert scores["anaphors"] == 3
    assert scores["that mean a name"] == 2


def test_documents_are_read_with_the_mistakes_of_the_weights(tmp_path: Path) -> None:
    fit = load_script(FIT)
    path = tmp_path / "documents.txt"
    path.write_text(DOCUMENT, encoding="utf-8")
    *_, document = read_marked_documents(path)
    rightly, wrongly = list(fit.cases(document)), list(fit.cases(document, {"person: rank": 9.0, "person: topic": 9.0}))
    meant = (
        {name.mention.text: name.entity.meant for name, _ in rightly[1].options},
        {name.mention.text: name.entity.meant for name, _ in wrongly[1].options},
    )
    assert meant == ({"Ann Ruiz": 1, "Kim Lund": 1}, {"Ann Ruiz": 3, "Kim Lund": 0})  # they too
    assert set(fit.fitted_twice([document])) == set(fit.fitted([*rightly, *fit.cases(document, {})]))


def test_the_fit_is_where_data_and_penalty_balance() -> None:
    fit = load_script(FIT)
    names = [Name(Mention(n, 0, 3), Entity(frozenset([n]), None), 0, "start", True, True, 3) for n in ("Ann", "Bob")]
    options = list(zip(names, [{"a": 1.0, "c": 0.5}, {"b": 1.0}], strict=True))
    weights = fit.fitted([fit.Case(Mention("she", 0, 3), options, [True, False], True, True)] * 4)
    _, right = likeliest(options, weights)
    shares = [math.exp(weights["a"] + 0.5 * weights["c"]), math.exp(weights["b"]), 1.0]
    assert right == pytest.approx(shares[0] / sum(shares))
    # penalty times weight = four times (what is right, less its probability) times the feature
    assert fit.PENALTY * weights["a"] == pytest.approx(4 * (1 - right), abs=1e-3)
    assert fit.PENALTY * weights["b"] == pytest.approx(-4 * shares[1] / sum(shares), abs=1e-3)
    assert fit.PENALTY * weights["c"] == pytest.approx(4 * 0.5 * (1 - right), abs=1e-3)


def test_the_shipped_weights_are_those_of_features_that_are_computed() -> None:
    documents = sorted((ROOT / "data/written/documents").glob("*.txt"))
    fit = load_script(FIT)
    read = [document for path in documents for document in read_marked_documents(path)]
    shipped = fit.json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    cases = [case for document in read for weights in (None, shipped) for case in fit.cases(document, weights)]
    computed = {name for case in cases for _, found in case.options for name in found}
    assert shipped.keys() <= computed
    assert len(shipped) > 100
