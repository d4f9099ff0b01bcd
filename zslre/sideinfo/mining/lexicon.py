"""Lists of words that the patterns and the noun phrases need."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Say how many, how good or when, never what kind: they are taken off a hypernym without trace.
VAGUE = _words(
    """
    several many various numerous other such certain different few some major minor famous well-known popular
    notable noted important leading prominent former current new old late early big large small great good bad
    best main first second third last next own same similar top key then-current modern contemporary recent
    upcoming future present only single particular specific typical common rare entire whole additional further
    celebrated influential renowned successful unsuccessful prolific long short young senior little real true
    complete possible potential nearby neighboring neighbouring surrounding fellow favorite favourite so-called
    high low tall
    """
)
# "a kind of bird": what follows "of" is the hypernym.
TRANSPARENT = _words(
    """
    kind type form sort class variety species breed brand style example subtype category
    """
)
# Nouns that stand in relation to something and name no kind of thing, or say nothing.
EMPTY_HEADS = _words(
    """
    member part son daughter brother sister father mother wife husband friend cousin nephew niece uncle aunt
    grandson child fan supporter native resident descendant rival neighbor neighbour ally follower number lot
    series result case thing way fact name term word one other example reason portion majority half couple pair
    group set mix mixture combination hit success failure favorite favourite finalist runner-up winner recipient
    subject source target alternative exception kind type form sort class variety category version person
    someone something year season day month week century time decade date era end beginning top bottom side
    front rest percentage chance host guest addition matter act aspect attempt abbreviation acronym
    alumnus successor predecessor half-brother half-sister nominee candidate piece
    colleague nickname
    synonym variant spelling bit
    """
)
# "the city of London": what stands behind "of" is one of these.
PLACES = _words(
    """
    city town village hamlet island state province county district region republic kingdom municipality
    principality borough suburb parish commune territory emirate duchy prefecture peninsula lake port township
    canton genus country nation continent
    """
)
# One of these before a match, in the same clause, and the sentence denies it …
DENIALS = _words(
    """
    not n't n\u2019t never no nor neither without nobody none nothing deny denies denied denying disprove
    disproved refute refuted false falsely myth doubt doubts doubted unlikely wrongly mistakenly incorrectly
    erroneously unlike pretend pretended pretends cannot hardly rather instead untrue misconception
    """
)
# … or only supposes it.
HYPOTHETICAL = _words(
    """
    if whether unless suppose supposing assuming imagine imagined wish wished would could might may should
    hypothetical hypothetically allegedly alleged supposedly rumored rumoured reportedly claimed claims perhaps
    maybe possibly probably likely arguably
    """
)
# Adverbs that introduce examples.
ESPECIALLY = _words(
    """
    especially particularly notably namely
    """
)
# Behind a noun these begin a clause, and no compound like "manufacturing company".
PARTICIPLES = _words(
    """
    comprising consisting containing covering emphasizing emphasising featuring focusing having including involving
    offering providing starring using
    """
)
# Words that make what follows an adverbial.
PREPOSITIONS = _words(
    """
    in on at by for with from of to after before during under over near as into through
    """
)
# A name behind one of these is a place or an opponent, and what follows its comma goes on with the sentence.
PLACING = _words(", in at from near against to of")
# Before a kind of place like an adjective: "the U.S. state of Ohio".
NATIONAL = _words("U.S. US U.K. UK")
# Beginnings of nouns that stand before names and are no titles.
NO_TITLES = ("north", "south", "east", "west", "mid", "inner", "downtown", "uptown", "today", "tomorrow", "yesterday")
HEDGES = DENIALS | HYPOTHETICAL | _words("almost nearly virtually practically barely scarcely no longer")
