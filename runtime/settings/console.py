"""Tunables of the operators' web console."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ConsoleSettings(BaseModel):
    """How long one stays signed in, how often the live page looks, and how much one page shows."""

    console_public_url: str | None = Field(
        None,
        description="Address at which operators open the console. With `https` its cookie is sent over TLS only; set it behind a proxy.",
    )
    console_session_hours: float = Field(
        12.0,
        gt=0,
        description="After so long an operator signs in again, whatever they did: a shift.",
    )
    console_idle_minutes: int = Field(
        120,
        ge=1,
        description="An operator who has opened no page for so long signs in again.",
    )
    console_look_seconds: float = Field(
        5.0,
        gt=0,
        description="How often the page Now is brought up to date while somebody has it open; one look serves everybody.",
    )
    console_listeners_max: int = Field(
        50,
        ge=1,
        description="Pages that are kept up to date at once; beyond that a page is as it was when it was opened.",
    )
    console_rows_max: int = Field(
        100,
        ge=10,
        le=1000,
        description="Rows of one list on a page; the rest is found by its filters, or by the command.",
    )
    console_connections_max: int = Field(
        4,
        ge=1,
        description="Connections to PostgreSQL that the console keeps; pages beyond that wait for one.",
    )
