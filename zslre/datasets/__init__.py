"""Annotated sentences in the formats people have them in."""

from zslre.datasets.annotated import AnnotatedSentence, examples_of, group_examples
from zslre.datasets.docred import read_docred
from zslre.datasets.fewrel import read_fewrel
from zslre.datasets.jsonl import read_examples

__all__ = ["AnnotatedSentence", "examples_of", "group_examples", "read_docred", "read_examples", "read_fewrel"]
