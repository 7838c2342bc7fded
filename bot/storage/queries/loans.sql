-- name: put_loan
INSERT INTO loans (compound_id, person_id, lent_by, audience, since, until)
VALUES (:compound_id, :person_id, :lent_by, :audience, :since, :until)
RETURNING id;

-- name: loan
SELECT id, compound_id, person_id, lent_by, audience, since, until, revoked_at FROM loans
WHERE id = :id FOR UPDATE;

-- name: loans_of_person
-- What runs now.
SELECT id, compound_id, person_id, lent_by, audience, since, until, revoked_at FROM loans
WHERE person_id = :person_id AND until > :now AND since <= :now AND revoked_at IS NULL
ORDER BY until, id;

-- name: loans_of_compound
-- What runs now, for those who may end it.
SELECT id, compound_id, person_id, lent_by, audience, since, until, revoked_at FROM loans
WHERE compound_id = :compound_id AND until > :now AND since <= :now AND revoked_at IS NULL
ORDER BY until, id;

-- name: revoke_loan!
UPDATE loans SET revoked_at = :now, revoked_by = :by WHERE id = :id AND revoked_at IS NULL;
