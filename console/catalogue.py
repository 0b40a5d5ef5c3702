"""The catalogue file the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.catalog import Catalog, parse_catalog
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings


def read_catalog(settings: Settings) -> Catalog:
    """Raises ConfigurationError when the file cannot be read and CatalogError, naming the line, when it is wrong."""
    try:
        content = settings.catalog.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"LUNAS_CATALOG names {settings.catalog}, which cannot be read: correct the path."
        ) from error
    return parse_catalog(content, str(settings.catalog))
