-- name: lock_absences
-- Until commit: two who plan in one compound take turns, or together they might close a ring.
SELECT id FROM compounds WHERE id = :compound_id FOR UPDATE;

-- name: put_absence
INSERT INTO absences (person_id, compound_id, stand_in_id, from_at, until_at, with_accepted, created_at)
VALUES (:person_id, :compound_id, CAST(:stand_in_id AS INTEGER), :from_at, :until_at, :with_accepted, :now)
RETURNING id;

-- name: absence
SELECT * FROM absences WHERE id = :id FOR UPDATE;

-- name: absences_of_person
SELECT * FROM absences WHERE person_id = :person_id AND ended_at IS NULL ORDER BY from_at, id;

-- name: absences_of_compound
SELECT * FROM absences WHERE compound_id = :compound_id AND ended_at IS NULL ORDER BY from_at, id;

-- name: absences_stood_in_by
SELECT * FROM absences WHERE stand_in_id = :person_id AND ended_at IS NULL ORDER BY from_at, id;

-- name: save_absence!
UPDATE absences SET
  stand_in_id = CAST(:stand_in_id AS INTEGER), until_at = :until_at, begun_at = CAST(:begun_at AS INTEGER),
  ended_at = CAST(:ended_at AS INTEGER)
WHERE id = :id;
