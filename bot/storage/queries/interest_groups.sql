-- name: put_interest_group
-- Nothing comes back when the compound has one of this name.
INSERT INTO interest_groups (compound_id, name, about, leader_id, practice, practice_place, created_at)
VALUES (:compound_id, :name, :about, :leader_id, NULL, '', :now)
ON CONFLICT (compound_id, name) WHERE ended_at IS NULL DO NOTHING
RETURNING id;

-- name: interest_group
SELECT id, compound_id, name, about, leader_id, practice, practice_place, practice_through, ended_at,
       (SELECT COUNT(*) FROM interest_group_members WHERE interest_group_id = interest_groups.id) AS members
FROM interest_groups WHERE id = :id;

-- name: interest_group_locked
-- The same, locked until commit.
SELECT id, compound_id, name, about, leader_id, practice, practice_place, practice_through, ended_at,
       (SELECT COUNT(*) FROM interest_group_members WHERE interest_group_id = interest_groups.id) AS members
FROM interest_groups WHERE id = :id
FOR UPDATE OF interest_groups;

-- name: interest_groups_of_compound
-- Those that exist, the oldest first.
SELECT id, compound_id, name, about, leader_id, practice, practice_place, practice_through, ended_at,
       (SELECT COUNT(*) FROM interest_group_members WHERE interest_group_id = interest_groups.id) AS members
FROM interest_groups WHERE compound_id = :compound_id AND ended_at IS NULL
ORDER BY id;

-- name: interest_groups_led_by
SELECT id, compound_id, name, about, leader_id, practice, practice_place, practice_through, ended_at,
       (SELECT COUNT(*) FROM interest_group_members WHERE interest_group_id = interest_groups.id) AS members
FROM interest_groups WHERE leader_id = :person_id AND ended_at IS NULL
ORDER BY id;

-- name: interest_groups_of_member
SELECT interest_groups.id
FROM interest_group_members JOIN interest_groups ON interest_groups.id = interest_group_members.interest_group_id
WHERE interest_group_members.person_id = :person_id AND interest_groups.ended_at IS NULL
ORDER BY interest_groups.id;

-- name: change_interest_group!
UPDATE interest_groups
SET about = :about, leader_id = :leader_id, practice = :practice, practice_place = :practice_place,
    practice_through = :practice_through, ended_at = :ended_at
WHERE id = :id;

-- name: interest_group_members
-- Who is in it, the longest first, as they are called.
SELECT interest_group_members.person_id, COALESCE(personal_details.name, MIN(accounts.display_name), '') AS name
FROM interest_group_members
LEFT JOIN personal_details ON personal_details.person_id = interest_group_members.person_id
LEFT JOIN accounts ON accounts.person_id = interest_group_members.person_id
WHERE interest_group_members.interest_group_id = :id
GROUP BY interest_group_members.person_id, interest_group_members.joined_at, personal_details.name
ORDER BY interest_group_members.joined_at, interest_group_members.person_id;

-- name: join_interest_group
-- Nothing comes back when they are in it already.
INSERT INTO interest_group_members (interest_group_id, person_id, joined_at) VALUES (:id, :person_id, :now)
ON CONFLICT (interest_group_id, person_id) DO NOTHING
RETURNING person_id;

-- name: leave_interest_group
-- Nothing comes back when they are not in it.
DELETE FROM interest_group_members WHERE interest_group_id = :id AND person_id = :person_id
RETURNING person_id;

-- name: people_of_compound
-- Who lives in a compound or holds a post there and can be written to, with one of their homes.
SELECT people.id AS person_id, COALESCE(personal_details.name, accounts.display_name) AS name,
       MIN(units.id) AS unit_id
FROM people
JOIN accounts ON accounts.person_id = people.id AND accounts.channel = :channel
  AND accounts.unreachable_since IS NULL
LEFT JOIN personal_details ON personal_details.person_id = people.id
LEFT JOIN residencies ON residencies.person_id = people.id AND residencies.state IN ('pending', 'approved')
LEFT JOIN units ON units.id = residencies.unit_id
  AND units.building_id IN (SELECT id FROM buildings WHERE compound_id = :compound_id)
WHERE units.id IS NOT NULL OR people.id IN (
  SELECT appointments.person_id FROM appointments JOIN posts ON posts.id = appointments.post_id
  WHERE posts.compound_id = :compound_id AND appointments.ends_at IS NULL
)
GROUP BY people.id, personal_details.name, accounts.display_name
ORDER BY people.id;
