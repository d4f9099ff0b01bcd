"""What a model has been trained on must not be called unseen."""

from __future__ import annotations

from collections.abc import Iterable

from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, resolve, training_leaks


def seen_in_training(model: RelationExtractor, unseen: Iterable[Relation]) -> list[str]:
    """Of the relations that a model was trained on, chosen by, or has examples of, those that give `unseen` ones away.

    They are the same under name or id, or an inverse.
    """
    config, known = model.config, model.relations
    names = {*config.get("trained_relations", ()), *config.get("held_out", {}).get("checkpoint", ()), *model.support}
    if not names:
        return []
    trained = RelationSet(found if (found := known.get(name)) is not None else resolve(name) for name in sorted(names))
    return sorted(training_leaks(unseen, trained))


def check_unseen(model: RelationExtractor, unseen: Iterable[Relation]) -> None:
    """Raise InputError, with the relations and the remedy, if any of `unseen` was trained on."""
    leaks = seen_in_training(model, unseen)
    if leaks:
        raise InputError(
            f"the model {model.config.get('name', '')!r} was trained on, or chosen by, relations tested as unseen or "
            f"their inverses: {', '.join(leaks)}. Test others (--split), train without them (--train), or say that "
            "they may be seen (--allow-seen)"
        )
