"""Where an error of ours was raised, without what it says: a message may quote a payload. Pure."""

from __future__ import annotations

import traceback
from traceback import FrameSummary


def place_of(error: BaseException) -> str:
    """Type and function, such as `KeyError in amount_of`: the same in every release, where a line moves with each."""
    frame = _last_frame(error)
    return type(error).__name__ + (f" in {frame.name}" if frame else "")


def line_of(error: BaseException) -> str:
    """The place and its line, for whoever mends it in this release."""
    frame = _last_frame(error)
    return place_of(error) + (f" line {frame.lineno}" if frame else "")


def _last_frame(error: BaseException) -> FrameSummary | None:
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1] if frames else None
