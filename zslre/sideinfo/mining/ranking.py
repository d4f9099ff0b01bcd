"""From findings to ranked hypernyms: count over distinct sites, smooth, order, and say how sure each is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from zslre.sideinfo.hypernyms import Evidence, Hypernym, HypernymTable, entity_key
from zslre.sideinfo.mining.lists import lent
from zslre.sideinfo.mining.names import head_of_name
from zslre.sideinfo.mining.smoothing import SmoothedCounts, smooth

RANK = 100
MAX_EVIDENCE = 5
MAX_HYPERNYMS = 20
MAX_LENDERS = 3
MAX_SENTENCE = 500  # characters
# A noun that ends a name ("Mississippi River") counts as its hypernym if so many other names have it as theirs.
MIN_USES_OF_A_KIND = 3
NAME_WEIGHT = 2.0  # beside one ordinary sentence
# How far one site is trusted: where smoothing finds the pair implausible, and where it finds it as plausible as can be.
TRUST = (0.3, 0.6)


@dataclass(frozen=True, slots=True)
class Finding:
    """Somebody says that `entity` is one of `hypernyms`, most special first, each with a weight above 0.

    The weight is what the word is worth beside that of one ordinary sentence on one site. `alike`: names in one list
    with it, which are likely things of the same kind, whichever that is.
    """

    entity: str
    hypernyms: tuple[tuple[str, float], ...]
    evidence: Evidence
    alike: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """Who says it: the host without "www.", or the source where there is no address."""
        try:
            host = urlsplit(self.evidence.url).hostname
        except ValueError:  # a wiki may call anything the address of an article
            host = None
        return host.removeprefix("www.") if host else self.evidence.source


@dataclass
class _Pair:
    """What is known about one entity and one hypernym: each site's weight, once however often it repeats itself."""

    sites: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)

    def add(self, site: str, weight: float, evidence: Evidence) -> None:
        self.sites[site] = max(weight, self.sites.get(site, 0.0))
        self.evidence.setdefault(site, evidence)

    @property
    def weight(self) -> float:
        return sum(self.sites.values())


def rank(findings: Iterable[Finding], names: Sequence[str]) -> HypernymTable:
    """The table of `names`, each with its hypernyms, surest first; names of which nothing is known have none.

    All findings count for the smoothing, whoever they are about.
    """
    pairs: dict[str, dict[str, _Pair]] = defaultdict(lambda: defaultdict(_Pair))
    lists: list[Finding] = []
    for finding in _with_articles(findings, names):
        for name, weight in finding.hypernyms:
            pairs[entity_key(finding.entity)][name].add(finding.site, weight, finding.evidence)
        if finding.alike:
            lists.append(finding)
    kinds = _kinds(pairs) | {"year"}
    for name in names:
        if (head := head_of_name(name)) in kinds and head != entity_key(name):
            said = Evidence("name", "", "", f"{name}: the name says it")
            pairs[entity_key(name)][head].add("name", NAME_WEIGHT, said)
    _add_lists(pairs, lists)
    counts = {(entity, name): pair.weight for entity, of in pairs.items() for name, pair in of.items()}
    smoothed = smooth(counts, rank=RANK)
    return HypernymTable({name: _ranked(entity_key(name), pairs.get(entity_key(name), {}), smoothed) for name in names})


def confidence(weight: float, plausibility: float) -> float:
    """Noisy-or of the sites' word: 1 - (1 - trust)^weight, where trust grows with the smoothed PPMI (nats).

    >>> round(confidence(1.0, 0.0), 2), round(confidence(2.0, 0.0), 2)
    (0.3, 0.51)
    """
    low, high = TRUST
    plausible = max(plausibility, 0.0) / (max(plausibility, 0.0) + 1.0)
    return float(1.0 - (1.0 - (low + (high - low) * plausible)) ** weight)


def _with_articles(findings: Iterable[Finding], names: Sequence[str]) -> Iterator[Finding]:
    """The findings, and those about "Hague" once more for "The Hague", which noun phrases leave the article out of."""
    whole = {key.removeprefix("the "): name for name in names if (key := entity_key(name)).startswith("the ")}
    for finding in findings:
        yield finding
        said = (finding.entity, *finding.alike)
        # Not what is said of a band for The Band.
        entity, *alike = (whole.get(entity_key(name), name) if name[:1].isupper() else name for name in said)
        if (entity, *alike) != said:
            yield replace(finding, entity=entity, alike=tuple(alike))


def _ranked(key: str, of: dict[str, _Pair], smoothed: SmoothedCounts) -> tuple[Hypernym, ...]:
    found = []
    for name, pair in of.items():
        sure = confidence(pair.weight, smoothed.score(key, name))
        evidence = tuple(_shortened(item) for item in list(pair.evidence.values())[:MAX_EVIDENCE])
        found.append((-pair.weight, len(name.split()), Hypernym(name, len(pair.sites), sure, evidence)))
    found.sort(key=lambda item: (-item[2].confidence, item[0], item[1], item[2].name))
    return tuple(hypernym for _, _, hypernym in found[:MAX_HYPERNYMS])


def _add_lists(pairs: dict[str, dict[str, _Pair]], lists: Sequence[Finding]) -> None:
    """Add what names in one list lend one another; what was lent is not lent on. The list does not say the kind: the
    evidence names those whose kind it is."""
    members = [list(dict.fromkeys(map(entity_key, (found.entity, *found.alike)))) for found in lists]
    weights = {entity: {name: pair.weight for name, pair in of.items()} for entity, of in pairs.items()}
    for found, shares in zip(lists, lent(weights, members), strict=True):
        for entity, name, weight in shares:
            others = (other for other in (found.entity, *found.alike) if entity_key(other) != entity)
            lenders = [other for other in others if name in weights.get(entity_key(other), ())][:MAX_LENDERS]
            source = f"{found.evidence.source}, lent by {', '.join(lenders)}"
            pairs[entity][name].add(found.site, weight, replace(found.evidence, source=source))


def _kinds(pairs: dict[str, dict[str, _Pair]]) -> frozenset[str]:
    uses: dict[str, int] = defaultdict(int)
    for of in pairs.values():
        for name in of:
            uses[name] += 1
    return frozenset(name for name, count in uses.items() if count >= MIN_USES_OF_A_KIND)


def _shortened(evidence: Evidence) -> Evidence:
    if len(evidence.sentence) <= MAX_SENTENCE:
        return evidence
    return replace(evidence, sentence=f"{evidence.sentence[: MAX_SENTENCE - 1]}…")
