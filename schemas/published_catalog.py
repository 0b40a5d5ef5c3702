"""A catalogue that the log holds, perhaps of a newer release: during an upgrade processors of two releases run beside each other."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from schemas.catalog import Catalog
from schemas.errors import CatalogError


class UnreadableCatalog(CatalogError):
    """The catalogue that the log holds says what this release does not know; `places` are where."""

    def __init__(self, places: Iterable[str]) -> None:
        super().__init__(
            f"the catalogue in force is of another release: {', '.join(places)} cannot be read. Run the release that published it."
        )


def published_catalog(content: object) -> Catalog:
    """The content of `catalog.published`. Words that we do not know are left out.

    Raises UnreadableCatalog for values that we do not know: what they mean cannot be guessed.
    """
    try:
        return Catalog.model_validate(content, extra="ignore")
    except ValidationError as error:
        raise UnreadableCatalog(
            ".".join(str(part) for part in each["loc"]) for each in error.errors()
        ) from None
