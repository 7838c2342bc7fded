-- name: compound_by_code
-- Locked until commit: two imports of one compound take turns.
SELECT id, code, name, timezone, locale FROM compounds WHERE code = :code FOR UPDATE;

-- name: office_history
-- Who holds or held which post of the compound. Of several people with the same name and phone the one to go on
-- with comes first: who is in office, then who is on the bot. Residents are not among them: what somebody writes
-- about themselves must not bring them into a post.
SELECT appointments.post_id, appointments.person_id, COALESCE(personal_details.name, '') AS name,
       COALESCE(personal_details.phone, '') AS phone,
       CASE WHEN appointments.ends_at IS NULL THEN 1 ELSE 0 END AS in_office
FROM appointments JOIN posts ON posts.id = appointments.post_id
LEFT JOIN personal_details ON personal_details.person_id = appointments.person_id
WHERE posts.compound_id = :compound_id AND appointments.is_deputy = 0 AND appointments.acting_for IS NULL
ORDER BY in_office DESC,
         (SELECT COUNT(*) FROM accounts WHERE accounts.person_id = appointments.person_id) DESC,
         appointments.person_id;
