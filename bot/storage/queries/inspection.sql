-- Looking at what is there, for eyes and for whoever has to know whether the bot is at rest. Nothing here writes.

-- name: next_moment
-- The earliest moment after now at which the compound's clock has something to be done.
SELECT MIN(moments.at) AS at FROM (
  SELECT MIN(due_at) AS at FROM dues WHERE due_at > :now
  UNION ALL
  SELECT MIN(due_at) AS at FROM chores WHERE due_at > :now
  UNION ALL
  SELECT MIN(release_at) AS at FROM notices WHERE release_at > :now
  UNION ALL
  SELECT MIN(not_before) AS at FROM outbox WHERE state = 'waiting' AND not_before > :now
  UNION ALL
  SELECT MIN(not_before) AS at FROM inbox WHERE state = 'new' AND not_before > :now
) AS moments;

-- name: count_undone
-- How much could be done now: letters as in claim_letter, whatever is due, and mail whose hour has come, also
-- when its next try comes later.
SELECT
  (
    SELECT COUNT(*) FROM inbox AS i
    WHERE i.state = 'new' AND i.not_before <= :now
      AND NOT EXISTS (
        SELECT 1 FROM inbox AS earlier WHERE earlier.state = 'new' AND earlier.sender = i.sender AND earlier.id < i.id
      )
  )
  + (SELECT COUNT(*) FROM dues WHERE due_at <= :now)
  + (SELECT COUNT(*) FROM chores WHERE due_at <= :now)
  + (SELECT COUNT(*) FROM notices WHERE release_at <= :now)
  + (SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND not_before <= :now) AS count;

-- name: count_units
SELECT COUNT(*) AS count FROM units;

-- name: latest_letters
SELECT id, update_id, sender, state, attempts, payload, received_at, finished_at
FROM inbox ORDER BY id DESC LIMIT :most;

-- name: latest_mail
SELECT id, chat, lane, intent, state, attempts, payload, created_at, retry_at, settled_at, error
FROM outbox ORDER BY id DESC LIMIT :most;

-- name: latest_dues
-- What comes next, first: the clocks of issues, and the chores, which name their subject by its id.
SELECT issues.number, dues.kind, dues.stage, dues.due_at FROM dues JOIN issues ON issues.id = dues.issue_id
UNION ALL
SELECT CAST(chores.subject_id AS TEXT) AS number, chores.kind, chores.stage, chores.due_at FROM chores
ORDER BY due_at LIMIT :most;

-- name: latest_notices
-- A person is called as everywhere (details_of).
SELECT
  COALESCE(
    personal_details.name,
    (SELECT display_name FROM accounts WHERE accounts.person_id = notices.person_id ORDER BY accounts.id LIMIT 1), ''
  ) AS person,
  issues.number, notices.topic, notices.release_at
FROM notices
JOIN issues ON issues.id = notices.issue_id
LEFT JOIN personal_details ON personal_details.person_id = notices.person_id
ORDER BY notices.id DESC LIMIT :most;

-- name: latest_issues
SELECT
  issues.id, issues.number, issues.state, issues.category,
  COALESCE(
    personal_details.name,
    (SELECT display_name FROM accounts WHERE accounts.person_id = issues.handler_id ORDER BY accounts.id LIMIT 1), ''
  ) AS handler,
  issues.filed_at
FROM issues LEFT JOIN personal_details ON personal_details.person_id = issues.handler_id
ORDER BY issues.id DESC LIMIT :most;

-- name: history_with_names
-- What happened to an issue and who did it; the clock has no name.
SELECT
  issue_events.at,
  COALESCE(
    personal_details.name,
    (SELECT display_name FROM accounts WHERE accounts.person_id = issue_events.actor_id ORDER BY accounts.id LIMIT 1), ''
  ) AS who,
  issue_events.action, issue_events.from_state, issue_events.to_state, issue_events.text
FROM issue_events LEFT JOIN personal_details ON personal_details.person_id = issue_events.actor_id
WHERE issue_events.issue_id = :issue_id ORDER BY issue_events.id;
