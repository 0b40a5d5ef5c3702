"""Is what is shown the fold of the log? Asked of the program's own commands, which are given as much time as a busy machine takes."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tests.witness.verdict import Verdict

COMMANDS = (("projections", "verify"), ("fulfilment", "verify"))
PATIENT = {
    "LUNAS_PROBE_TIMEOUT_SECONDS": "120",
    "LUNAS_DATABASE_COMMAND_TIMEOUT_SECONDS": "600",
    "LUNAS_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS": "600000",
}
"""Nobody waits behind a comparison when everything has ended: only a finding may end one."""
DIFFERS = 1
"""Exit code of a comparison that found something; also of one to which a service did not answer."""


SHOWN = "I6 what is shown is not the fold of the log"


def differs(code: int, said: str) -> bool:
    """Whether a comparison found something, which it says as JSON."""
    return code == DIFFERS and '"ok": false' in said


class Commanded(Protocol):
    """Where commands are given: a stage."""

    @property
    def database_url(self) -> str: ...

    async def lunas(self, *words: str, **more: str) -> tuple[int, str]: ...


async def compared(stage: Commanded, verdict: Verdict) -> None:
    """What differs, and what could not be looked at, which is another thing, is held against the run."""
    straight = PATIENT | {"LUNAS_DATABASE_URL": stage.database_url}
    looks = [stage.lunas(*words, "--json", **straight) for words in COMMANDS]
    for words, (code, said) in zip(COMMANDS, await asyncio.gather(*looks), strict=True):
        if differs(code, said):
            verdict.against(SHOWN, [said[-500:]])
        elif code != 0:
            verdict.against(
                f"I6 could not be looked at: lunas {' '.join(words)} ended with {code}", [said[-500:]]
            )
