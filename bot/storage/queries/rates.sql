-- name: put_assignment!
INSERT INTO assignments (issue_id, handler_id, handler_post, assigned_at, accept_due_at)
VALUES (:issue_id, :handler_id, :handler_post, :now, CAST(:due_at AS INTEGER));

-- name: answer_assignment!
-- Who has the issue accepted it.
UPDATE assignments SET answered_at = :now WHERE issue_id = :issue_id AND ended_at IS NULL AND answered_at IS NULL;

-- name: end_assignment!
-- It goes to somebody else or is closed, by who had it (an answer, too) or by somebody else.
UPDATE assignments SET
  ended_at = :now,
  answered_at = CASE WHEN answered_at IS NULL AND handler_id = CAST(:actor_id AS INTEGER) THEN :now ELSE answered_at END
WHERE issue_id = :issue_id AND ended_at IS NULL;

-- name: move_assignment!
-- Another time to accept; what has passed stays passed.
UPDATE assignments SET accept_due_at = :due_at
WHERE issue_id = :issue_id AND ended_at IS NULL AND answered_at IS NULL AND accept_due_at > :now;

-- name: put_verdict!
INSERT INTO verdicts (issue_id, handler_id, handler_post, asked_at, is_own)
VALUES (:issue_id, :handler_id, :handler_post, :now, :is_own);

-- name: answer_verdict!
UPDATE verdicts SET
  answer = :answer, answered_at = :now,
  is_own = CASE WHEN handler_id = CAST(:actor_id AS INTEGER) THEN 1 ELSE is_own END
WHERE issue_id = :issue_id AND answered_at IS NULL;

-- name: rate_verdict!
UPDATE verdicts SET rating = :rating, rated_at = :now
WHERE id = (SELECT MAX(id) FROM verdicts WHERE issue_id = :issue_id);

-- name: reopen_verdict!
UPDATE verdicts SET reopened_at = :now
WHERE id = (SELECT MAX(id) FROM verdicts WHERE issue_id = :issue_id);

