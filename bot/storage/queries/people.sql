-- name: new_person
INSERT INTO people (locale, created_at) VALUES (NULL, :now) RETURNING id;

-- name: put_account!
INSERT INTO accounts (person_id, channel, address, display_name, language, unreachable_since)
VALUES (:person_id, :channel, :address, :display_name, :language, NULL)
ON CONFLICT (channel, address) DO UPDATE
SET person_id = excluded.person_id, display_name = excluded.display_name, language = excluded.language,
    unreachable_since = NULL;

-- name: mark_unreachable
UPDATE accounts SET unreachable_since = :now
WHERE channel = :channel AND address = :address AND unreachable_since IS NULL
RETURNING person_id;

-- name: set_locale!
UPDATE people SET locale = :locale WHERE id = :person_id;

-- name: put_details!
INSERT INTO personal_details (person_id, name, phone) VALUES (:person_id, :name, :phone)
ON CONFLICT (person_id) DO UPDATE SET name = excluded.name, phone = excluded.phone;

-- name: details_of
SELECT people.id, COALESCE(personal_details.name, accounts.display_name, '') AS name,
       COALESCE(personal_details.phone, '') AS phone
FROM people
LEFT JOIN personal_details ON personal_details.person_id = people.id
LEFT JOIN accounts ON accounts.person_id = people.id
WHERE people.id = :person_id
ORDER BY accounts.id LIMIT 1;

-- name: addressee
-- Where and in which language a person is written to; nothing when they have no account or it is unreachable.
SELECT accounts.address, people.locale, accounts.language
FROM accounts JOIN people ON people.id = accounts.person_id
WHERE accounts.person_id = :person_id AND accounts.channel = :channel AND accounts.unreachable_since IS NULL
ORDER BY accounts.id LIMIT 1;

-- name: residencies_of
SELECT
  residencies.id, residencies.person_id, residencies.unit_id, residencies.kind, residencies.state,
  residencies.decided_by, units.label AS unit_label, units.entrance_id, units.building_id, buildings.compound_id,
  buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE residencies.person_id = :person_id AND residencies.state IN ('pending', 'approved')
ORDER BY residencies.id;

-- name: ask_residency
INSERT INTO residencies (person_id, unit_id, kind, state, asked_at)
VALUES (:person_id, :unit_id, :kind, 'pending', :now)
ON CONFLICT (person_id, unit_id) DO UPDATE
SET kind = excluded.kind, asked_at = excluded.asked_at,
    state = CASE
      WHEN residencies.state = 'approved' AND residencies.kind = excluded.kind THEN 'approved' ELSE 'pending'
    END
RETURNING id, state;

-- name: residency
SELECT residencies.id, residencies.person_id, residencies.unit_id, residencies.kind, residencies.state,
       residencies.decided_by, units.entrance_id, units.building_id, buildings.compound_id,
       units.label AS unit_label, buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE residencies.id = :id
FOR UPDATE OF residencies;

-- name: residencies_waiting
-- Who has asked to be entered in a compound and waits for an answer, the longest first.
SELECT residencies.id, residencies.person_id, residencies.unit_id, residencies.kind, residencies.state,
       residencies.decided_by, units.entrance_id, units.building_id, buildings.compound_id,
       units.label AS unit_label, buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE residencies.state = 'pending' AND buildings.compound_id = :compound_id
ORDER BY residencies.asked_at, residencies.id;

-- name: decide_residency!
UPDATE residencies SET state = :state, decided_at = :now, decided_by = :by WHERE id = :id;
