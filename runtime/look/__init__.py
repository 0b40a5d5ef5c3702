"""How lunas looks: one stylesheet for every page a person sees. No script, no font, no picture.

Verdict first, money large, one accent; amber means that a person should look, red that something stands still, and a word always stands
beside the colour. Contrast is at least 4.5, in the light and in the dark; it works at 360 px and in print.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources


@cache
def stylesheet() -> str:
    """The style of every page."""
    return resources.files(__package__).joinpath("lunas.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """A content security policy for a page that holds this stylesheet in one `<style>` and nothing else that runs."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
