-- Who asked for a person to talk to, and who was told. ---------------------------------------------------------------

-- name: put_call
-- Somebody is told; nothing when they have been already.
INSERT INTO calls (person_id, unit_id, begun_at, asked_id, asked_at)
VALUES (:person_id, :unit_id, :begun_at, :asked_id, :now)
ON CONFLICT (person_id, begun_at, asked_id) DO NOTHING
RETURNING id;

-- name: calls_of
-- Everybody who was told of somebody's last call, the first one first.
SELECT * FROM calls WHERE person_id = :person_id ORDER BY begun_at, asked_at, id;

-- name: call
SELECT * FROM calls WHERE id = :id;

-- name: take_call
-- Whoever is first says that they will.
UPDATE calls SET taken_by = :by, taken_at = :now
WHERE person_id = :person_id AND taken_by IS NULL
RETURNING id;

-- name: drop_calls!
DELETE FROM calls WHERE person_id = :person_id;
