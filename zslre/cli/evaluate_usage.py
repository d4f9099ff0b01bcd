"""Which options of `zslre evaluate` go together."""

from __future__ import annotations

import argparse

# Options that only some settings have, by the name of their argument.
ONLY_FOR = {
    "n_way": ("few-shot",),
    "k_shot": ("few-shot",),
    "episodes": ("few-shot",),
    "na_rate": ("few-shot",),
    "no_side_info": ("few-shot",),
    "dev": ("few-shot",),
    "examples": ("zero-shot", "few-shot"),
    "transductive": ("zero-shot",),
    "drop_seen": ("zero-shot", "few-shot", "combined", "extraction"),
    "mentions": ("extraction",),
    "threshold": ("few-shot", "supervised", "extraction"),
    "split": ("zero-shot", "few-shot", "combined", "extraction"),
    "unseen": ("zero-shot", "few-shot", "combined", "extraction"),
}
ONLY_WITH_TRAIN = ("work", "resume", "base", "markers", "steps", "learning_rate")


def check_usage(args: argparse.Namespace) -> None:
    """Refuse options that would change nothing, and inputs that would count twice."""
    flag = {name: "--" + name.replace("_", "-") for name in (*ONLY_FOR, *ONLY_WITH_TRAIN)}
    for name, settings in ONLY_FOR.items():
        if getattr(args, name) is not None and args.setting not in settings:
            args.usage_error(f"{flag[name]} does not go with --setting {args.setting}, only with {', '.join(settings)}")
    if args.model is not None and len(args.model) > 1 and len(args.model) != len(args.split or ()):
        args.usage_error(f"{len(args.model)} models: give one, or one for each of --split")
    if args.setting == "combined" and args.split is None and args.unseen is None:
        args.usage_error("--setting combined needs --split or --unseen: which relations are unseen?")
    if args.train is None:
        for name in ONLY_WITH_TRAIN:
            if getattr(args, name) is not None:
                args.usage_error(f"{flag[name]} goes with --train")
    else:
        if args.model is not None and (args.base is not None or args.markers is not None):
            args.usage_error("--base and --markers do not go with -m, a model with an encoder of its own")
        if args.work is None:
            args.usage_error("--train needs --work, a folder for models and checkpoints")
        if args.allow_seen or args.drop_seen:
            args.usage_error("--allow-seen and --drop-seen do not go with --train: nothing unseen is trained on")
    drawn = args.train is not None or args.unseen is not None or args.setting in ("few-shot", "combined")
    if args.seeds is not None and not drawn:
        args.usage_error("--seeds: nothing is drawn here; it goes with --unseen, --train, few-shot and combined")
    for name in ("threshold", "dev"):
        if args.setting == "few-shot" and getattr(args, name) is not None and not args.na_rate:
            args.usage_error(f"{flag[name]} goes with --na-rate: without it no query is rejected")
    if args.dev is not None and args.threshold is not None:
        args.usage_error("--dev and --threshold exclude each other: --dev chooses the threshold")
    if args.json is not None and args.markdown is not None and args.json.resolve() == args.markdown.resolve():
        args.usage_error(f"--json and --markdown would both write {args.json}: give each its own file")
    _check_repeats(args)


def _check_repeats(args: argparse.Namespace) -> None:
    """What counts twice looks like more evidence than there is."""
    models = args.model if args.model is not None and len(args.model) > 1 else [None] * len(args.split or ())
    given = {
        "DATA": [path.resolve() for path in args.data],
        "--train": [path.resolve() for path in args.train or ()],
        "--dev": [path.resolve() for path in args.dev or ()],
        "--examples": [path.resolve() for path in args.examples or ()],
        "--seeds": args.seeds or (),
        "--split": list(zip(args.split or (), models, strict=True)),  # one may be tested with several models
    }
    for name, values in given.items():
        if len(set(values)) < len(values):
            args.usage_error(f"{name}: one is given twice, and would count twice")
