"""Every variable lunas reads, each with its unit, default and reason.

`load_settings()` is the only place that looks at the process environment; nothing here runs at import time.
"""

from __future__ import annotations

from runtime.settings.loading import load_settings
from runtime.settings.model import Settings
from schemas.errors import ConfigurationError

__all__ = ["ConfigurationError", "Settings", "load_settings"]
