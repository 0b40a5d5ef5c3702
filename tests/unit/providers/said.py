"""What a translator makes of a body that somebody made up."""

from __future__ import annotations

from typing import Any

from schemas.errors import AmountError, UntranslatableError
from schemas.translation import Translation
from tests.unit.providers.webhooks import translate


def body_of(name: str, fields: dict[str, Any], *, wrapped: bool) -> dict[str, Any]:
    return {"event": name, "data": fields} if wrapped else {"event": name, **fields}


def outcome(provider: str, document: dict[str, Any]) -> Translation | str:
    try:
        return translate(provider, document)
    except (AmountError, UntranslatableError) as error:
        return error.reason
