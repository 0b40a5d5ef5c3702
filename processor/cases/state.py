"""State of fulfilment that is kept as JSON between rounds: what stands at its default is left out."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

import msgspec

from processor.cases.earlier import converted
from processor.cases.packed import unpacked
from schemas.errors import Permanent


class StateUnreadable(Permanent):
    """A case was stored by a newer program, or is damaged: start that program, or run `lunas fulfilment rebuild`."""

    @classmethod
    def of(cls, model: type, error: Exception) -> StateUnreadable:
        return cls(f"{(cls.__doc__ or '').rstrip('.')} ({model.__name__}: {error})")


class State(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of what is stored. State is a tree, so the garbage collector need not look for cycles in it.

    A field that this program does not know is refused, not passed over: the state would be written back without it, and with money nobody
    would see what was lost. After going back to an older program such a case stops it, until its state is built anew from the log
    (docs/adr/0038). What is frozen is replaced, never changed; mypy takes the base for a dataclass that may not have such children.
    """

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote, packed or not. Raises StateUnreadable."""
        try:
            if isinstance(text, str):
                text = unpacked(text)
            try:
                return _decoder(cls).decode(text)  # type: ignore[no-any-return]
            except msgspec.ValidationError:
                return _decoder(cls).decode(_ENCODER.encode(converted(msgspec.json.decode(text))))  # type: ignore[no-any-return]
        except (msgspec.DecodeError, ValueError) as error:
            raise StateUnreadable.of(cls, error) from error

    @classmethod
    def like(cls, said: object, **more: object) -> Self:
        """The fields of these names of something else, and `more`."""
        return cls(
            **{name: getattr(said, name) for name in cls.__struct_fields__ if name not in more}, **more
        )

    def to_json(self) -> str:
        """The JSON to store."""
        return _ENCODER.encode(self).decode()


_ENCODER = msgspec.json.Encoder()


@cache
def _decoder(cls: type[State]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls)
