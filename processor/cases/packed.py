"""State of a case in a sixth of its bytes: deflated, with what states have in common known beforehand. Pure.

It is still JSON, `{"z1":"…"}`, with the number of the dictionary and base 64. A program that knows nothing of it refuses it as a state with a field that
it does not know. What is unpacked is checked (Adler-32), and so is that it was packed with this dictionary.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Final

from processor.cases.packed_words import WORDS_1

_FIRST: Final = '{"z1":"'
_LAST: Final = '"}'
_WINDOW: Final = 13  # bits, 8 KiB: the dictionary and the state itself
# Made once: a copy knows the dictionary already, which costs more than what is packed.
_PACKER = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, 4, zlib.Z_DEFAULT_STRATEGY, WORDS_1)


def packed(state: str) -> str:
    """JSON to store instead of that JSON; as it is where packing saves nothing."""
    packer = _PACKER.copy()
    small = base64.b64encode(packer.compress(state.encode()) + packer.flush()).decode("ascii")
    return f"{_FIRST}{small}{_LAST}" if len(_FIRST + small + _LAST) < len(state) else state


def unpacked(state: str) -> str:
    """What `packed` was given; any other text as it is. Raises ValueError where it is damaged."""
    if not state.startswith(_FIRST):
        return state
    opener = zlib.decompressobj(_WINDOW, WORDS_1)
    try:
        text = opener.decompress(base64.b64decode(state[len(_FIRST) : -len(_LAST)], validate=True))
    except (zlib.error, binascii.Error) as error:
        raise ValueError(f"what was packed is damaged: {error}") from error
    if not opener.eof or opener.unused_data:
        raise ValueError("what was packed is damaged: it does not end where it says")
    return text.decode()
