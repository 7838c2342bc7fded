-- name: groups_of_compound
SELECT id, address, title, standing, rights, compound_id, building_id, entrance_id, interest_group_id, bound_by,
  listens
FROM groups WHERE compound_id = :compound_id
ORDER BY COALESCE(building_id, 0), COALESCE(entrance_id, 0), COALESCE(interest_group_id, 0), id;

-- name: group_at
SELECT id, address, title, standing, rights, compound_id, building_id, entrance_id, interest_group_id, bound_by,
  listens
FROM groups WHERE channel = :channel AND address = :address FOR UPDATE;

-- name: group_chat
SELECT id, address, title, standing, rights, compound_id, building_id, entrance_id, interest_group_id, bound_by,
  listens
FROM groups WHERE id = :id FOR UPDATE;

-- name: put_group
-- What is known of a group chat now; its binding stays.
INSERT INTO groups (channel, address, title, standing, rights)
VALUES (:channel, :address, :title, :standing, :rights)
ON CONFLICT (channel, address) DO UPDATE
SET title = excluded.title, standing = excluded.standing, rights = excluded.rights
RETURNING id;

-- name: rename_group!
UPDATE groups SET title = :title WHERE id = :id;

-- name: leave_group!
UPDATE groups SET standing = 'gone', rights = '' WHERE id = :id;

-- name: move_group!
UPDATE groups SET address = :address WHERE id = :id;

-- name: bind_group!
UPDATE groups
SET compound_id = :compound_id, building_id = :building_id, entrance_id = :entrance_id,
    interest_group_id = :interest_group_id, bound_by = :by, bound_at = :now
WHERE id = :id;

-- name: unbind_group!
UPDATE groups
SET compound_id = NULL, building_id = NULL, entrance_id = NULL, interest_group_id = NULL, bound_by = NULL,
    bound_at = NULL
WHERE id = :id;

-- name: drop_group_codes!
-- Whoever asks for a new code has no use for the one before.
DELETE FROM group_codes WHERE made_by = :made_by AND used_at IS NULL;

-- name: put_group_code!
INSERT INTO group_codes (code, compound_id, building_id, entrance_id, interest_group_id, made_by, expires_at)
VALUES (:code, :compound_id, :building_id, :entrance_id, :interest_group_id, :made_by, :expires_at);

-- name: group_code
SELECT code, compound_id, building_id, entrance_id, interest_group_id, made_by, expires_at, used_at
FROM group_codes WHERE code = :code FOR UPDATE;

-- name: use_group_code!
UPDATE group_codes SET used_at = :now WHERE code = :code;

-- name: mutes_of_person
SELECT compound_id, interest_group_id FROM mutes WHERE person_id = :person_id;

-- name: mutes_of_compound
SELECT person_id, interest_group_id FROM mutes WHERE compound_id = :compound_id;

-- name: put_mute!
INSERT INTO mutes (person_id, compound_id, interest_group_id, since)
VALUES (:person_id, :compound_id, :interest_group_id, :now)
ON CONFLICT (person_id, compound_id, interest_group_id) DO NOTHING;

-- name: drop_mute!
DELETE FROM mutes
WHERE person_id = :person_id AND compound_id = :compound_id AND interest_group_id = :interest_group_id;
