"""`zslre train`: a model for your own relations, by training its encoder or, with --head-only, its prototypes alone."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli import notices
from zslre.cli.models import model_folder
from zslre.cli.numbers import none_or_several, positive
from zslre.cli.progress import Progress, SkippedRows, counted, speaker
from zslre.cli.training import (
    MARKER_PLACES,
    MARKERS_HELP,
    add_training_options,
    check_output,
    checkpoint_folder,
    data_names,
    finish,
    loop_settings,
    needing_torch,
    watched,
)
from zslre.exceptions import InputError

if TYPE_CHECKING:
    from zslre.cli import Subparsers
    from zslre.relations import RelationSet
    from zslre.types import Example

DESCRIPTION = """\
Train on examples of relations and write a model folder for `zslre predict -m`.

DATA: any format that `zslre convert --help` names; the content tells which. Of our JSON Lines, a line is an example:
  {"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17], "relation": "residence"}
Labels are names or ids of the relations in -r. Without it they are looked up in the catalogue, and others are the names
themselves; NYT's /business/company/founders becomes "company founders". Relation null marks a pair without any; such
pairs teach rejection.

Without --head-only an encoder is trained with torch, for minutes to hours: from a base encoder, or with -m from a
trained model, which has learned elsewhere what is no relation. Some relations are held out: they say, as relations that
the model has never seen, when to stop. Ctrl-C keeps what was done; --resume goes on from there.
With --head-only the examples move the relations' prototypes in a trained model (-m), and its encoder stays as it is:
no torch, seconds.
"""
EXAMPLES = """\
examples:
  zslre train examples.jsonl -r schema.toml -o my-model --head-only
  zslre train examples.jsonl -r schema.toml -o my-model -m builtin --steps 40 --learning-rate 4e-5
  zslre train train_wiki.json -r relations.json -o my-model --steps 2000 --hold-out 5
  zslre train train_wiki.json -r relations.json -o my-model --steps 2000 --hold-out 5 --resume
"""
MIN_RELATIONS_TO_HOLD_OUT = 10

ENCODER_OPTIONS = ("base", "markers", "resume", "steps", "learning_rate", "hold_out", "eval_every", "no_bf16", "seed")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `train`."""
    parser = subparsers.add_parser(
        "train",
        help="train on examples",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help="files of examples")
    parser.add_argument("-r", "--relations", metavar="FILE", help="the relations: a .json or .toml file")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="model folder to write")
    parser.add_argument("--head-only", action="store_true", help="move the prototypes of a trained model alone")
    parser.add_argument(
        "-m",
        "--model",
        type=model_folder,
        metavar="DIR",
        help="a trained model to start from, or builtin (default: a base encoder, with --head-only the built-in model)",
    )
    parser.add_argument("--base", metavar="NAME", help="base encoder, hub id or folder (default: all-MiniLM-L6-v2)")
    parser.add_argument("--markers", choices=MARKER_PLACES, help=MARKERS_HELP)
    parser.add_argument("--steps", type=positive, default=600, help="training steps at most (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=8e-5, help="of the encoder (default: %(default)s)")
    parser.add_argument(
        "--hold-out",
        type=none_or_several,
        metavar="N",
        help=f"relations to judge by, not 1 (default: one in five of {MIN_RELATIONS_TO_HOLD_OUT} and more, else 0)",
    )
    add_training_options(parser, eval_every=100)
    parser.set_defaults(run=run, default=parser.get_default, usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Carry out `zslre train`."""
    from zslre.datasets.labels import read_known
    from zslre.evaluation.tasks import read_labelled
    from zslre.relations import RelationSet

    if args.head_only:
        changed = [
            f"--{name.replace('_', '-')}" for name in ENCODER_OPTIONS if getattr(args, name) != args.default(name)
        ]
        if changed:
            args.usage_error(f"not with --head-only, which trains no encoder: {', '.join(changed)}")
    if args.model is not None and (args.base is not None or args.markers is not None):
        args.usage_error("--base and --markers do not go with -m, a model with an encoder of its own")
    if len({path.resolve() for path in args.data}) < len(args.data):
        args.usage_error("DATA: one is given twice, and would count twice")
    check_output(args.output)

    say = speaker(args.quiet)
    relations = RelationSet.from_file(args.relations) if args.relations is not None else None
    skipped = SkippedRows(Progress(verbosity=-1), args.skip_bad)
    if relations is None:
        data = read_labelled(args.data, None, on_bad=skipped)
        relations, examples = data.relations, list(data.examples)
    else:
        examples = [example for path in args.data for example in read_known(path, relations, skipped)]
    skipped.summarize()
    if not any(example.relation for example in examples) and not (args.head_only and examples):
        raise InputError("no example has a relation: there is nothing to learn from")
    notices.none_names(dict.fromkeys(example.relation for example in examples if example.relation), say)
    if args.head_only:
        return _fit(args, relations, examples, say)
    return _train(args, relations, examples, say)


def _fit(args: argparse.Namespace, relations: RelationSet, examples: list[Example], say: Callable[[str], None]) -> int:
    from zslre.extractor import RelationExtractor
    from zslre.prototypes import carried_names
    from zslre.serialization import BUILTIN

    start = RelationExtractor.from_pretrained(args.model, threads=args.threads)
    extractor = start.with_relations(relations)
    kept = extractor.support
    stays = carried_names(start.relations, relations)
    gone = [name for name in start.support if name not in stays]
    data = [*extractor.config.get("data", ()), *data_names(args.data)]
    config = {**extractor.config, "name": args.output.name, "data": data}
    fitted = extractor.fit(examples).replaced(config=config)
    fitted.save_pretrained(args.output)
    counts = {name: sum(e.relation == name for e in examples) for name in relations.names}
    seen = [name for name, count in counts.items() if count]
    bare = [name for name in counts if name not in seen and name not in kept]
    support = f"{counted(sum(counts.values()), 'example')} of {counted(len(seen), 'relation')}"
    if rejected := sum(example.relation is None for example in examples):
        support += f" and {rejected} without a relation"
    if kept:
        support += f", beside {sum(map(len, kept.values()))} that the model had"
    place = Path(args.model if args.model is not None else BUILTIN) / "README.md"
    card = place.read_text(encoding="utf-8", errors="replace") if place.exists() else ""
    heading = f"# {args.output.name}\n\nThe model below, its prototypes moved by {support}.\n\n"
    (args.output / "README.md").write_text(heading + card, encoding="utf-8")
    say(f"{args.output} has {support}")
    if named := [name for name in gone if name is not None]:
        lost = sum(len(start.support[name]) for name in named)
        had_been = f"{counted(lost, 'example')} that the model had {'is' if lost == 1 else 'are'} dropped"
        say(f"{had_been}, of relations that are not asked for: {', '.join(named)}")
    if None in gone:
        lost = len(start.support[None])
        say(f"{counted(lost, 'row')} without a relation that the model had left out: what is new may hold there")
    if bare:
        say(f"without examples, known by their side information alone: {', '.join(bare)}")
    return 0


def _train(
    args: argparse.Namespace, relations: RelationSet, examples: list[Example], say: Callable[[str], None]
) -> int:
    with needing_torch("training", ", or use --head-only"):
        from zslre.training.run import train_model
        from zslre.training.trainer import TrainingConfig
    work = checkpoint_folder(args)
    seen = {example.relation for example in examples} - {None}
    hold_out = args.hold_out
    if hold_out is None:
        hold_out = len(seen) // 5 if len(seen) >= MIN_RELATIONS_TO_HOLD_OUT else 0
    if not 0 <= hold_out < len(seen):
        raise InputError(f"--hold-out {hold_out}: of the examples' {len(seen)} relations some must be left to train")
    config = TrainingConfig(**loop_settings(args))
    progress = Progress(verbosity=-1 if args.quiet else int(args.verbose))
    with watched(progress, say) as observer:
        train_model(
            examples,
            relations,
            args.output,
            config,
            base=args.base,
            in_text=args.markers == "text",
            start=args.model,
            hold_out=hold_out,
            work=work,
            resume=args.resume,
            facts={"data": data_names(args.data)},
            observer=observer,
        )
    return finish(args.output, work, say)