-- name: figures
-- What a period counts, for the whole compound (`by` is empty) or by building, leader or category; see
-- bot/domain/rates.py. Of a leader also alone: what was theirs; of a building: what lies in it.
-- A CROSS JOIN keeps SQLite from beginning with all issues of the compound: the period comes first.
WITH counted AS (
  SELECT
    building_id, category, handler_id, handler_post, 1 AS filed, 0 AS done, 0 AS due, 0 AS in_time, 0 AS asked,
    0 AS fixed, 0 AS no_reply, 0 AS closed, 0 AS unrated, 0 AS rated, 0 AS satisfied, 0 AS fair
  FROM issues
  WHERE compound_id = :compound_id AND filed_at >= :begin AND filed_at < :end
    AND CAST(:by AS TEXT) <> 'leader' AND CAST(:handler_id AS INTEGER) IS NULL
  UNION ALL
  SELECT
    issues.building_id, issues.category, given.handler_id, given.handler_post, 0, 0, 1,
    CASE WHEN given.answered_at <= given.accept_due_at THEN 1 ELSE 0 END, 0, 0, 0, 0, 0, 0, 0, 0
  FROM assignments AS given CROSS JOIN issues
  WHERE issues.id = given.issue_id AND issues.compound_id = :compound_id AND given.handler_id <> issues.reporter_id
    -- It is known by its due time at the latest whether it was in time.
    AND given.accept_due_at >= :begin AND given.assigned_at < :end
    AND CASE
      WHEN given.answered_at <= given.accept_due_at THEN given.answered_at >= :begin AND given.answered_at < :end
      ELSE given.accept_due_at < :end AND (given.ended_at IS NULL OR given.ended_at >= given.accept_due_at)
    END
  UNION ALL
  SELECT
    issues.building_id, issues.category, asked.handler_id, asked.handler_post, 0,
    CASE WHEN asked.answer = 'disputed' OR COALESCE(asked.reopened_at < :end, FALSE) THEN 0 ELSE 1 END, 0, 0, 1 - asked.is_own,
    CASE WHEN asked.is_own = 0 AND asked.answer = 'confirmed' AND NOT COALESCE(asked.reopened_at < :end, FALSE)
      THEN 1 ELSE 0 END,
    CASE WHEN asked.is_own = 0 AND asked.answer = 'no_reply' AND NOT COALESCE(asked.reopened_at < :end, FALSE)
      THEN 1 ELSE 0 END,
    CASE WHEN asked.is_own = 0 AND asked.answer <> 'disputed' THEN 1 ELSE 0 END,
    CASE WHEN asked.is_own = 0 AND asked.answer <> 'disputed' AND NOT COALESCE(asked.rated_at < :end, FALSE)
      THEN 1 ELSE 0 END,
    0, 0, 0
  FROM verdicts AS asked CROSS JOIN issues
  WHERE issues.id = asked.issue_id AND issues.compound_id = :compound_id AND asked.answered_at >= :begin AND asked.answered_at < :end
  UNION ALL
  SELECT
    issues.building_id, issues.category, again.handler_id, again.handler_post, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0
  FROM verdicts AS again CROSS JOIN issues
  WHERE issues.id = again.issue_id AND issues.compound_id = :compound_id AND again.is_own = 0
    AND again.reopened_at >= :begin AND again.reopened_at < :end AND again.answered_at < :begin
  UNION ALL
  SELECT
    issues.building_id, issues.category, judged.handler_id, judged.handler_post, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    CASE WHEN judged.rating = 'satisfied' THEN 1 ELSE 0 END, CASE WHEN judged.rating = 'fair' THEN 1 ELSE 0 END
  FROM verdicts AS judged CROSS JOIN issues
  WHERE issues.id = judged.issue_id AND issues.compound_id = :compound_id AND judged.is_own = 0 AND judged.rated_at >= :begin AND judged.rated_at < :end
),
keyed AS (
  SELECT
    CASE CAST(:by AS TEXT)
      WHEN 'building' THEN CAST(COALESCE(building_id, 0) AS TEXT)
      WHEN 'leader' THEN CAST(handler_id AS TEXT) || ':' || handler_post
      WHEN 'category' THEN category
      ELSE ''
    END AS key,
    counted.*
  FROM counted
  WHERE (CAST(:handler_id AS INTEGER) IS NULL OR handler_id = CAST(:handler_id AS INTEGER))
    AND (CAST(:building_id AS INTEGER) IS NULL OR building_id = CAST(:building_id AS INTEGER))
)
SELECT
  key, SUM(filed) AS filed, SUM(done) AS done, SUM(due) AS due, SUM(in_time) AS in_time, SUM(asked) AS asked,
  SUM(fixed) AS fixed, SUM(no_reply) AS no_reply, SUM(closed) AS closed, SUM(unrated) AS unrated,
  SUM(rated) AS rated, SUM(satisfied) AS satisfied, SUM(fair) AS fair
FROM keyed GROUP BY key;

-- name: overdue_now
-- How many issues of a compound are late: the ladder has climbed to, or past, its first escalation.
SELECT COUNT(*) AS count FROM dues JOIN issues ON issues.id = dues.issue_id
WHERE dues.kind = 'ladder' AND issues.compound_id = :compound_id AND issues.state NOT IN ('resolved', 'closed')
  AND (dues.stage > :escalation OR (dues.stage = :escalation AND dues.due_at <= :now));

-- name: recurring
-- Where the same has come up again and again. What is private is nobody's pattern, and one matter counts once.
SELECT building_id, entrance_id, category, COUNT(*) AS count FROM issues
WHERE compound_id = :compound_id AND filed_at >= :begin AND filed_at < :end
  AND duplicate_of IS NULL AND is_private = 0 AND category <> 'other'
GROUP BY building_id, entrance_id, category HAVING COUNT(*) >= :least
ORDER BY count DESC, category, building_id, entrance_id LIMIT :most;

-- name: first_filed
SELECT MIN(filed_at) AS at FROM issues WHERE compound_id = :compound_id;

-- name: filed_within
-- The issues of a period for a sheet: nothing that names somebody.
SELECT number, category, urgency, is_private, building_id, state, resolution, handler_post, filed_at, closed_at, rating
FROM issues WHERE compound_id = :compound_id AND filed_at >= :begin AND filed_at < :end ORDER BY filed_at, id LIMIT :most;
