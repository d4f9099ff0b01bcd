"""The mean of the weights of models that go back to the same one, which is mostly better than each (a model soup).

    python scripts/mean_models.py build/first build/branch-1 build/branch-2 -o build/mean

Relations and base encoder are those of the first model; what any of them was trained on counts as trained, and the
calibration is their mean, which costs no data. What `scripts/train_builtin.py` writes is calibrated anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from zslre.cli.training import check_output
from zslre.training.finish import licence_notices, model_files, write_model
from zslre.training.run import held_out_facts
from zslre.training.trained import load_mean, own_calibration


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="model folders")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    args = parser.parse_args()
    check_output(args.output)
    encoder, scorer, models = load_mean(args.models)
    trained = {name for files in models for name in files.config["trained_relations"]}
    held_out = held_out_facts((), *(files.config for files in models))
    calibrations = [own_calibration(files) for files in models]
    slope, offset = np.mean([numbers for numbers, _ in calibrations], axis=0).tolist()
    own = {key: value for key, value in models[0].config.items() if key not in ("pair_threshold", "context_training")}
    facts = own | {
        "name": args.output.name,
        "trained_relations": sorted(trained),
        "held_out": held_out | {"checkpoint": sorted(set(held_out["checkpoint"]) - trained)},
        "data": list(dict.fromkeys(source for files in models for source in files.config["data"])),
        "command": "python " + " ".join(sys.argv),
        "scores": {},
    }
    threshold = round(float(np.mean([figures["threshold"] for _, figures in calibrations])), 2)
    files = model_files(
        encoder, scorer, models[0].relations, calibration=(slope, offset), threshold=threshold, facts=facts
    )
    write_model(args.output, files, licence_notices(args.models[0]))


if __name__ == "__main__":
    main()
