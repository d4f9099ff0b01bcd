"""The patterns: regular expressions over the line of symbols that `mining.hearst` makes of a sentence."""

from __future__ import annotations

import re

_ANY = r"[PCS][a-z]\d+"
_ITEM = rf'(?:" )?{_ANY}(?: ")?'
_NO_OWNER = r'(?!\d|(?: ")? POS)'
# What follows the item behind "and" is no part of the list: "the towns of A and B, Columbia County".
_ITEMS = rf"{_ITEM}(?: , {_ITEM}{_NO_OWNER}){{0,20}}"
_LAST = rf" (?:, )?(?:and|or|&|as well as) {_ITEM}{_NO_OWNER}"
_LIST = rf"(?P<x>{_ITEMS}(?:{_LAST})?){_NO_OWNER}"
_LIST_OF_TWO = rf"(?P<x>{_ITEMS}{_LAST})"
_PLURAL = r"(?P<y>S[anotx]\d+)"
_KIND = r"(?P<y>[CS][anotxu]\d+)"
_MEMBER = r'(?:" )?(?:P[nt]|Sn)\d+(?: ")?'
_ONE = r'(?:" )?(?P<x>P[nt]\d+|C[an]\d+)(?: ")?'
_P = r'(?:" )?(?P<x>P[nt]\d+)(?: ")?'
# Words set between a subject and its verb: "BMW ( short for … ) is", "BMW , founded in 1916 , is".
_ASIDE = r"(?: \( [^()]{0,200} \))?(?: , [^,;()]{1,120} ,)?"
_SUBJECT = rf"(?:^|(?:[;,]|that|while|although|because|since|whereas|BUT) ){_ONE}(?: ,)?{_ASIDE}"
_IS = (
    r"(?:is|was|are|were|has been|had been|became|remains|remained|, which is|, which was|, who is|, who was)(?: ADV)*"
)
_ARE = r"(?:are|were|, which are|, which were)(?: ADV)*"
_END = (
    r"(?= (?:,|\.|;|\)|of|in|from|based|located|who|that|which|whose|for|on|at|by|near|with|and|to|owned|known|born)"
    r"|$)"
)

# "A physicist and chemist": the other kinds in one list with the first.
_MORE = rf"(?:(?P<more>(?: , C[na]\d+){{0,10}}(?: ,)? and C[na]\d+){_END})?"
# "Companies and universities such as …": each of what follows is one or the other.
_EITHER = r"(?:(?P<either>(?:S[anotxu]\d+ , ){0,3}S[anotxu]\d+) (?:, )?(?:and|or) )?"
_SUBJECTS = rf"{_MEMBER}(?: , {_MEMBER}){{0,20}} (?:, )?and {_MEMBER}"

# name → regular expression; x: what is a kind of y. A `y` phrase is common, so that it names a kind; it may stand
# behind its owner, "a women's magazine".
PATTERNS: dict[str, str] = {
    "such as": rf"{_EITHER}{_KIND} ,? ?such as {_LIST}",
    "such … as": rf"(?P<y>Ss\d+) as {_LIST}",
    "and other": rf"{_LIST} (?:,? ?(?:and|or)) (?:ADV )?(?P<y>Sx\d+)",
    "like other": rf"{_P} ,? ?like (?:most )?(?P<y>Sx\d+)",
    "including": rf"{_EITHER}{_PLURAL} ,? ?including {_LIST}",
    "especially": rf"{_PLURAL} (?:,|\() (?:ESPECIALLY|for example|for instance|e\.g\.)(?: ,)? {_LIST}",
    "is a": rf"{_SUBJECT} {_IS} (?:one of )?(?:[CS]a\d+ POS )?(?P<y>(?:Ca|Cx|Sa|(?<=POS )[CS]p)\d+){_NO_OWNER}{_MORE}",
    "one of the": rf"{_SUBJECT} {_IS} (?:one|among|ADV one) of (?:[CS]t\d+ POS )?(?P<y>S[tup]\d+){_NO_OWNER}",
    "is the most": rf"{_SUBJECT} {_IS} (?P<y>Cu\d+){_NO_OWNER}{_MORE}",
    "are": rf"(?:^|[;:,] )(?P<x>S[n]\d+){_ASIDE} {_ARE} (?P<y>Sn\d+){_END}",
    "and … are": rf"(?:^|[;:,] )(?P<x>{_SUBJECTS}) {_ARE} (?P<y>S[no]\d+){_END}",
    "apposition": rf"{_P} , (?P<y>Ca\d+){_MORE}{_END}",
    "in brackets": rf"{_P} \( (?P<y>Ca\d+){_END}",
    "before the name": rf'(?P<y>C[antopu]\d+) (?:" )?(?P<x>P[n]\d+)(?: ")?{_NO_OWNER}',
    "called": rf"(?P<y>C[at]\d+) (?:called|named|titled|entitled) {_P}",
    "the … of": r"(?P<y>Ct\d+) of (?P<x>Pn\d+)(?! POS)",
    "the …s of": rf"(?P<y>S[tno]\d+) of {_LIST_OF_TWO}",
}
# Right too seldom to be on by default.
NOISY_PATTERNS: dict[str, str] = {
    "include": rf"(?P<y>S[anotxp]\d+) include(?:s|d)? {_LIST}",
    "like": rf"(?P<y>S[nt]\d+) ,? ?like {_LIST}",
    "is the": rf"{_SUBJECT} {_IS} (?P<y>Ct\d+){_NO_OWNER}",
    "known as": rf"(?P<y>C[at]\d+) (?:ADV )?(?:known as|dubbed) {_P}",
    "as a": rf"{_P} as (?P<y>Ca\d+){_NO_OWNER}",
}

# Names side by side, such as "Xbox, Wii and PlayStation 3": things of one kind, whichever that is.
LISTED = re.compile(rf"(?<!\S){_ITEM}(?: , {_ITEM}){{0,20}}{_LAST}")
# "National Hockey League (NHL)": what the long name ends in, the short one is too.
ABBREVIATION = re.compile(r"(?<!\S)P[a-z](\d+) \( P[nt](\d+) \)")
