"""Where our payment pages are reached: their addresses are in answers of the API, in commands and in mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.settings import Settings


def public_url(settings: Settings) -> str | None:
    """Where customers reach us; in development our own door."""
    if settings.api_public_url is not None:
        return settings.api_public_url.rstrip("/")
    return f"http://{settings.api_host}:{settings.api_port}" if settings.env == "development" else None


def page_address(public: str | None, secret: str) -> str | None:
    """The payment page with this secret; None where customers cannot reach us."""
    return f"{public}/pay/{secret}" if public is not None else None
