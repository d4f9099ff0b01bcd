"""`zslre relations list|show|check`: look through the catalogue and at relation-set files. Loads no model."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from zslre.exceptions import InputError
from zslre.relation import CAMEL_JOINT
from zslre.relation_files import to_json
from zslre.relations import Relation, RelationSet, catalogue
from zslre.terminal import aligned, printable

if TYPE_CHECKING:
    from zslre.cli import Subparsers

EXAMPLES = """\
examples:
  zslre relations list
  zslre relations list acquire
  zslre relations list born person --format json
  zslre relations show P127
  zslre relations show "owned by"
  zslre relations show "works for" -r schema.toml
  zslre relations check schema.toml
"""
LIST_EXAMPLES = """\
examples:
  zslre relations list
  zslre relations list acquire
  zslre relations list company person --format json > schema.json
"""
SHOW_EXAMPLES = """\
examples:
  zslre relations show P127
  zslre relations show "owned by"
  zslre relations show "works for" -r schema.toml
"""
CHECK_EXAMPLES = """\
examples:
  zslre relations check schema.toml
  zslre relations check schema.toml more.json
"""
# Above this share of equal letters two names are taken for one relation written twice: "founded by", "foundedBy".
NEAR = 0.93


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `relations` and what it can do."""
    parser = subparsers.add_parser(
        "relations",
        help="list, show and check relations",
        description="Look through the built-in catalogue of relations, and check relation-set files of your own.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = _action(
        actions,
        "list",
        "list relations of the catalogue",
        "List the relations of the catalogue whose id, name, description, synonyms or types contain every WORD.",
        LIST_EXAMPLES,
    )
    listing.add_argument("words", metavar="WORD", nargs="*", help="what to look for, whatever its case (default: all)")
    listing.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="table: id, name, types; json: a relation-set file (default: table)",
    )
    listing.set_defaults(run=run_list)

    showing = _action(
        actions,
        "show",
        "show all that is known of one relation",
        "Show a relation with its description, synonyms and types. It may be named by a synonym that no other has.",
        SHOW_EXAMPLES,
    )
    showing.add_argument("relation", metavar="NAME_OR_ID", help="a name, an id such as P127, or a synonym")
    showing.add_argument(
        "-r", "--relations", metavar="FILE", help="the .json or .toml file it is in (default: the catalogue)"
    )
    showing.set_defaults(run=run_show)

    checking = _action(
        actions,
        "check",
        "check relation-set files",
        "Read relation-set files and say what they hold and what would make them work better. "
        "Exits with 1 if one cannot be used.",
        CHECK_EXAMPLES,
    )
    checking.add_argument("files", metavar="FILE", nargs="+", help="a .json or .toml file")
    checking.set_defaults(run=run_check)


