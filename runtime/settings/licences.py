"""Tunables of licences: how long a provider's word on one counts, and how often it is asked."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LicenceSettings(BaseModel):
    """Of licences and memberships."""

    licence_cache_seconds: float = Field(
        300.0,
        ge=0,
        description="How long a provider's word on a licence is repeated without asking again; a webhook about it ends that at once.",
    )
    licence_unknown_cache_seconds: float = Field(
        30.0,
        ge=0,
        description="The same for a code it does not know: long enough for a person who clicks again, short enough for one who just bought it.",
    )
    licence_stale_hours: float = Field(
        72.0,
        ge=0,
        description="How old a word may be that is repeated while the provider cannot be asked: a weekend. Its age is told.",
    )
    licence_calls_per_minute: int = Field(
        12,
        ge=1,
        description="Licences that one process asks a provider about; the rest of what the provider takes is for payments.",
    )
