"""What the keeper did, and when, in `keeper.log` of the run's home: the disk of the broker, and its log with it, is gone when the run is over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

ANEW = "made anew"
"""Said of queues; why, only the broker's own log knows."""
KEPT_BYTES = 512 * 1024  # of the end of that log


class Diary:
    """`told`: in order, for the report."""

    def __init__(self, home: Path) -> None:
        self.told: list[str] = []
        self._home = home

    def hear(self, said: str) -> None:
        """Writes it down; where a queue was made anew, the end of the broker's log is kept too."""
        self.told.append(said)
        with (self._home / "keeper.log").open("a") as file:
            file.write(f"{datetime.now(UTC):%H:%M:%S} {said}\n")
        if ANEW in said:
            self._keep_log()

    def _keep_log(self) -> None:
        for log in (self._home / "services" / "rabbitmq" / "log").glob("*.log"):
            kept = self._home / f"broker-{len(self.told)}-{log.name}"
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - KEPT_BYTES))
                kept.write_bytes(file.read(KEPT_BYTES))
