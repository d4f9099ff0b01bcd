"""The recipe of the built-in model: what it takes to train it, its tagger, its context network and a verifier for it.

scripts/ uses it. Nothing here serves the training of users' own models, and no other module needs it.
"""
