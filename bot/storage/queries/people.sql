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

-- name: set_elder!
UPDATE people SET is_elder = :is_elder, misunderstood = 0, numbers = '[]', numbers_of = '' WHERE id = :person_id;

-- name: note_misses!
-- How often in a row somebody was not understood. Who is not in simple mode has numbers for one answer only.
UPDATE people SET misunderstood = :misses, numbers = CASE WHEN is_elder = 1 THEN numbers ELSE '[]' END
WHERE id = :person_id;

-- name: note_elder_offered!
UPDATE people SET elder_offered_at = :now WHERE id = :person_id;

-- name: put_numbers!
-- A card that is redrawn has no say, unless it is the message the numbers are under.
UPDATE people SET numbers = :numbers, numbers_of = :card_key
WHERE id = :person_id AND (CAST(:is_anew AS INTEGER) = 1 OR numbers_of = :card_key);

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
SELECT accounts.address, people.locale, accounts.language, people.is_elder
FROM accounts JOIN people ON people.id = accounts.person_id
WHERE accounts.person_id = :person_id AND accounts.channel = :channel AND accounts.unreachable_since IS NULL
ORDER BY accounts.id LIMIT 1;

-- name: residencies_of
-- Where a person lives or wishes to be entered, the main home first.
SELECT residencies.*, units.label AS unit_label, units.entrance_id, units.building_id, buildings.compound_id,
       buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE residencies.person_id = :person_id AND residencies.state IN ('pending', 'approved')
ORDER BY residencies.is_main DESC, residencies.id;

-- name: ask_residency
-- Who is approved stays so: another kind waits beside. Asking again while it waits keeps the place in line.
INSERT INTO residencies (person_id, unit_id, kind, state, asked_at)
VALUES (:person_id, :unit_id, :kind, 'pending', :now)
ON CONFLICT (person_id, unit_id) DO UPDATE
SET kind = CASE WHEN residencies.state = 'approved' THEN residencies.kind ELSE excluded.kind END,
    asked_kind = CASE
      WHEN residencies.state = 'approved' AND residencies.kind <> excluded.kind THEN excluded.kind
    END,
    asked_at = CASE
      WHEN residencies.state = 'pending' OR residencies.asked_kind IS NOT NULL THEN residencies.asked_at
      WHEN residencies.state = 'approved' AND residencies.kind = excluded.kind THEN residencies.asked_at
      ELSE excluded.asked_at
    END,
    state = CASE WHEN residencies.state = 'approved' THEN 'approved' ELSE 'pending' END,
    reason = ''
RETURNING id, state;

-- name: residency
SELECT residencies.*, units.entrance_id, units.building_id, buildings.compound_id,
       units.label AS unit_label, buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE residencies.id = :id
FOR UPDATE OF residencies;

-- name: residencies_waiting
-- Who of a compound waits for an answer, the longest first.
SELECT residencies.*, units.entrance_id, units.building_id, buildings.compound_id,
       units.label AS unit_label, buildings.name AS building_name, entrances.name AS entrance_name
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE (residencies.state = 'pending' OR residencies.asked_kind IS NOT NULL) AND buildings.compound_id = :compound_id
ORDER BY residencies.asked_at, residencies.id;

-- name: count_pending
SELECT (SELECT COUNT(*) FROM residencies WHERE person_id = :person_id AND state = 'pending') AS of_person,
       (SELECT COUNT(*) FROM residencies WHERE unit_id = :unit_id AND state = 'pending') AS of_unit;

-- name: decide_residency!
-- Said yes or no, or ended: what was asked for it is over, and who lives elsewhere has no main home here.
UPDATE residencies
SET state = :state, kind = COALESCE(CAST(:kind AS TEXT), kind), asked_kind = NULL, talk = '[]', reason = :reason,
    is_main = CASE WHEN :state = 'approved' THEN is_main ELSE 0 END, decided_at = :now, decided_by = :by
WHERE id = :id;

-- name: set_main_residency!
UPDATE residencies SET is_main = CASE WHEN id = :id THEN 1 ELSE 0 END WHERE person_id = :person_id;

-- name: set_residency_talk!
UPDATE residencies SET talk = :talk WHERE id = :id;

-- name: residents_of_unit
-- Everybody entered for a unit or asking to be; what they are called as everywhere.
SELECT residencies.id, residencies.person_id, residencies.kind, residencies.asked_kind, residencies.state,
       COALESCE(residencies.decided_at, residencies.asked_at) AS since, residencies.is_listed,
       COALESCE(personal_details.name, MIN(accounts.display_name), '') AS name,
       CASE WHEN COUNT(accounts.id) > 0 THEN 1 ELSE 0 END AS has_account
FROM residencies
LEFT JOIN personal_details ON personal_details.person_id = residencies.person_id
LEFT JOIN accounts ON accounts.person_id = residencies.person_id
WHERE residencies.unit_id = :unit_id AND residencies.state IN ('pending', 'approved')
GROUP BY residencies.id, personal_details.name
ORDER BY CASE WHEN residencies.state = 'approved' THEN 0 ELSE 1 END, residencies.asked_at, residencies.id;

-- name: units_behind
SELECT units.id, units.label,
       COUNT(CASE WHEN residencies.state = 'approved' AND EXISTS (
         SELECT 1 FROM accounts WHERE accounts.person_id = residencies.person_id
       ) THEN 1 END) AS joined,
       COUNT(CASE WHEN residencies.state = 'pending' THEN 1 END) AS waiting
FROM units LEFT JOIN residencies ON residencies.unit_id = units.id
WHERE units.building_id = :building_id AND COALESCE(units.entrance_id, 0) = COALESCE(CAST(:entrance_id AS INTEGER), 0)
GROUP BY units.id, units.label ORDER BY units.id;

-- name: doors_of_compound
-- Behind every door how many units there are, and how many have somebody on the bot.
SELECT units.building_id, units.entrance_id, buildings.name AS building, entrances.name AS entrance,
       COUNT(*) AS units,
       COUNT(CASE WHEN EXISTS (
         SELECT 1 FROM residencies JOIN accounts ON accounts.person_id = residencies.person_id
         WHERE residencies.unit_id = units.id AND residencies.state = 'approved'
       ) THEN 1 END) AS joined
FROM units
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN entrances ON entrances.id = units.entrance_id
WHERE buildings.compound_id = :compound_id
GROUP BY units.building_id, units.entrance_id, buildings.name, entrances.name
ORDER BY units.building_id, COALESCE(units.entrance_id, 0);

-- name: put_moving_code!
INSERT INTO moving_codes (code, person_id, expires_at) VALUES (:code, :person_id, :until)
ON CONFLICT (person_id) DO UPDATE SET code = excluded.code, expires_at = excluded.expires_at;

-- name: moving_code
SELECT person_id, expires_at FROM moving_codes WHERE code = :code FOR UPDATE;