def _action(actions: Subparsers, name: str, summary: str, description: str, examples: str) -> argparse.ArgumentParser:
    return actions.add_parser(
        name,
        help=summary,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run_list(arguments: argparse.Namespace) -> int:
    """Print the relations that match. Raises InputError if none does."""
    words = [word.casefold() for word in arguments.words]
    found = [relation for relation in catalogue() if all(word in _haystack(relation) for word in words)]
    if not found:
        raise InputError(
            f"no relation of the catalogue has {' and '.join(map(repr, arguments.words))}; try fewer words"
        )
    print(to_json([relation.to_dict() for relation in found]).rstrip() if arguments.format == "json" else table(found))
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print one relation. Raises InputError if there is none of this name or id, nor just one with this synonym."""
    relations = catalogue() if arguments.relations is None else RelationSet.from_file(arguments.relations)
    try:
        print(describe(_meant(arguments.relation, relations)))
    except InputError as error:
        place = "the catalogue" if arguments.relations is None else arguments.relations
        raise InputError(f"{place}: {error} (`zslre relations list` searches the catalogue)") from error
    return 0


def _meant(key: str, relations: RelationSet) -> Relation:
    key = " ".join(key.split())
    having = [r for r in relations if key.casefold() in _folded(r.side.synonyms)]
    if relations.get(key) is not None or not having:
        return relations[key]
    if len(having) > 1:
        raise InputError(f"{key!r} is a synonym of {', '.join(repr(r.name) for r in having)}; give one of these")
    return having[0]


def run_check(arguments: argparse.Namespace) -> int:
    """Print what each file holds and what to improve; 1 if any cannot be used, after the others are read."""
    status = 0
    for file in arguments.files:
        try:
            relations = RelationSet.from_file(file)
        except InputError as error:
            print(f"zslre: error: {error}", file=sys.stderr)
            status = 1
            continue
        print(f"{file}: {len(relations)} relation{'s' if len(relations) > 1 else ''}")
        print(textwrap.indent(table(relations), "  "))
        for warning in warnings(relations):
            print(f"{file}: warning: {warning}")
    return status


def table(relations: Sequence[Relation]) -> str:
    """Id, name and the types of head and tail, a relation a line."""
    return "\n".join(aligned([(relation.id or "", relation.name, types(relation)) for relation in relations]))


def types(relation: Relation) -> str:
    """What head and tail are; ? for what is not said."""
    return f"{', '.join(relation.side.head_hypernyms) or '?'} -> {', '.join(relation.side.tail_hypernyms) or '?'}"


def describe(relation: Relation) -> str:
    """All that is known of a relation, a fact a line."""
    facts = [("name", relation.name), ("id", relation.id), ("description", relation.description)]
    facts += [
        ("synonyms", ", ".join(relation.side.synonyms)),
        ("head is a", ", ".join(relation.side.head_hypernyms)),
        ("tail is a", ", ".join(relation.side.tail_hypernyms)),
        ("keywords", ", ".join(relation.side.keywords)),
        ("types", "strict: other pairs are ruled out" if relation.strict_types else ""),
        ("symmetric", "yes" if relation.symmetric else ""),
        ("inverse", ", ".join(_with_name(key) for key in relation.inverse)),
    ]
    return "\n".join(f"{what:11}  {printable(value)}" for what, value in facts if value)


def strict_types_warning(relation: Relation) -> str:
    """That it is strict and has no types by its author, which alone are; else nothing."""
    own = relation.own_part.side
    if not relation.strict_types or own.head_hypernyms or own.tail_hypernyms:
        return ""
    found = " (found ones rule nothing out)" if relation.side != own else ""
    return f"{relation.name!r} has strict_types = true and no types; add head_hypernyms or tail_hypernyms{found}"


def warnings(relations: RelationSet) -> Iterator[str]:
    """What is allowed in a relation set but makes it work less well, each with what to do."""
    for relation in relations:
        if not relation.description and not relation.side:
            hint = " (as an id alone, the catalogue's relation)" if catalogue().get(relation.name) else ""
            yield f"{relation.name!r} has only a name; add a description or synonyms{hint}"
        elif not relation.side.head_hypernyms or not relation.side.tail_hypernyms:
            yield f"{relation.name!r} does not say what its head and tail are; add head_hypernyms and tail_hypernyms"
        if warning := strict_types_warning(relation):
            yield warning
        if warning := _id_warning(relation):
            yield warning
        yield from _inverse_warnings(relation, relations)
    for first, second in combinations(relations, 2):
        if _near(first.name, second.name):
            yield f"{first.name!r} and {second.name!r} look like the same relation; keep one, or tell them apart"
        elif _lists(first, second) and _lists(second, first):
            yield f"{first.name!r} and {second.name!r} are synonyms of each other; keep one, or tell them apart"


def _id_warning(relation: Relation) -> str:
    """That the catalogue calls its id something else, which neither knows for a synonym; else nothing."""
    known = catalogue().get(relation.id) if relation.id is not None else None
    if known is None or known.keys >= relation.keys or _lists(known, relation) or _lists(relation, known):
        return ""
    other = f"{known.name!r} in the catalogue"
    return f"{relation.name!r} has the id {relation.id!r}, which is {other}; correct it, or add that name as a synonym"


def _inverse_warnings(relation: Relation, relations: RelationSet) -> Iterator[str]:
    """Inverses that cannot be."""
    own = _known_keys([*relation.keys])
    for key in relation.inverse:
        here, other = relations.get(key), relations.get(key) or catalogue().get(key)
        if other is None:
            yield f"{relation.name!r} has the inverse {key!r}, which is not here nor in the catalogue; correct it"
        elif other.symmetric:
            yield f"{relation.name!r} has the inverse {key!r}, which is symmetric, its own inverse; correct one of them"
        elif here is not None and here.inverse and not own & _known_keys(here.inverse):
            theirs = ", ".join(map(repr, here.inverse))
            yield f"{relation.name!r} has the inverse {key!r}, whose inverse is {theirs}; correct one of them"


def _known_keys(keys: Sequence[str]) -> set[str]:
    """Case-folded names and ids, with those by which the catalogue knows them."""
    known = [found for key in keys if (found := catalogue().get(key)) is not None]
    return _folded(keys).union(*(relation.keys for relation in known))


def _lists(relation: Relation, other: Relation) -> bool:
    """Whether it has the other's name among its synonyms."""
    return other.name.casefold() in _folded(relation.side.synonyms)


def _folded(texts: Sequence[str]) -> set[str]:
    return {text.casefold() for text in texts}


def _near(first: str, second: str) -> bool:
    # "foundedBy" and "founded_by" are "founded by"; but "parent of" and "parents of" differ by a letter as well.
    first, second = (re.sub(r"[\W_]+", "", CAMEL_JOINT.sub(" ", name)).casefold() or name for name in (first, second))
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return first == second or (
        matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR and matcher.ratio() >= NEAR
    )


def _haystack(relation: Relation) -> str:
    """Everything a word may be found in; line breaks keep a word from matching across two phrases."""
    side = relation.side
    texts = (relation.id or "", relation.name, relation.description)
    return "\n".join((*texts, *side.synonyms, *side.head_hypernyms, *side.tail_hypernyms)).casefold()


def _with_name(key: str) -> str:
    known = catalogue().get(key)
    return f"{known.name} ({known.id})" if known is not None else key
