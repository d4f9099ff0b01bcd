"""What a model has been trained on must not be called unseen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.meanings import leaks_of_each, training_leaks
from zslre.relations import Relation, RelationSet, resolve
from zslre.serialization import ModelFiles

CHOSE_BY = ("checkpoint", "kind_weights")  # what relations that trained nothing have decided, in "held_out"
TOLD = 3  # names of what gives one relation away


def seen_in_training(model: RelationExtractor | ModelFiles, unseen: Iterable[Relation]) -> dict[str, list[str]]:
    """Those of `unseen` that a model has seen, by name, each with the names of the relations that give it away.

    They are relations that the model was trained on, chosen by, or has examples of: the same, under whatever name or id
    (see `training_leaks`), or an inverse.
    """
    held_out = model.config.get("held_out", {})
    chosen_by = [name for use in CHOSE_BY for name in held_out.get(use, ())]
    trained = _relations_of(model, (*_trained(model), *chosen_by))
    if trained is None:
        return {}
    asked = list(unseen)
    found = zip(asked, leaks_of_each(asked, trained), strict=True)
    return {relation.name: sorted(leaks) for relation, leaks in found if leaks}


def check_unseen(model: RelationExtractor | ModelFiles, unseen: Iterable[Relation]) -> None:
    """Raise InputError, with the relations and the remedy, if any of `unseen` was trained on."""
    seen = seen_in_training(model, unseen)
    if seen:
        told = [name if leaks == [name] else f"{name} (as {_some(leaks)})" for name, leaks in seen.items()]
        raise InputError(
            f"the model {model.config.get('name', '')!r} was trained on, or chosen by, relations tested as unseen or "
            f"their inverses: {', '.join(told)}. Leave them out (--drop-seen), test others (--split), train without "
            "them (--train), or say that they may be seen (--allow-seen)"
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:TOLD] + ["…"] * (len(names) > TOLD))


def dev_relations(model: RelationExtractor, candidates: RelationSet, tested: Iterable[Relation]) -> list[str]:
    """Names of `candidates` by which something may be chosen for a test: they give no tested relation away.

    Those that the model was not trained on, if there are two at least, for they are to it what the tested ones are;
    else all.
    """
    tested_too = training_leaks(tested, candidates)
    free = [relation for relation in candidates if relation.name not in tested_too]
    trained = _relations_of(model, _trained(model))
    names = [relation.name for relation in free]
    if trained is None:
        return names
    new = [name for name, leaks in zip(names, leaks_of_each(free, trained), strict=True) if not leaks]
    return new if len(new) > 1 else names


def _trained(model: RelationExtractor | ModelFiles) -> list[str]:
    return [*model.config.get("trained_relations", ()), *(name for name in model.support if name is not None)]


def _relations_of(model: RelationExtractor | ModelFiles, names: Iterable[str]) -> RelationSet | None:
    """The relations that a model calls so, each id once; None for none.

    A model may know one relation by several names: a student has its own data's and its teacher's, and what sentences
    state has as many as they use. All names count; the first has the id.
    """
    found, taken = list[Relation](), set[str]()
    ids, inverses = (model.config.get(key, {}) for key in ("trained_ids", "trained_inverses"))
    for name in sorted(set(names)):
        meant = model.relations.get(name) or (Relation(name) if name in ids else resolve(name))
        # What training knew of it: the relations that the model has now may know less, or mean another by the name.
        trained = Relation(name, id=ids.get(name, meant.id))
        inverse = tuple(key for key in (*inverses.get(name, ()), *meant.inverse) if key.casefold() not in trained.keys)
        meant = replace(meant, id=trained.id, inverse=inverse, symmetric=meant.symmetric and not inverse)
        new = next((r for r in (meant, Relation(name)) if taken.isdisjoint(r.keys)), None)
        if new is not None:
            found.append(new)
            taken.update(new.keys)
    return RelationSet(found) if found else None
