"""`zslre evaluate`: a model against labelled data, in the settings of the field."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli import notices
from zslre.cli.evaluate_runs import Run, planned_runs
from zslre.cli.evaluate_usage import check_usage
from zslre.cli.models import model_folder
from zslre.cli.numbers import whole
from zslre.cli.outputs import check_output_file, check_output_folder, write_output
from zslre.cli.progress import Progress, SkippedRows, speaker
from zslre.cli.training import MARKER_PLACES, MARKERS_HELP

if TYPE_CHECKING:
    from zslre.cli import Subparsers
    from zslre.evaluation.outcome import Outcome
    from zslre.evaluation.tasks import Dataset
    from zslre.extractor import RelationExtractor

DESCRIPTION = """\
Measure a model on labelled data: FewRel JSON, DocRED JSON, JSON Lines and other formats, told apart by their content.

settings:
  zero-shot   each pair among the unseen relations, which are all of DATA, those of a published split (--split), or
              some drawn by the seeds (--unseen)
  few-shot    episodes of --n-way relations with --k-shot support examples each, to which prototypes are
              fitted; a share of the queries may have none of them (--na-rate), and rejecting those is right
  supervised  relations that were trained on. Where DATA and --train are the same file, a fixed fifth of its rows is
              tested and the rest trained on
  combined    seen and unseen relations (--split, --unseen) together, and a curve over the share of unseen ones
  extraction  all pairs of sentences in which every pair is labelled, as in DocRED; says at which threshold F1 is best

