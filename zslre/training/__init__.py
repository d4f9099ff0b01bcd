"""Training and distillation of models.

Whole runs: `run` (`zslre train`), `distilled` (`zslre distill`), `unseen` (`zslre evaluate --train`).
What is learned from: `sources`, `reversal`, `unlabelled`. Episodes: `episodes`, `drawn`, `confusable`, `variation`.
Steps of a run: `loop`, `checkpoints`, `observer`; of training: `trainer`, `model`, `losses`; of distillation:
`distillation`, `matching`.
Students of few bits: `start`, `layerwise`, `student`, `rounding`, `reconstruction`, `inputs`.
Model folders: `base` and `trained` read what a run starts from, `calibration`, `slim` and `finish` make what it leaves.

The subpackage `builtin` is the recipe of the built-in model, which none of these needs.
"""
