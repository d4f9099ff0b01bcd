"""`zslre distill`: a smaller model that computes what a trained one does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.models import model_folder
from zslre.cli.numbers import none_or_several, positive, whole
from zslre.cli.progress import Progress, SkippedRows, speaker
from zslre.cli.training import (
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

DESCRIPTION = """\
Teach a smaller model to compute what a trained one does, and write a model folder for `zslre predict -m`.

TEACHER: a model folder, such as `zslre train` writes; "builtin" is the built-in model.
DATA: examples in any format that `zslre convert --help` names. Their sentences are what the student is shown; labels
only choose among them, and say how good the student is. Unlabelled text (--text) is as good to learn from.

The student has ternary weights: -1, 0 and 1, packed five in a byte. Attention's queries and keys and rare words have
one such trit a weight, all else two or, where that loses most, three: an eleventh of the size. Each layer is rounded
and tuned by itself first (--layer-steps), then all together (--steps), if that is asked for. Entries of WordNet are
learned beside the relations' texts. The student starts from the teacher, or from another encoder (--base) that may be
narrower: then it learns from scores alone, for which some hundred steps do. It has no mention tagger of its own:
`zslre predict` finds mentions with the built-in model's. Ctrl-C keeps what was done; --resume goes on from there.
"""
EXAMPLES = """\
examples:
  zslre distill my-model train_wiki.json -o small-model
  zslre distill my-model train_wiki.json -o small-model --layers 3 --text news.txt --steps 4000
  zslre distill wide-model train_wiki.json -o narrow-model --base my-model --bits 32
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `distill`."""
    parser = subparsers.add_parser(
        "distill",
        help="make a small model of a trained one",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("teacher", type=model_folder, metavar="TEACHER", help="model folder to learn from, or builtin")
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help="files of examples")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="model folder to write")
    parser.add_argument("-r", "--relations", metavar="FILE", help="relations of the data (default: the catalogue's)")
    parser.add_argument(
        "--bits",
        choices=("ternary", "8", "32"),
        default="ternary",
        help="of the student's weights; with the first two the inputs of layers have 8 (default: %(default)s)",
    )
    parser.add_argument("--layers", type=positive, metavar="N", help="layers of the student (default: all)")
    parser.add_argument(
        "--base", metavar="NAME", help="start from this model folder, hub id or folder of an encoder, not the teacher"
    )
    parser.add_argument("--text", nargs="+", type=Path, metavar="FILE", help="unlabelled text, as for `zslre predict`")
    parser.add_argument(
        "--steps",
        type=whole,
        metavar="N",
        help="training steps of the whole student, 0 for none (default: 2000, but 0 for a ternary one that has the "
        "teacher's layers, which gained nothing by them)",
    )
    parser.add_argument(
        "--layer-steps",
        type=whole,
        default=1000,
        metavar="N",
        help="steps on each layer of a ternary student before those, 0 for none (default: %(default)s)",
    )
    parser.add_argument("--learning-rate", type=float, default=2e-4, help="of the encoder (default: %(default)s)")
    parser.add_argument(
        "--hold-out",
        type=none_or_several,
        default=0,
        metavar="N",
        help="relations to judge by, not 1 (default: none: the last step stays)",
    )
    add_training_options(parser, eval_every=200)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry out `zslre distill`."""
    from zslre.documents import read_documents
    from zslre.evaluation.tasks import read_labelled
    from zslre.mentions import load_detector
    from zslre.relations import RelationSet
    from zslre.serialization import read_config

    with needing_torch("distillation"):
        from zslre.training.distillation import DistillationConfig
        from zslre.training.distilled import distill_model
    check_output(args.output)
    work = checkpoint_folder(args)
    read_config(args.teacher)  # before minutes go into reading data

    say = speaker(args.quiet)
    skipped = SkippedRows(Progress(verbosity=-1), args.skip_bad)
    given = RelationSet.from_file(args.relations) if args.relations is not None else None
    data = read_labelled(args.data, given, on_bad=skipped, strict=True)
    skipped.summarize()
    seen = {example.relation for example in data.examples} - {None}
    if not 0 <= args.hold_out < len(seen):
        raise InputError(f"--hold-out {args.hold_out}: of the data's {len(seen)} relations some must be left")
    if args.steps is None:
        settled = args.bits == "ternary" and args.layers is None and args.base is None
        args.steps = 0 if settled else DistillationConfig().steps
    config = DistillationConfig(**loop_settings(args), layer_steps=args.layer_steps)
    progress = Progress(verbosity=-1 if args.quiet else int(args.verbose))
    with watched(progress, say) as observer:
        distill_model(
            args.teacher,
            data.examples,
            data.relations,
            args.output,
            config,
            bits=args.bits,
            layers=args.layers,
            base=args.base,
            text=list(read_documents(args.text)) if args.text is not None else (),
            detector=load_detector(),
            hold_out=args.hold_out,
            work=work,
            resume=args.resume,
            names=data_names([*args.data, *(args.text or ())]),
            observer=observer,
        )
    return finish(args.output, work, say)
