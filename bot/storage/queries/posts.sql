-- name: holders_of_compound
-- Everybody in a post of the compound or of its community today, and whether the bot can write to them.
SELECT
  posts.id AS post_id, posts.kind, posts.building_id, posts.entrance_id, appointments.person_id,
  appointments.is_deputy, appointments.acting_for,
  EXISTS (
    SELECT 1 FROM absences
    WHERE absences.person_id = appointments.person_id AND absences.compound_id = :compound_id
      AND absences.begun_at IS NOT NULL AND absences.ended_at IS NULL
  ) AS is_away,
  EXISTS (
    SELECT 1 FROM accounts
    WHERE accounts.person_id = appointments.person_id AND accounts.channel = :channel
      AND accounts.unreachable_since IS NULL
  ) AS reachable
FROM appointments JOIN posts ON posts.id = appointments.post_id
WHERE appointments.ends_at IS NULL
  AND (posts.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE id = :compound_id))
ORDER BY appointments.is_deputy, CASE WHEN appointments.acting_for IS NULL THEN 0 ELSE 1 END,
         appointments.starts_at, appointments.id;

-- name: posts_of_person
SELECT posts.id AS post_id, compounds.id AS compound_id, posts.kind, posts.building_id, posts.entrance_id,
       appointments.is_deputy, appointments.acting_for
FROM appointments JOIN posts ON posts.id = appointments.post_id
JOIN compounds ON compounds.id = posts.compound_id OR compounds.community_id = posts.community_id
WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
ORDER BY posts.id, compounds.id;

-- name: post
SELECT posts.id, posts.compound_id, posts.kind, posts.building_id, posts.entrance_id, posts.duty, posts.hours,
       posts.phone, posts.phone_shown, posts.community_id, communities.name AS community,
       compounds.name AS compound, buildings.name AS building, entrances.name AS entrance
FROM posts
LEFT JOIN communities ON communities.id = posts.community_id
LEFT JOIN compounds ON compounds.id = posts.compound_id
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
WHERE posts.id = :id;

-- name: posts_of_compound
SELECT posts.id, posts.kind, posts.building_id, posts.entrance_id, posts.duty, posts.hours, posts.phone_shown,
       buildings.label AS building_label, entrances.label AS entrance_label
FROM posts LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
WHERE posts.compound_id = :compound_id ORDER BY posts.id;

-- name: put_post
INSERT INTO posts (compound_id, kind, building_id, entrance_id, duty, hours, phone_shown)
VALUES (:compound_id, :kind, :building_id, :entrance_id, :duty, :hours, :phone_shown)
ON CONFLICT (COALESCE(compound_id, 0), COALESCE(community_id, 0), kind, COALESCE(building_id, 0),
             COALESCE(entrance_id, 0)) DO UPDATE
SET duty = excluded.duty, hours = excluded.hours, phone_shown = excluded.phone_shown
RETURNING id;

-- name: holders_of_post
SELECT appointments.person_id, COALESCE(personal_details.name, '') AS name,
       COALESCE(personal_details.phone, '') AS phone
FROM appointments LEFT JOIN personal_details ON personal_details.person_id = appointments.person_id
WHERE appointments.post_id = :post_id AND appointments.ends_at IS NULL
  AND appointments.is_deputy = 0 AND appointments.acting_for IS NULL
ORDER BY appointments.starts_at, appointments.id;

-- name: end_appointments!
UPDATE appointments SET ends_at = :now
WHERE post_id = :post_id AND ends_at IS NULL AND person_id <> :keep AND is_deputy = 0 AND acting_for IS NULL;

-- name: appoint!
INSERT INTO appointments (post_id, person_id, starts_at) VALUES (:post_id, :person_id, :now)
ON CONFLICT (post_id, person_id) WHERE ends_at IS NULL DO NOTHING;

-- name: move_appointments!
-- A person of the register turns out to be the one who opened the link.
UPDATE appointments SET person_id = :to_person
WHERE person_id = :from_person AND ends_at IS NULL
  AND post_id NOT IN (SELECT post_id FROM appointments WHERE person_id = :to_person AND ends_at IS NULL);

-- name: contact_card
-- Posts with their holders for one building and the whole compound; a post nobody holds has no name.
SELECT posts.kind, posts.building_id, posts.entrance_id, posts.duty, posts.hours,
       entrances.name AS entrance_name, buildings.name AS building_name, appointments.person_id,
       COALESCE(personal_details.name, accounts.display_name, '') AS name,
       CASE WHEN posts.phone <> '' THEN posts.phone
            WHEN posts.phone_shown = 1 THEN COALESCE(personal_details.phone, '') ELSE '' END AS phone,
       COALESCE(appointments.is_deputy, 0) AS is_deputy, appointments.acting_for,
       EXISTS (
         SELECT 1 FROM absences
         WHERE absences.person_id = appointments.person_id AND absences.compound_id = :compound_id
           AND absences.begun_at IS NOT NULL AND absences.ended_at IS NULL
       ) AS is_away
FROM posts
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
LEFT JOIN appointments ON appointments.post_id = posts.id AND appointments.ends_at IS NULL
LEFT JOIN personal_details ON personal_details.person_id = appointments.person_id
LEFT JOIN accounts ON accounts.person_id = appointments.person_id AND accounts.channel = :channel
WHERE (posts.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE id = :compound_id))
  AND (posts.building_id IS NULL OR posts.building_id = CAST(:building_id AS INTEGER))
ORDER BY posts.id, appointments.is_deputy, appointments.id;
