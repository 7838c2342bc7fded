-- name: put_chore!
-- The next time of this kind for this subject; replaces the one there was.
INSERT INTO chores (kind, subject_id, due_at, stage) VALUES (:kind, :subject_id, :due_at, :stage)
ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = excluded.due_at, stage = excluded.stage;

-- name: put_first_chore!
INSERT INTO chores (kind, subject_id, due_at, stage) VALUES (:kind, :subject_id, :due_at, 0)
ON CONFLICT (kind, subject_id) DO NOTHING;

-- name: drop_chore!
DELETE FROM chores WHERE kind = :kind AND subject_id = :subject_id;

-- name: claim_chore
-- The most overdue row, locked until commit.
WITH claimed AS (
  SELECT id, kind, subject_id, due_at, stage FROM chores
  WHERE due_at <= :now
  ORDER BY due_at, id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
)
SELECT id, kind, subject_id, due_at, stage FROM claimed;
