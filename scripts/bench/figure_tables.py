"""The tables of figures that the built-in model's benchmarks found, as Markdown; `figures.py` puts them into pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zslre.evaluation.metrics import harmonic_mean
from zslre.evaluation.tables import percent, piped

CONFIG = Path(__file__).parent.parent.parent / "zslre/assets/model/config.json"
CHALLENGE = {
    "plain": "plain",
    "cooccurrence": "co-occurrence",
    "negation": "negation",
    "direction": "direction, in unusual word order",
    "hypothetical": "hypothetical",
    "neighbour": "neighbour: two facts of a kind",
    "pronoun": "pronoun: a fact of she or he beside another name",
    "owner": "owner: a fact of somebody's brother or the like",
}
MOST_FALSE = {"cooccurrence": 0.10, "negation": 0.15}
LEAST_RIGHT = {"direction": 0.95}
FALSE_OF_OWN = ("denied", "planned", "other", "neighbour")
NAMES = {"past": '"sued"', "third": '"sues"', "passive": '"sued by"'}

Results = Callable[[str], Any]  # a file of docs/results by its name


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return piped([list(header), *([str(cell) for cell in row] for row in rows)])


def three(scores: Mapping[str, float]) -> list[str]:
    return [f"{scores[key]:.3f}" for key in ("precision", "recall", "f1")]


def by_threshold(results: Results, name: str) -> dict[float, dict[str, Any]]:
    """What `choosing.py` found at each threshold, of pairs that stand "alone" and "weighed" against each other."""
    of: dict[float, dict[str, Any]] = {}
    for row in results(name)["rows"]:
        of.setdefault(row["threshold"], {})[row["pairs"]] = row
    return of


def documents(results: Results) -> str:
    d = results("documents")
    found, stated = d["found"], d["named in one sentence"]
    header = ["printed", "right", "precision", f"found of {d['stated']:,}", f"found of the {stated} in one sentence"]
    inside = f"{d['of these found']} ({percent(d['of these found'] / stated)} %)"
    right = [d["printed"], d["true"], f"{percent(d['precision'])} %", f"{found} ({percent(d['recall'])} %)", inside]
    return table(["threshold", *header], [[d["threshold"], *right]])


def redocred(results: Results) -> str:
    d, both = results("redocred"), results("mentions")["extraction on redocred, last 250 dev documents"]
    gold, own = (results(f"redocred_extraction_{kind}")["outcomes"][0] for kind in ("gold", "predicted"))
    rows = [
        ["gold mentions", *three(d["gold mentions"]), "F1 0.50; precision 0.60"],
        ["gold mentions, one relation a pair", *three(d["gold mentions, one relation a pair"]), ""],
        ["mentions of the built-in tagger", *three(d["predicted mentions"]), ""],
        ["mentions of en_core_web_sm", *three(both["spacy"]), ""],
    ]
    best = [max((_f1(point), point["threshold"]) for point in of["points"]) for of in (gold, own)]
    return "\n".join(
        [
            table(["", "precision", "recall", "F1", "goal"], rows),
            "",
            f"Area under the precision-recall curve: {gold['figures']['area']:.3f} with gold mentions, "
            f"{own['figures']['area']:.3f} with the tagger's; F1 at best "
            + ", and ".join(f"{f1:.3f} at {threshold:.2f}" for f1, threshold in best)
            + ".",
        ]
    )


def _f1(point: Mapping[str, float]) -> float:
    return harmonic_mean(point["precision"], point["recall"])


def lengths(results: Results) -> str:
    parts = results("redocred")["gold mentions, by characters of the sentence"]
    header = ["characters", *(name.replace("400 to 9999", "400 and more") for name in parts)]
    shown = {"printed": "predicted", "mean score": "mean score", "precision": "precision"}
    rows = [[title, *(_short(part[key]) for part in parts.values())] for title, key in shown.items()]
    return table(header, rows)


def _short(number: float) -> str:
    return f"{number:.2f}" if isinstance(number, float) else str(number)


def choosing(results: Results) -> str:
    kinds = ("Re-DocRED 211-250", "our texts", "what holds and what does not")
    header = ["threshold", kinds[0] + ": each pair alone → weighed", "our texts' eighth"]
    header.append("the eighth of those that tell what holds from what does not")
    rows = []
    for threshold, of in by_threshold(results, "choosing").items():
        both = (" → ".join(", ".join(three(of[way][kind])[:2]) for way in ("alone", "weighed")) for kind in kinds)
        rows.append([f"{threshold:.2f}", *both])
    return table(header, rows)


def crowded(results: Results) -> str:
    rows = []
    for threshold, of in by_threshold(results, "crowded").items():
        parts = (of[way]["crowded"] for way in ("alone", "weighed"))
        both = (f"{p['predicted']}, {percent(p['precision'])}, {percent(p['recall'])}" for p in parts)
        rows.append([f"{threshold:.2f}", *both])
    return table(["threshold", "each pair alone: printed, % right, % found", "weighed"], rows)


def anaphora(results: Results) -> str:
    last, first = results("anaphora"), results("anaphora_first")
    titles = {
        "facts of names": "facts of names",
        "facts of pronouns alone": "facts of pronouns alone, which no sentence states by name",
        "facts of nouns alone": "facts of nouns alone",
    }
    rows = [
        [
            title,
            *(cell for d in (last, first) for cell in (f"{d[key]['found']:,}", f"{percent(d[key]['precision'])} %")),
        ]
        for key, title in titles.items()
    ]
    stand = last["that stand for a name"]
    header = ["", "found, last 250 documents", "right by the labels", "found, first 250", "right by the labels"]
    told = f"{stand['pronouns']} pronouns and {stand['nouns']} nouns of the last 250 stand for a name."
    return f"{table(header, rows)}\n\n{told}"


def voices(results: Results) -> str:
    rows = []
    for title, name in (("Re-DocRED", "voices"), ("FewRel", "voices_fewrel")):
        of = {(r["name"], r["voice"], r["wordings"]): r for r in results(name)["rows"]}
        for wording, voice in dict.fromkeys((name, voice) for name, voice, _ in of):
            without, with_them = of[wording, voice, "no"], of[wording, voice, "yes"]
            active = (voice == "same") != (wording == "passive")
            sentence = f"{title}: {NAMES[wording]} / {'active' if active else 'passive'}"
            parts = (
                f"{percent(without[k])} → {percent(with_them[k])}"
                for k in ("direction", "found", "reversed", "another")
            )
            rows.append([sentence, without["pairs"], *parts])
    header = [
        "name / sentence",
        "pairs",
        "right direction",
        "found",
        "found the wrong way round",
        "another relation printed",
    ]
    return table(header, rows)


def nouns(results: Results) -> str:
    without, with_them = results("nouns")["rows"]
    header = ["", "right direction", "found", "found the wrong way round"]
    keys = ("direction", "found", "reversed")
    rows = [
        [title, *(percent(r[k]) for k in keys)]
        for title, r in (("as named", without), ("by what the head is", with_them))
    ]
    return table(header, rows)


def challenge(results: Results) -> str:
    d = results("challenge_builtin")
    shown = ("recall", "right direction", "false, asked", "false, any")
    rows = []
    for name, title in CHALLENGE.items():
        p = d["given mentions"][name]
        recall, direction, asked, any_relation = (percent(p[key]) for key in shown)
        rows.append([title, p["hold"], recall, direction, p["do not hold"], asked, any_relation, _goal(name, p)])
    header = ["given mentions", "hold", *shown[:2], "do not hold", *shown[2:], "goal"]
    own = d["detected mentions"]
    plain, pronoun = (percent(own[name]["recall"]) for name in ("plain", "pronoun"))
    false = " / ".join(percent(p["false, asked"]) for p in own.values() if p["false, asked"] is not None)
    told = (
        f"With the mentions that it finds itself recall is {plain} on plain sentences and {pronoun} on those with "
        f"pronouns, and of what does not hold {false} % are printed."
    )
    return f"{table(header, rows)}\n\n{told}"


def _goal(name: str, figures: Mapping[str, float]) -> str:
    if name in MOST_FALSE:
        goal, met = MOST_FALSE[name], figures["false, asked"] < MOST_FALSE[name]
    elif name in LEAST_RIGHT:
        goal, met = LEAST_RIGHT[name], figures["right direction"] > LEAST_RIGHT[name]
    else:
        return ""
    return f"{100 * goal:.0f}: {'met' if met else 'missed'}"


def doubts(results: Results) -> str:
    printed = results("doubts")["printed"]
    rows = [["printed", *(percent(part["printed"]) for part in printed.values())]]
    return table(["%", *printed], rows)


def mentions(results: Results) -> str:
    spans, few = results("mentions")["redocred, last 250 dev documents"], results("mentions")["fewrel validation"]
    titles = {
        "builtin": "built-in tagger",
        "spacy": "spaCy's small model",
        "spacy without ORDINAL": "the same without ordinal numbers",
    }
    keys = ("precision", "recall", "f1", "typed_f1", "f1 in lower case")
    rows = [[title, *(percent(spans[name].get(key)) for key in keys)] for name, title in titles.items()]
    recall, each = few["argument recall"], few["mentions a sentence"]
    kinds = {
        "all": "recall of the two labelled arguments",
        "with a capital letter": "of arguments with a capital letter",
        "without": "of arguments without: occupations, genres, species …",
    }
    found = [[title, *(percent(recall[by][key]) for by in ("builtin", "spacy"))] for key, title in kinds.items()]
    found.append(["mentions a sentence", each["builtin"], each["spacy"]])
    header = ["", "precision", "recall", "F1", "F1 with types", "F1 of spans, the text in lower case"]
    few_header = [f"FewRel validation, {few['sentences']:,} sentences", "built-in", "spaCy"]
    return f"{table(header, rows)}\n\n{table(few_header, found)}"


def end_to_end(results: Results) -> str:
    d = results("mentions")
    both = ("builtin", "spacy")
    scores = d["extraction on redocred, last 250 dev documents"]
    news, encyclopedia = d["speed, news sample"], d["speed, encyclopedia"]
    rows: list[list[object]] = [
        [
            "triples on the same documents: precision / recall / F1",
            *(" / ".join(percent(scores[by][k]) for k in ("precision", "recall", "f1")) for by in both),
        ],
        ["words per second, text to triples, news sample", *(news["words per second"][by] for by in both)],
        ["pairs that are scored there", *(news["pairs"][by] for by in both)],
        ["words per second, text to triples, encyclopedia", *(encyclopedia["words per second"][by] for by in both)],
        ["pairs that are scored there", *(encyclopedia["pairs"][by] for by in both)],
        [
            "words per second, mentions alone, news sample",
            *(news["words per second"][f"{by}, mentions alone"] for by in both),
        ],
        [
            "seconds to the first triple, cold, with torch installed",
            *(d["seconds to the first triple, cold"][by] for by in both),
        ],
    ]
    return table(["end to end", "built-in", "spaCy"], rows)


def student(results: Results) -> str:
    """The rounds behind the model, from its config."""
    scores = json.loads(CONFIG.read_text(encoding="utf-8"))["scores"]
    kinds = ("calibration", "redocred_documents_211_250", "written_texts")
    of = {f"run {number}": run for number, run in enumerate(scores["teacher"]["rounds_before"], 1)}
    of |= {"the mean of these, the teacher": scores["teacher"], "its ternary student, which ships": scores}
    rows = [[title, *(f"{part[kind]['f1']:.3f}" for kind in kinds)] for title, part in of.items()]
    return table(["F1 at the best threshold", "all that calibrates", "Re-DocRED 211-250", "our texts' eighth"], rows)


def held_out(results: Results) -> str:
    d = results("built_side_info_held_out")
    rows = [
        [
            name.replace(" without Wikidata's", ", their ten properties left out"),
            f"{percent(p['macro_f1'])} ({'-'.join(map(percent, p['interval']))})",
            f"{p['average_precision']:.3f}",
            f"{p['precision']:.2f}, {p['recall']:.3f}",
        ]
        for name, p in d["rows"].items()
    ]
    header = [f"ten held-out relations, {d['queries']:,} sentences; {d['pairs']:,} pairs of 600 of them", "macro-F1"]
    return table([*header, "average precision", "precision, recall at the default threshold"], rows)


def ten_relations(results: Results) -> str:
    keys = ("accuracy", "mean_probability", "found_at_threshold", "swapped_mean_best_probability")
    rows = [[name, *(f"{p[key]:.3f}" for key in keys)] for name, p in results("side_info")["rows"].items()]
    return table(["", "accuracy", "mean score of the right one", "found", "swapped"], rows)


def own_relations(results: Results) -> str:
    header = ["examples", "threshold", "found", "denied, planned", "another relation", "neighbour's", "F1", "48 texts"]
    rows = []
    for all_of, new in zip(*(results("own_relations")[group] for group in ("all", "unseen")), strict=True):
        shares = [[percent(of[name]) for of in (all_of, new)] for name in ("holds", *FALSE_OF_OWN, "f1")]
        doubted = [percent((4 * of["denied"] + 3 * of["planned"]) / 7) for of in (all_of, new)]
        shares[1:3] = [doubted]
        printed = [f"{of['elsewhere']:.0f}" for of in (all_of, new)]
        cells = ["; ".join(pair) for pair in (*shares, printed)]
        rows.append([f"{all_of['examples']}", f"{all_of['threshold']:.2f}", *cells])
    return table(header, rows)


def told_relations(results: Results) -> str:
    header = ["side information", "average precision", "threshold", "found", "printed of what lacks it", "others"]
    rows = [
        [
            of["side information"],
            f"{of['average precision']:.3f}",
            f"{of['threshold']:.2f}",
            *(percent(of[share]) for share in ("found", "of what lacks it")),
            of["others"],
        ]
        for of in results("told_relations")["rows"]
    ]
    return table(header, rows)


FIGURES: dict[str, Callable[[Results], str]] = {
    one.__name__: one
    for one in (
        documents,
        redocred,
        lengths,
        choosing,
        crowded,
        anaphora,
        voices,
        nouns,
        challenge,
        doubts,
        mentions,
        end_to_end,
        student,
        held_out,
        ten_relations,
        own_relations,
        told_relations,
    )
}
