-- name: propose_restriction
-- None where one waits or runs already.
INSERT INTO restrictions (compound_id, person_id, reason, days, proposed_by, proposed_at, state)
VALUES (:compound_id, :person_id, :reason, :days, :by, :now, 'proposed')
ON CONFLICT (compound_id, person_id) WHERE state = 'proposed' OR state = 'active' DO NOTHING
RETURNING id;

-- name: restriction
SELECT id, compound_id, person_id, reason, days, proposed_by, proposed_at, decided_by, until_at, appeal, appealed_at,
  upheld_at, upheld_by, ended_at, state
FROM restrictions WHERE id = :id FOR UPDATE;

-- name: restrictions_running
SELECT id, compound_id, person_id, reason, days, proposed_by, proposed_at, decided_by, until_at, appeal, appealed_at,
  upheld_at, upheld_by, ended_at, state
FROM restrictions WHERE person_id = :person_id AND state = 'active' AND until_at > :now ORDER BY id;

-- name: restrictions_of_compound
-- What waits or runs first, then what is over, the latest first.
SELECT id, compound_id, person_id, reason, days, proposed_by, proposed_at, decided_by, until_at, appeal, appealed_at,
  upheld_at, upheld_by, ended_at, state
FROM restrictions WHERE compound_id = :compound_id
ORDER BY CASE state WHEN 'proposed' THEN 0 WHEN 'active' THEN 1 ELSE 2 END, id DESC LIMIT :most;

-- name: decide_restriction!
UPDATE restrictions SET state = :state, decided_by = :by, begins_at = :begins_at, until_at = :until_at WHERE id = :id;

-- name: appeal_restriction!
UPDATE restrictions SET appeal = :words, appealed_at = :now WHERE id = :id;

-- name: uphold_restriction!
UPDATE restrictions SET upheld_by = :by, upheld_at = :now WHERE id = :id;

-- name: end_restriction!
UPDATE restrictions SET state = :state, ended_at = :now, ended_by = :by WHERE id = :id;

-- name: complaints_about
-- Whether somebody has an issue that is not closed and that is about this other person (C10).
SELECT issues.id FROM issues
JOIN issue_people ON issue_people.issue_id = issues.id AND issue_people.part = 'concerned'
  AND issue_people.person_id = :about
WHERE issues.reporter_id = :person_id AND issues.state <> 'closed' LIMIT 1;

-- name: reports_since
-- How many reports of their own somebody has made, and how many of them of a danger; what others entered for them
-- is not counted.
SELECT COUNT(*) AS reports, COALESCE(SUM(CASE WHEN urgency = 'danger' THEN 1 ELSE 0 END), 0) AS dangers
FROM issues WHERE reporter_id = :person_id AND proxy_id IS NULL AND filed_at >= :since;

-- name: own_undone
-- What somebody has reported of a kind and is not done yet.
SELECT id, number, text, place_kind, building_id, entrance_id, unit_id FROM issues
WHERE reporter_id = :person_id AND compound_id = :compound_id AND category = :category
  AND filed_at >= :since AND state NOT IN ('resolved', 'closed')
ORDER BY id DESC;

-- name: count_message
-- One more of this person. What is counted begins anew after a quiet while; beyond :most every message makes the
-- while longer. An album counts once.
INSERT INTO floods (person_id, since, count, album) VALUES (:person_id, :now, 1, :album)
ON CONFLICT (person_id) DO UPDATE SET
  count = CASE
    WHEN floods.since <= :before THEN 1
    WHEN :album <> '' AND floods.album = :album AND floods.count <= :most THEN floods.count
    ELSE floods.count + 1
  END,
  since = CASE WHEN floods.since <= :before OR floods.count >= :most THEN :now ELSE floods.since END,
  album = :album
RETURNING count;

-- name: sweep_floods!
DELETE FROM floods WHERE since < :before;
