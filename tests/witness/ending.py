"""What has not come to its end: once faults have stopped and nothing moves any more, there must be nothing of it."""

from __future__ import annotations

import asyncpg

LATE_SECONDS = 60
"""So long after it was due whoever looks at what is due has not looked: they do it every few seconds."""

# Each by an index, or of a table that holds only what waits.
_LEFT = f"""
SELECT 'parked: ' || stream || ', ' || waiting || ' wait' || CASE WHEN released THEN ', released' ELSE '' END FROM parked_streams
UNION ALL SELECT 'waits in line: ' || stream || ': ' || count(*) FROM waiting_deliveries GROUP BY stream
UNION ALL SELECT 'overdue: case ' || case_key || ' since ' || due_at FROM fulfilment_cases
    WHERE due_at < clock_timestamp() - interval '{LATE_SECONDS} s'
UNION ALL SELECT 'overdue: account of ' || customer_id || ' since ' || due_at FROM credit_accounts
    WHERE due_at < clock_timestamp() - interval '{LATE_SECONDS} s'
ORDER BY 1
"""


async def left(connection: asyncpg.Connection) -> list[str]:
    """In words: lines in which something waits, and timers that nobody looked at."""
    return [row[0] for row in await connection.fetch(_LEFT)]


async def left_over(database_url: str) -> list[str]:
    """The same, over a connection of its own."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        return await left(connection)
    finally:
        await connection.close()
