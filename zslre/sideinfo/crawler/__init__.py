"""The hypernym crawler: what kinds of thing are these, by WordNet, Wikipedia, Wikidata and the web?

sources ─ tasks ─ fetch (robots, pauses, cache, limits) ─ text ─ patterns ─ journal ─ counts ─ smoothing ─ table

crawl([Entity("BMW")], Path("hypernyms.jsonl"), CrawlSettings(contact="ann@example.org"))
"""

from zslre.sideinfo.crawler.crawler import SOURCES, Outcome, crawl
from zslre.sideinfo.crawler.entities import Entity, read_entities
from zslre.sideinfo.crawler.settings import CrawlSettings

__all__ = ["SOURCES", "CrawlSettings", "Entity", "Outcome", "crawl", "read_entities"]
