"""The recipe of the built-in model: what it takes to train it, its tagger, its context network and a verifier for it.

The scripts train_builtin.py, distill_builtin.py, train_tagger.py, fit_context.py and train_verifier.py use it, mostly
through builtin_data.py. Nothing here serves the training of users' own models, and no other module needs it.
"""
