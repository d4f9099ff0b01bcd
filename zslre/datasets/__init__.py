"""Annotated sentences in the formats people have them in."""

from zslre.datasets.annotated import AnnotatedSentence, examples_of, group_examples
from zslre.datasets.docred import read_docred
from zslre.datasets.fewrel import read_fewrel, read_unlabelled
from zslre.datasets.formats import FORMATS, Format, detect_format, read_dataset
from zslre.datasets.jsonl import read_examples
from zslre.datasets.labels import relations_of
from zslre.datasets.opennre import read_opennre
from zslre.datasets.riedel import read_riedel
from zslre.datasets.semeval import read_semeval
from zslre.datasets.spans import read_spans
from zslre.datasets.triple_lists import read_triple_lists
from zslre.datasets.writers import WRITERS, write_fewrel, write_jsonl

__all__ = [
    "FORMATS",
    "WRITERS",
    "AnnotatedSentence",
    "Format",
    "detect_format",
    "examples_of",
    "group_examples",
    "read_dataset",
    "read_docred",
    "read_examples",
    "read_fewrel",
    "read_opennre",
    "read_riedel",
    "read_semeval",
    "read_spans",
    "read_triple_lists",
    "read_unlabelled",
    "relations_of",
    "write_fewrel",
    "write_jsonl",
]
