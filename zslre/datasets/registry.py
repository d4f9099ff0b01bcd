"""The public files that `zslre data fetch` can get: where from, how large, which bytes exactly, under which licence.

The checksums of FewRel's files are those that Hugging Face's `datasets` recorded when it fetched them from the same
addresses, those of Re-DocRED's are of the revision that the address names. All but `train_wiki.json` and Re-DocRED's
train and test documents were also compared with copies in use. Not listed, as no public address with a known checksum
gives them: Wiki-ZSL, and NYT in its three shapes, whose text belongs to the Linguistic Data Consortium.
"""

from __future__ import annotations

from dataclasses import dataclass

from zslre.exceptions import InputError
from zslre.relation import suggestion

_FEWREL = "https://raw.githubusercontent.com/thunlp/FewRel/master/data"
_REDOCRED = "https://raw.githubusercontent.com/tonytan48/Re-DocRED/ccfb54f5ddf5836027c87badda10f6dfc56efaac/data"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A public file. `name` is its path in the data folder, with "/"; `size` counts bytes."""

    name: str
    url: str
    sha256: str
    size: int
    licence: str
    what: str


def _fewrel(file: str, size: int, sha256: str, what: str, licence: str = "MIT") -> DataFile:
    return DataFile(f"fewrel/{file}", f"{_FEWREL}/{file}", sha256, size, licence, what)


def _redocred(file: str, size: int, sha256: str, what: str) -> DataFile:
    return DataFile(f"redocred/{file}", f"{_REDOCRED}/{file}", sha256, size, "MIT", what)


FILES = (
    _fewrel(
        "train_wiki.json",
        14_298_985,
        "8e9e58a05d559be773cbe18a8d4a16ba17e6d397663f9f05a056f894a94b92c1",
        "FewRel 1.0, 64 relations to train on",
    ),
    _fewrel(
        "val_wiki.json",
        3_534_147,
        "76bb44c2485b6faed358a3ce040eadafcc8a8835245cd7e6afc1bef672d4a0bf",
        "FewRel 1.0, 16 relations to validate on",
    ),
    _fewrel(
        "pid2name.json",
        80_278,
        "eeedd25512a8e4c2bc06b78009836d27de81807bcba6ed929debd5cd713c07ea",
        "names and descriptions of FewRel's relations",
    ),
    _fewrel(
        "val_pubmed.json",
        432_600,
        "fc0f13b534f6664fe0d8aec231d7590313bc6510d00dbc1b6746147f6a2b46e6",
        "FewRel 2.0, 10 biomedical relations",
    ),
    _fewrel(
        "pubmed_unsupervised.json",
        1_093_301,
        "fa3555941364024c2ac1b1857396515ecc65a515bc742e9da0502568fad5dd1f",
        "FewRel 2.0, biomedical sentences without relations",
    ),
    _fewrel(
        "val_nyt.json",
        1_032_006,
        "b519adc61a2bab0f05178e33a3cd8f284338b635629493e9e09616ba81bb428e",
        "25 relations in news text",
        licence="MIT; its sentences are New York Times text: to evaluate on, not to pass on",
    ),
    _redocred(
        "train_revised.json",
        18_602_933,
        "c40a137a1c57f3e2daaf5ebf511eaa1518f9305ffaa3052d46271921a91826f2",
        "Re-DocRED, 3,053 documents to train on",
    ),
    _redocred(
        "dev_revised.json",
        3_245_588,
        "051ee1d057204a5d08ef5502beacdadf191245b5eaf0e29ec2c607cf002c016f",
        "Re-DocRED, 500 documents to develop on",
    ),
    _redocred(
        "test_revised.json",
        3_207_228,
        "ea673b7ef91e16510d7eb88863d3903e47318dc5653ef361266f27ae3b84723c",
        "Re-DocRED, 500 documents to test on",
    ),
)


def select(names: list[str]) -> list[DataFile]:
    """The files with these names, or under these folders, in the registry's order. Raises InputError."""
    known = {file.name for file in FILES} | {file.name.split("/")[0] for file in FILES}
    for name in names:
        if name not in known:
            raise InputError(f"no public file {name!r}{suggestion(name, known)} (`zslre data list` shows all)")
    return [file for file in FILES if file.name in names or file.name.split("/")[0] in names]
