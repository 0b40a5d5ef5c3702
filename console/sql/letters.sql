-- list: dead letters, newest first; a null filter does not filter. Of each kind that is asked for the newest, or those seen since then
SELECT l.dead_letter_id, l.delivery_id, l.provider, l.event_name, l.stage, l.reason, l.detail, l.place, l.attempts, l.deliveries, l.body_sha256,
       l.first_seen, l.last_seen, l.status, l.resolved_by, l.resolved_at, l.message, l.stream,
       (SELECT waiting FROM parked_streams WHERE stream = l.stream AND l.holds AND l.status IN ('open', 'replaying')) AS waiting
FROM (
    SELECT newest.dead_letter_id
    FROM letter_kinds k
    CROSS JOIN LATERAL (
        SELECT dead_letter_id FROM dead_letters
        WHERE (status COLLATE "C", provider COLLATE "C", reason COLLATE "C", coalesce(event_name, '') COLLATE "C", dead_letter_id)
              BETWEEN (k.status, k.provider, k.reason, k.event_name, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND (k.status, k.provider, k.reason, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        ORDER BY status COLLATE "C" DESC, provider COLLATE "C" DESC, reason COLLATE "C" DESC,
            coalesce(event_name, '') COLLATE "C" DESC, dead_letter_id DESC LIMIT $6
    ) AS newest
    WHERE $5::timestamptz IS NULL
      AND ($1::text IS NULL OR k.provider = $1)
      AND ($2::text IS NULL OR k.reason = $2)
      AND ($3::text IS NULL OR k.event_name = $3)
      AND ($4::text[] IS NULL OR k.status = ANY ($4))
    UNION ALL
    SELECT dead_letter_id FROM dead_letters
    WHERE last_seen >= $5
      AND ($1::text IS NULL OR provider = $1)
      AND ($2::text IS NULL OR reason = $2)
      AND ($3::text IS NULL OR event_name = $3)
      AND ($4::text[] IS NULL OR status = ANY ($4))
    ORDER BY dead_letter_id DESC LIMIT $6
) AS found
JOIN dead_letters l USING (dead_letter_id)
ORDER BY l.dead_letter_id DESC
LIMIT $6;

-- one: everything about one letter
SELECT dead_letter_id, delivery_id, provider, event_name, stage, reason, detail, place, attempts, deliveries, body_sha256,
       first_seen, last_seen, status, resolved_by, resolved_at, message, stream, history,
       (SELECT waiting FROM parked_streams WHERE stream = dead_letters.stream AND holds AND status IN ('open', 'replaying')) AS waiting
FROM dead_letters
WHERE dead_letter_id = $1;

-- claim: takes a letter for replay, unless somebody else was faster
UPDATE dead_letters
SET status = 'replaying', resolved_by = $2, resolved_at = clock_timestamp()
WHERE dead_letter_id = $1
  AND (status = 'open' OR (status = 'replaying' AND resolved_at < clock_timestamp() - $3::interval))
RETURNING dead_letter_id;

-- release: gives a claimed letter back
UPDATE dead_letters
SET status = 'open', resolved_by = NULL, resolved_at = NULL
WHERE dead_letter_id = $1 AND status = 'replaying' AND resolved_by = $2;

-- discard: closes a letter without replaying it; its bytes stay
UPDATE dead_letters
SET status = 'discarded', resolved_by = $2, resolved_at = clock_timestamp()
WHERE dead_letter_id = $1 AND status = 'open'
RETURNING dead_letter_id;

-- reopen: takes a discard back, unless the same has gone wrong again since; what waited behind it has gone on, so it holds nothing up
UPDATE dead_letters AS letter
SET status = 'open', resolved_by = NULL, resolved_at = NULL, holds = false
WHERE letter.dead_letter_id = $1 AND letter.status = 'discarded'
  AND NOT EXISTS (
      SELECT FROM dead_letters AS other
      WHERE other.provider = letter.provider AND other.body_sha256 = letter.body_sha256
        AND other.stage = letter.stage AND other.reason = letter.reason
        AND (letter.stage <> 'fulfil' OR left(other.detail, 200) = left(letter.detail, 200))
        AND other.status IN ('open', 'replaying'))
RETURNING dead_letter_id;

-- settle: closes a letter whose money a person has read; alarms of fulfilment are about money that is in the log
UPDATE dead_letters
SET status = 'resolved', resolved_by = $2, resolved_at = clock_timestamp()
WHERE dead_letter_id = $1 AND status = 'open' AND stage <> 'fulfil'
RETURNING dead_letter_id;

-- unsettle: what a person had read is taken back, so it waits again, unless the same waits already; it holds nothing up
UPDATE dead_letters AS letter
SET status = 'open', resolved_by = NULL, resolved_at = NULL, holds = false
WHERE letter.dead_letter_id = $1 AND letter.status = 'resolved'
  AND NOT EXISTS (
      SELECT FROM dead_letters AS other
      WHERE other.provider = letter.provider AND other.body_sha256 = letter.body_sha256
        AND other.stage = letter.stage AND other.reason = letter.reason AND other.status IN ('open', 'replaying'));

-- settle_again: and it counts again
UPDATE dead_letters SET status = 'resolved', resolved_by = $2, resolved_at = clock_timestamp() WHERE dead_letter_id = $1 AND status = 'open';

-- money_known: whether a payment with this name, any of its names, is known to be paid
SELECT EXISTS (
    SELECT FROM payment_aliases JOIN payments USING (record)
    WHERE payment_aliases.provider = $1 AND payment_aliases.alias = $2 AND payments.amount IS NOT NULL
);
