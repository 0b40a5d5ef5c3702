"""The catalogue in force: what fulfilment published to the log; before the first time, the configured file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from eventstore.read import newest_data
from runtime.database import Pool
from schemas.catalog import Catalog, parse_catalog
from schemas.facts import CatalogPublished
from schemas.published_catalog import published_catalog

KEEP_SECONDS = 5.0  # a new catalogue is seen within this time


class CatalogueInForce:
    """Keeps the parsed catalogue for some seconds."""

    def __init__(self, pool: Pool, file: Path) -> None:
        self._pool = pool
        self._file = file
        self._text: str | None = None
        self._parsed: Catalog | None = None
        self._until = 0.0

    async def get(self) -> Catalog:
        """The newest published catalogue. Raises CatalogError when there is only a file and it is wrong."""
        now = asyncio.get_running_loop().time()
        if self._parsed is not None and now < self._until:
            return self._parsed
        text = await newest_data(self._pool, CatalogPublished.TYPE)
        if self._parsed is None or text is None or text != self._text:
            self._parsed = (
                await asyncio.to_thread(_from_file, self._file)
                if text is None
                else published_catalog(orjson.loads(text)["content"])
            )
        self._text, self._until = text, now + KEEP_SECONDS
        return self._parsed


def _from_file(file: Path) -> Catalog:
    return parse_catalog(file.read_text(encoding="utf-8"), str(file)) if file.is_file() else Catalog()
