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
-- The posts of a compound and of its community, where each is held by name.
SELECT posts.id, posts.compound_id, posts.kind, posts.building_id, posts.entrance_id, posts.duty, posts.hours,
       posts.phone, posts.phone_shown, posts.community_id, communities.name AS community,
       compounds.name AS compound, buildings.name AS building, entrances.name AS entrance
FROM posts
LEFT JOIN communities ON communities.id = posts.community_id
LEFT JOIN compounds ON compounds.id = posts.compound_id
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
WHERE posts.compound_id = :compound_id
   OR posts.community_id = (SELECT community_id FROM compounds WHERE compounds.id = :compound_id)
ORDER BY COALESCE(posts.building_id, 0), COALESCE(posts.entrance_id, 0), posts.id;

-- name: lock_post
-- Until commit: two who change who holds a post take turns.
SELECT id FROM posts WHERE id = :id FOR UPDATE;

-- name: find_post
-- The post of a place; where there is none yet it is entered, without words.
INSERT INTO posts (compound_id, community_id, kind, building_id, entrance_id, duty, hours, phone_shown)
VALUES (CAST(:compound_id AS INTEGER), CAST(:community_id AS INTEGER), :kind, CAST(:building_id AS INTEGER),
        CAST(:entrance_id AS INTEGER), '', '', 0)
ON CONFLICT (COALESCE(compound_id, 0), COALESCE(community_id, 0), kind, COALESCE(building_id, 0),
             COALESCE(entrance_id, 0)) DO UPDATE
SET kind = excluded.kind
RETURNING id;

-- name: set_post_text!
UPDATE posts SET duty = :duty, hours = :hours, phone = :phone WHERE id = :id;

-- name: appointments_of_post
-- Who holds a post now: holders, stand-ins, deputies, each longest in office first.
SELECT id, post_id, person_id, is_deputy, acting_for, starts_at, term_until, phone_shown FROM appointments
WHERE post_id = :post_id AND ends_at IS NULL
ORDER BY is_deputy, CASE WHEN acting_for IS NULL THEN 0 ELSE 1 END, starts_at, id;

-- name: appointment
SELECT id, post_id, person_id, is_deputy, acting_for, starts_at, term_until, phone_shown FROM appointments
WHERE id = :id AND ends_at IS NULL;

-- name: begin_appointment
INSERT INTO appointments (post_id, person_id, starts_at, is_deputy, acting_for, term_until, phone_shown)
VALUES (:post_id, :person_id, :now, :is_deputy, CAST(:acting_for AS INTEGER), CAST(:term_until AS INTEGER),
        CAST(:phone_shown AS INTEGER))
ON CONFLICT (post_id, person_id) WHERE ends_at IS NULL DO NOTHING
RETURNING id;

-- name: end_appointment!
UPDATE appointments SET ends_at = :now WHERE id = :id AND ends_at IS NULL;

-- name: set_term!
UPDATE appointments SET term_until = CAST(:term_until AS INTEGER) WHERE id = :id;

-- name: show_own_phone!
UPDATE appointments SET phone_shown = :shown WHERE id = :id;

-- name: put_plan
INSERT INTO planned_appointments
  (post_id, person_id, is_deputy, begins_at, term_until, planned_by, planned_at, state)
VALUES (:post_id, :person_id, :is_deputy, :begins_at, CAST(:term_until AS INTEGER), :planned_by, :now, :state)
RETURNING id;

-- name: plan
SELECT id, post_id, person_id, is_deputy, begins_at, term_until, planned_by, planned_at, state
FROM planned_appointments WHERE id = :id FOR UPDATE;

-- name: plans_of_post
-- What is still to come.
SELECT id, post_id, person_id, is_deputy, begins_at, term_until, planned_by, planned_at, state
FROM planned_appointments WHERE post_id = :post_id AND state IN ('proposed', 'asked', 'waiting') ORDER BY id;

-- name: set_plan!
UPDATE planned_appointments SET state = :state WHERE id = :id;

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

-- name: contact_card
-- Posts with their holders for one building and the whole compound; a post nobody holds has no name.
SELECT posts.id, posts.kind, posts.building_id, posts.entrance_id, posts.duty, posts.hours,
       entrances.name AS entrance_name, buildings.name AS building_name, appointments.person_id,
       COALESCE(personal_details.name, accounts.display_name, '') AS name,
       CASE WHEN posts.phone <> '' THEN posts.phone
            -- What the register says of a post is about its holder; everybody else is asked.
            WHEN COALESCE(appointments.phone_shown, CASE WHEN appointments.is_deputy = 0
                          AND appointments.acting_for IS NULL THEN posts.phone_shown ELSE 0 END) = 1
            THEN COALESCE(personal_details.phone, '') ELSE '' END AS phone,
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
ORDER BY posts.id, appointments.is_deputy, CASE WHEN appointments.acting_for IS NULL THEN 0 ELSE 1 END,
         appointments.starts_at, appointments.id;
