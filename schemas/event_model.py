"""The base of every event model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict


class EventModel(BaseModel):
    """An immutable fact or decision. Subclasses name their stored `TYPE` and newest `VERSION`.

    Writing refuses unknown fields; reading ignores them (`schemas.events.decode`), so old and new code can share one log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def amended(self, **changes: object) -> Self:
        """A copy with other values, which are right by their types: nothing is validated."""
        return _made(type(self), {**self.__dict__, **changes}, self.__pydantic_fields_set__)


P = ParamSpec("P")
M = TypeVar("M", bound=EventModel)


def unvalidated(model: Callable[P, M]) -> Callable[P, M]:
    """The constructor of a model for values of our own: their types are checked by mypy and by tests, not while the program runs.

    Rules beyond types are asked all the same: they must hold wherever events come from. Raises TypeError for a model that does more while it
    is made than fill in defaults and ask such rules.
    """
    if not (isinstance(model, type) and issubclass(model, EventModel)):
        raise TypeError(f"{model!r} is no event model")
    fields, asked = model.model_fields, model.__pydantic_decorators__
    rules: list[Callable[[EventModel], object]] = [
        getattr(model, name) for name, rule in asked.model_validators.items() if rule.info.mode == "after"
    ]
    if (
        len(rules) < len(asked.model_validators)
        or asked.field_validators
        or any(one.default_factory for one in fields.values())
    ):
        raise TypeError(f"{model.__name__} is more than its fields")
    # In the order of the fields, so that events are written alike whoever built them.
    blank = {name: None if field.is_required() else field.default for name, field in fields.items()}
    names = set(fields)

    def build(*_: P.args, **values: P.kwargs) -> M:
        event = _made(model, {**blank, **values}, names)
        for rule in rules:
            rule(event)
        return cast("M", event)

    return build


def _made(model: type[M], values: dict[str, Any], given: set[str]) -> M:
    event, put = model.__new__(model), object.__setattr__
    put(event, "__dict__", values)
    put(event, "__pydantic_fields_set__", given)
    put(event, "__pydantic_extra__", None)
    put(event, "__pydantic_private__", None)
    return event
