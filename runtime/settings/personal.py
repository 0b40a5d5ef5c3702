"""Settings of personal data: by what it is sealed, and how long the bytes of webhooks are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class PersonalSettings(BaseModel):
    """Without a key the log holds addresses in clear, and nobody can be forgotten."""

    personal_data_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Seals e-mail addresses, names and phone numbers in the log, so that `lunas customers erase` can make them unreadable. The same for every "
        "process; without it they are lost. Without one nothing is sealed. Exchanged by `lunas customers rekey`.",
    )
    personal_data_key_before: SecretStr | None = Field(
        None,
        min_length=32,
        description="While LUNAS_PERSONAL_DATA_KEY is exchanged: the key that it takes the place of, for every process, until `lunas doctor` says that it "
        "may go.",
    )
    personal_data_rekey_batch: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Keys of persons sealed anew in one transaction of `lunas customers rekey`, so that it is a short one.",
    )
    raw_body_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="After so many days the bytes of a webhook are emptied, unless it still waits for somebody; its hash stays. 0 keeps them for ever: "
        "they are the evidence behind every fact, and the only way to read it anew after a fix.",
    )
    raw_body_batch: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Webhooks emptied in one transaction, or archived by one statement, so that it is a short one.",
    )
    raw_body_archive: Literal["off", "first"] = Field(
        "off",
        description="`first`: the bytes of a webhook are emptied by age only when the archive of its month holds them (`lunas webhooks archive`), however old "
        "they are. For the processor.",
    )
    body_archive_dir: Path | None = Field(
        None,
        description="Folder for the bytes of webhooks by month and for parts of the log, another disk or a mounted bucket; for operators' commands, which write and read it.",
    )
