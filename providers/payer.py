"""How a provider's bodies name whoever paid, beside the e-mail that the translator reads: signs that tell a person whose money it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas import strict_json
from schemas.errors import UnparsableError


@dataclass(frozen=True, slots=True)
class PayerFields:
    """Where phone numbers and names of the payer stand in a body: names of fields joined by dots. `ids`: what tells one from another."""

    phones: Sequence[str] = ()
    names: Sequence[str] = ()
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PayerSigns:
    """As written there, without repetition. Personal data."""

    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


UNNAMED = PayerFields()


def payer_signs(bodies: Sequence[bytes], fields: PayerFields) -> PayerSigns:
    """What these bodies say of the payer. Never raises: a body that cannot be read says nothing."""
    documents = [document for body in bodies if (document := _read(body)) is not None]
    return PayerSigns(
        tuple(dict.fromkeys(_texts(documents, fields.phones))),
        tuple(dict.fromkeys(_texts(documents, fields.names))),
    )


def payer_id(body: bytes, fields: PayerFields) -> str | None:
    """The first thing in a body that tells its payer from others, in lower case. Personal data. Never raises."""
    document = _read(body)
    return next((said.lower() for said in _texts([document], fields.ids)), None)


def _read(body: bytes) -> object | None:
    try:
        document: object = strict_json.loads(body, mend=True)
    except UnparsableError:
        return None
    return document


def _texts(documents: Sequence[object], paths: Sequence[str]) -> Iterator[str]:
    for document in documents:
        for path in paths:
            found: object = document
            for name in path.split("."):
                found = found.get(name) if isinstance(found, dict) else None
            if isinstance(found, str) and found.strip():
                yield found.strip()
