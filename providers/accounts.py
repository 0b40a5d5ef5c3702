"""What a provider says of our account when it is asked: is the key taken, is the store ours, does it know what we sell. Values only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

from providers.outgoing import CallFailed

AccountCode = Literal[
    "key_refused", "not_answering", "store_mismatch", "store_unnamed", "ids_unknown", "account_mismatch"
]


@dataclass(frozen=True, slots=True)
class AccountFault:
    """One thing that is wrong. `what`: the ids it is about, or the provider's status."""

    code: AccountCode
    what: str = ""


class AccountExaminer(Protocol):
    """Asks one provider; every call only reads."""

    async def faults(self, sold: frozenset[str]) -> list[AccountFault]:
        """`sold`: ids by which the catalogue knows this provider's goods. Raises CallFailed."""


async def examined(examiner: AccountExaminer, sold: frozenset[str], seconds: float) -> list[AccountFault]:
    """What is wrong, within so many seconds. A provider that does not let us look is a fault too."""
    try:
        async with asyncio.timeout(seconds):
            return await examiner.faults(sold)
    except TimeoutError:
        return [AccountFault("not_answering", f"{seconds:g} s")]
    except CallFailed as failed:
        if failed.code == "provider_credentials":
            return [AccountFault("key_refused", str(failed.status or ""))]
        if failed.code in ("store_mismatch", "store_unnamed"):
            return [AccountFault("store_mismatch" if failed.code == "store_mismatch" else "store_unnamed")]
        return [AccountFault("not_answering", failed.code)]
