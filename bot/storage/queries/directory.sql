-- name: compound_by_code
-- Locked until commit: two imports of one compound take turns.
SELECT id, code, name, timezone, locale, community_id FROM compounds WHERE code = :code FOR UPDATE;

-- name: communities
SELECT id, code, name FROM communities ORDER BY id;

-- name: put_community
INSERT INTO communities (code, name) VALUES (:code, :name)
ON CONFLICT (code) DO UPDATE SET name = excluded.name
RETURNING id;

-- name: new_people
-- As many people without account or name as asked for.
INSERT INTO people (locale, created_at)
WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < :count)
SELECT NULL, CAST(:now AS INTEGER) FROM counted
RETURNING id;

-- name: listed_posts
-- The posts of a compound, or of a community.
SELECT id, kind, building_id, entrance_id, duty, hours, phone, phone_shown FROM posts
WHERE compound_id = CAST(:compound_id AS INTEGER) OR community_id = CAST(:community_id AS INTEGER) ORDER BY id;

-- name: list_post!
INSERT INTO posts (compound_id, community_id, kind, building_id, entrance_id, duty, hours, phone, phone_shown)
VALUES (CAST(:compound_id AS INTEGER), CAST(:community_id AS INTEGER), :kind, CAST(:building_id AS INTEGER),
        CAST(:entrance_id AS INTEGER), :duty, :hours, :phone, :phone_shown)
ON CONFLICT (COALESCE(compound_id, 0), COALESCE(community_id, 0), kind, COALESCE(building_id, 0),
             COALESCE(entrance_id, 0)) DO UPDATE
SET duty = excluded.duty, hours = excluded.hours, phone = excluded.phone, phone_shown = excluded.phone_shown;

-- name: office_history
-- Who holds or held which post of the compound or the community, those aside who stand in for a while. Of several
-- people with the same name and phone the one to go on with comes first: who is in office, then who is on the bot.
SELECT appointments.id, appointments.post_id, appointments.person_id, appointments.is_deputy,
       appointments.term_until, COALESCE(personal_details.name, '') AS name,
       COALESCE(personal_details.phone, '') AS phone,
       CASE WHEN appointments.ends_at IS NULL THEN 1 ELSE 0 END AS in_office,
       EXISTS (SELECT 1 FROM accounts WHERE accounts.person_id = appointments.person_id) AS has_account
FROM appointments JOIN posts ON posts.id = appointments.post_id
LEFT JOIN personal_details ON personal_details.person_id = appointments.person_id
WHERE (posts.compound_id = CAST(:compound_id AS INTEGER) OR posts.community_id = CAST(:community_id AS INTEGER))
  AND appointments.acting_for IS NULL
ORDER BY in_office DESC,
         (SELECT COUNT(*) FROM accounts WHERE accounts.person_id = appointments.person_id) DESC,
         appointments.person_id, appointments.id;

-- name: everybody_entered
-- Every entry of the compound's units, over or not; who is on the bot first.
SELECT residencies.id, residencies.person_id, residencies.unit_id, residencies.kind, residencies.state,
       residencies.is_listed, COALESCE(personal_details.name, '') AS name,
       COALESCE(personal_details.phone, '') AS phone,
       EXISTS (SELECT 1 FROM accounts WHERE accounts.person_id = residencies.person_id) AS has_account
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN personal_details ON personal_details.person_id = residencies.person_id
WHERE buildings.compound_id = :compound_id
ORDER BY has_account DESC, residencies.person_id, residencies.id;

-- name: list_residency!
-- The register names somebody for a unit.
INSERT INTO residencies (person_id, unit_id, kind, state, asked_at, decided_at, is_listed)
VALUES (:person_id, :unit_id, :kind, 'approved', :now, :now, 1)
ON CONFLICT (person_id, unit_id) DO UPDATE
SET kind = excluded.kind, state = 'approved', decided_at = excluded.decided_at, decided_by = NULL, reason = '',
    asked_kind = NULL, is_listed = 1;

-- name: unlist_residency!
-- The register names somebody for a unit no longer.
UPDATE residencies SET state = 'ended', decided_at = :now, decided_by = NULL, reason = 'unlisted', is_listed = 0
WHERE id = :id;

-- name: everybody_named
SELECT person_id, name, phone FROM personal_details ORDER BY person_id;

-- name: export_joined
-- Who of the compound is on the bot, and how they are entered.
SELECT residencies.id, residencies.kind, residencies.state, residencies.asked_at, residencies.decided_at,
       buildings.name AS building, entrances.name AS entrance, units.label AS unit,
       COALESCE(personal_details.name, '') AS name, COALESCE(personal_details.phone, '') AS phone
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
LEFT JOIN personal_details ON personal_details.person_id = residencies.person_id
WHERE buildings.compound_id = :compound_id AND residencies.id > :after
  AND EXISTS (SELECT 1 FROM accounts WHERE accounts.person_id = residencies.person_id)
ORDER BY residencies.id LIMIT :most;

-- name: export_appointments
SELECT appointments.id, posts.kind, buildings.name AS building, entrances.name AS entrance,
       appointments.is_deputy, appointments.starts_at, appointments.ends_at, appointments.term_until,
       COALESCE(personal_details.name, '') AS name, COALESCE(absent.name, '') AS acting_for
FROM appointments
JOIN posts ON posts.id = appointments.post_id
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
LEFT JOIN personal_details ON personal_details.person_id = appointments.person_id
LEFT JOIN personal_details AS absent ON absent.person_id = appointments.acting_for
WHERE (posts.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE compounds.id = :compound_id))
  AND appointments.id > :after
ORDER BY appointments.id LIMIT :most;

-- name: export_issues
SELECT issues.id, issues.number, issues.category, issues.urgency, issues.state, issues.place_kind AS place,
       buildings.name AS building, entrances.name AS entrance, units.label AS unit, issues.handler_post,
       COALESCE(personal_details.name, '') AS handler, issues.filed_at, issues.accepted_at, issues.resolved_at,
       issues.closed_at, issues.resolution, issues.rating, issues.reopen_count, issues.text
FROM issues
LEFT JOIN buildings ON buildings.id = issues.building_id
LEFT JOIN entrances ON entrances.id = issues.entrance_id
LEFT JOIN units ON units.id = issues.unit_id
LEFT JOIN personal_details ON personal_details.person_id = issues.handler_id
WHERE issues.compound_id = :compound_id AND issues.id > :after
ORDER BY issues.id LIMIT :most;

-- name: export_activities
SELECT activities.id, activities.title, activities.place, activities.state, activities.starts_at,
       activities.ends_at, activities.capacity,
       (SELECT COUNT(*) FROM signups WHERE signups.activity_id = activities.id
          AND signups.state IN ('waiting', 'asked', 'confirmed', 'checked_in')) AS parties
FROM activities
WHERE activities.compound_id = :compound_id AND activities.id > :after
ORDER BY activities.id LIMIT :most;
