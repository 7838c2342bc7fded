-- When the house was last looked after, and how much is left lying.

-- name: put_upkeep!
INSERT INTO upkeep (what, at, facts) VALUES (:what, :at, :facts)
ON CONFLICT (what) DO UPDATE SET at = excluded.at, facts = excluded.facts;

-- name: drop_upkeep!
DELETE FROM upkeep WHERE what = :what;

-- name: upkeep
SELECT at, facts FROM upkeep WHERE what = :what;

-- name: backlog
-- What could have been done by now and has not been, how much and since when; and what was set aside lately.
-- Mail for a later hour waits rightly; what is due since ever (0) is young: a restored database has just got it.
SELECT 'letters' AS what, COUNT(*) AS count, MIN(received_at) AS since
FROM inbox WHERE state = 'new' AND not_before <= :now
UNION ALL
SELECT 'mail', COUNT(*), MIN(CASE WHEN not_before > created_at THEN not_before ELSE created_at END)
FROM outbox WHERE state = 'waiting' AND not_before <= :now
UNION ALL
SELECT 'dues', COUNT(*), MIN(due_at) FROM dues WHERE due_at <= :now
UNION ALL
SELECT 'chores', COUNT(*), MIN(NULLIF(due_at, 0)) FROM chores WHERE due_at <= :now
UNION ALL
SELECT 'buried letters', COUNT(*), MIN(finished_at) FROM inbox WHERE state = 'buried' AND finished_at >= :lately
UNION ALL
SELECT 'buried mail', COUNT(*), MIN(settled_at) FROM outbox WHERE state = 'buried' AND settled_at >= :lately;

-- name: incomplete_buildings
SELECT buildings.compound_id, buildings.name, buildings.no_entrances, buildings.no_units
FROM (
  SELECT
    id, compound_id, name,
    CASE WHEN EXISTS (SELECT 1 FROM entrances WHERE entrances.building_id = buildings.id) THEN 0 ELSE 1 END
      AS no_entrances,
    CASE WHEN EXISTS (SELECT 1 FROM units WHERE units.building_id = buildings.id) THEN 0 ELSE 1 END AS no_units
  FROM buildings
) AS buildings
WHERE buildings.no_entrances = 1 OR buildings.no_units = 1 ORDER BY buildings.id;

-- name: expire_old_mail!
-- Words that waited at the time of a backup and whose hour is long past would only confuse.
UPDATE outbox SET state = 'expired', settled_at = :now, payload = '', lease_until = 0
WHERE state = 'waiting' AND not_before <= :now AND created_at < :before;

-- name: skip_numbers!
-- Issues filed after the backup have numbers that nobody remembers: the day goes on with its next full hundred.
INSERT INTO issue_numbers (compound_id, day, last) VALUES (:compound_id, :day, 100)
ON CONFLICT (compound_id, day) DO UPDATE SET last = (issue_numbers.last / 100 + 1) * 100;

-- name: announcements_on_their_way
-- Announcements that were being sent. A correction only edits what is there, which does no harm twice.
SELECT id FROM announcements WHERE state = 'sending' AND corrects_id IS NULL ORDER BY id;

-- name: announcements_overdue
-- Announcements whose hour has come and that nobody has begun to send.
SELECT id FROM announcements WHERE state = 'scheduled' AND send_at <= :now ORDER BY id;
