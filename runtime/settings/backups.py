"""Where the archive of the database is, how often it is copied whole, and when `lunas backup check` calls that late."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class BackupSettings(BaseModel):
    """What `deploy/postgres/` does and what is looked at go by the same numbers."""

    backup_dir: Path | None = Field(
        None,
        description="Folder with the archive of the database (`wal/` and `base/`, as `deploy/postgres/` writes them), where this process may read it. "
        "Unset: only what PostgreSQL itself says of archiving is looked at.",
    )
    backup_every_hours: int = Field(
        24,
        ge=1,
        le=8760,
        description="How often the database is copied whole. A restore reads the WAL since the last copy: a day of it takes minutes. A copy half as old "
        "again is late.",
    )
    backup_keep: int = Field(
        2,
        ge=1,
        le=1000,
        description="Whole copies that are kept, with the WAL from the beginning of the oldest on: should the newest be damaged, there is another one.",
    )
    backup_behind_seconds: float = Field(
        300.0,
        gt=0,
        description="How long finished WAL may wait for the archive before that is a problem. A minute is usual (`archive_timeout`); what waits is lost with the "
        "database's disk, and comes back from the journals of ingress.",
    )
    backup_overlap_seconds: float = Field(
        3600.0,
        ge=0,
        description="How far before the end of the archive the journals of ingress must reach, and `lunas ingress republish` begins after a restore: a webhook "
        "that came before the end may have been decided behind it, when the broker was away or busy. What is sent twice is recognised.",
    )
    backup_look_seconds: float = Field(
        60.0,
        gt=0,
        description="How often the console looks at the archive for its metrics; names of files only, no bytes.",
    )