Relations are looked up, by name or id, in -r, else in the catalogue; a label that neither has is itself the name.
With --train a model is trained for the test: without the tested sentences, and without the unseen relations, whatever
their name or id, and their inverses. A model that was trained on such a relation is refused, unless --drop-seen, which
tests the others alone, or --allow-seen. That Freebase's relations, which NYT has, mean some of Wikidata's is known.
"""
EXAMPLES = """\
examples:
  zslre evaluate mine.jsonl --setting zero-shot --drop-seen
  zslre evaluate mine.jsonl --setting few-shot --n-way 10 --k-shot 5 --na-rate 0.5 --drop-seen --json few_shot.json
  zslre evaluate *_wiki.json --setting zero-shot --split re_matching/m15/40 --train *_wiki.json --work runs --plot plots
  zslre evaluate nyt_unseen.txt --setting zero-shot --skip-bad --drop-seen
  zslre evaluate mine.jsonl -r schema.toml --setting supervised --train mine.jsonl --work runs --markdown report.md
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `evaluate`."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure a model on labelled data",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help="files of labelled pairs")
    parser.add_argument(
        "--setting",
        required=True,
        choices=("zero-shot", "few-shot", "supervised", "combined", "extraction"),
        help="what to measure, see above",
    )
    parser.add_argument(
        "-m",
        "--model",
        action="append",
        type=model_folder,
        metavar="DIR",
        help="a model folder (default: builtin), with --train where training goes on from; given once for "
        "each of --split, each has its own",
    )
    parser.add_argument("-r", "--relations", metavar="FILE", help="relations: a .json or .toml file")
    unseen = parser.add_mutually_exclusive_group()
    unseen.add_argument("--split", nargs="+", metavar="NAME", help="published splits, such as re_matching/m15/40")
    unseen.add_argument("--unseen", type=int, metavar="M", help="take M relations, drawn by each seed, for unseen")
    parser.add_argument("--seeds", nargs="+", type=whole, metavar="S", help="a run for each (default: 0)")
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--allow-seen", action="store_true", help="test relations that the model was trained on as well")
    seen.add_argument(
        "--drop-seen", action="store_true", default=None, help="leave such relations out of the test, and name them"
    )
    parser.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read, and count them")
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help="reject below this probability (default: the model's, see 'zslre info': few-shot and supervised, which "
        "score a pair without the others of its sentence, have one of their own)",
    )
    parser.add_argument(
        "--transductive",
        action="store_true",
        default=None,
        help="zero-shot: refine the prototypes on all tested pairs, without their labels, as published figures are not",
    )
    parser.add_argument(
        "--examples",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="zero-shot, few-shot: labelled sentences to which prototypes are fitted, such as ten that were written "
        "for each relation; in few-shot beside an episode's support",
    )
    few = parser.add_argument_group("few-shot")
    few.add_argument("--n-way", type=int, metavar="N", help="relations an episode (default: 5)")
    few.add_argument("--k-shot", type=int, metavar="K", help="support examples a relation (default: 1)")
    few.add_argument("--episodes", type=int, metavar="E", help="default: 1000")
    few.add_argument("--na-rate", type=float, metavar="R", help="share of queries without a relation (default: 0)")
    few.add_argument("--no-side-info", action="store_true", default=None, help="prototypes from examples alone")
    few.add_argument(
        "--dev", nargs="+", type=Path, metavar="FILE", help="choose the threshold for --na-rate by other relations here"
    )
    extraction = parser.add_argument_group("extraction")
    extraction.add_argument("--mentions", choices=("gold", "predicted"), help="whose mentions (default: gold)")
    training = parser.add_argument_group("training for the test")
    training.add_argument("--train", nargs="+", type=Path, metavar="FILE", help="files to train on; needs --work")
    training.add_argument("--work", type=Path, metavar="DIR", help="where models and checkpoints go")
    training.add_argument("--resume", action="store_true", default=None, help="go on, and use models that are finished")
    training.add_argument("--base", metavar="NAME", help="base encoder, hub id or folder (default: all-MiniLM-L6-v2)")
    training.add_argument("--markers", choices=MARKER_PLACES, help=MARKERS_HELP)
    training.add_argument("--steps", type=int, metavar="N", help="training steps at most (default: 600)")
    training.add_argument("--learning-rate", type=float, metavar="RATE", help="of the encoder (default: 8e-5)")
    output = parser.add_argument_group("output, beside the table")
    output.add_argument("--json", type=Path, metavar="FILE", help="every figure")
    output.add_argument("--markdown", type=Path, metavar="FILE", help="a report")
    output.add_argument("--plot", type=Path, metavar="DIR", help="confusion matrix, reliability diagram, curves")
    output.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=run, usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Carry out `zslre evaluate`."""
    check_usage(args)
    read = (*args.data, *(args.train or ()), *(args.dev or ()), *(args.examples or ()), args.relations)
    for path in (args.json, args.markdown):
        check_output_file(path, read)
    for folder in (args.plot, args.work):
        check_output_folder(folder)
    if args.plot is not None:
        from zslre.evaluation.plots import load_matplotlib

        load_matplotlib()  # which may be missing: told before the work begins
    from zslre.evaluation import report
    from zslre.evaluation.tasks import check_not_tested, read_labelled
    from zslre.extractor import RelationExtractor
    from zslre.relations import RelationSet

    say = speaker(args.quiet)
    skipped = SkippedRows(Progress(verbosity=-1), args.skip_bad)
    relations = RelationSet.from_file(args.relations) if args.relations is not None else None
    data = read_labelled(args.data, relations, on_bad=skipped)
    facts: dict[str, object] = {"command": "zslre " + shlex.join(sys.argv[1:]), "data": data.name}
    facts.update({"bad_rows": skipped.count} if args.skip_bad else {})
    train = read_labelled(args.train, relations, on_bad=skipped) if args.train is not None else None
    dev = read_labelled(args.dev, relations, on_bad=skipped) if args.dev is not None else train
    shown = read_labelled(args.examples, relations, on_bad=skipped) if args.examples is not None else None
    skipped.summarize()
    if shown is not None:
        for asked_of in (data, dev) if args.na_rate and dev is not None else (data,):
            check_not_tested(shown, asked_of)
    notices.about_data(data, args.setting, say)
    load = lru_cache(maxsize=1)(RelationExtractor.from_pretrained)  # runs with one model load it once
    outcomes: list[Outcome] = []
    runs = planned_runs(args, data, train, shown.examples if shown is not None else ())
    if (args.setting in ("supervised", "combined") or args.allow_seen) and (train is None or args.model is not None):
        for model in dict.fromkeys(asked.model for asked in runs):
            notices.trained_on(model, args.data, say)
    for asked in runs:
        outcome = _outcome(args, data, train, dev, asked, load, say)
        outcomes.append(replace(outcome, details={**facts, **outcome.details}))
        scores = report.scores(outcomes)
        # After each run, so that a long series which is stopped leaves what it has.
        if args.json is not None:
            write_output(args.json, json.dumps(scores, indent=1, ensure_ascii=False) + "\n")
        if args.markdown is not None:
            write_output(args.markdown, report.markdown(scores))
    print(report.table(scores).rstrip())
    if args.plot is not None:
        from zslre.evaluation import plots

        for path in plots.draw(outcomes, args.plot):
            say(f"wrote {path}")
    return 0


def _outcome(
    args: argparse.Namespace,
    data: Dataset,
    train: Dataset | None,
    dev: Dataset | None,
    asked: Run,
    load: Callable[[Path], RelationExtractor],
    say: Callable[[str], None],
) -> Outcome:
    """What a run gives."""
    from zslre.cli.trained import trained_model
    from zslre.evaluation.leaks import check_unseen, seen_in_training
    from zslre.evaluation.runs import run_task
    from zslre.evaluation.tasks import without_unseen

    progress = Progress(verbosity=-1 if args.quiet else 0)
    split, seed, model, task, row_split = asked.split, asked.seed, asked.model, asked.task, asked.row_split
    if train is not None:
        start = model if args.model is not None else None
        model = trained_model(args, train, task, split, seed, start, row_split=row_split, say=say, progress=progress)
    extractor = load(model)
    config = extractor.config
    if row_split and train is None and args.setting == "supervised" and len(task.examples) < len(data.examples):
        tested = f"{len(task.examples):,} of {len(data.examples):,} rows"
        say(f"{tested} are tested: those that this model's training would keep apart of any file")
    unseen = [relation.name for relation in task.unseen]
    trained = seen_in_training(extractor, task.relations if args.setting == "combined" else task.unseen)
    seen = [name for name in unseen if name in trained]
    new = sorted({*task.relations.names}.difference(unseen, trained)) if args.setting == "combined" else []
    if new:
        say(f"counted as seen, though the model was not trained on them: {', '.join(new)}")
    if args.drop_seen and seen:
        task = without_unseen(task, data, seen, row_split=row_split)
        say(f"left out, for the model has seen them: {', '.join(seen)}")
    elif seen and not args.allow_seen:
        check_unseen(extractor, task.unseen)
    options = replace(asked.options, progress=lambda state: progress.update(lambda: state))
    try:
        outcome = run_task(extractor, task, options, dev=dev)
    finally:
        progress.clear()
    details: dict[str, object] = {"model": config.get("name", str(model)), "seed": seed}
    details.update({"split": split.name} if split is not None else {})
    details.update({"mentions": args.mentions or "gold"} if args.setting == "extraction" else {})
    details.update({"training": config["evaluation"]} if train is not None else {})
    details.update({"dropped_seen" if args.drop_seen else "seen_in_training": seen} if seen else {})
    left_out = sorted(set(data.relations.names) - set(task.relations.names))
    details.update({"seen_but_not_trained_on": new} if new else {})
    details.update({"neither_seen_nor_unseen": left_out} if args.setting == "combined" and left_out else {})
    return replace(outcome, details={**details, **outcome.details})
