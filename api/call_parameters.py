"""Parameters that several calls take, as data."""

from __future__ import annotations

from api.parameters import CURSOR_MAX, CURSOR_PATTERN, CUSTOMER_ID_MAX, MAX_POSITION, SEGMENT_MAX
from schemas.api import CUSTOMER_ID_PATTERN
from schemas.calls import Parameter

CUSTOMER = Parameter(
    "customer_id",
    "path",
    "Id given by your application.",
    required=True,
    min_length=1,
    max_length=SEGMENT_MAX,
    example="budi",
)
MIN_POSITION = Parameter(
    "min_position",
    "query",
    "Wait until the answer reflects this log position, so that you read your own write.",
    kind="integer",
    minimum=0,
    maximum=MAX_POSITION,
    example="42",
)
OWNER = Parameter(
    "customer_id",
    "query",
    "Whose it is; a key of one customer needs it, and of somebody else's the call knows nothing.",
    pattern=f"^{CUSTOMER_ID_PATTERN}$",
    max_length=CUSTOMER_ID_MAX,
)
LIMIT = Parameter(
    "limit",
    "query",
    "Most items in the answer; at most 200 unless the server says otherwise.",
    kind="integer",
    minimum=1,
    example="20",
)
CURSOR = Parameter(
    "cursor",
    "query",
    "`next_cursor` of the answer before.",
    min_length=1,
    max_length=CURSOR_MAX,
    pattern=CURSOR_PATTERN,
)
