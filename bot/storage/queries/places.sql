-- name: compounds
SELECT id, code, name, timezone, locale, community_id FROM compounds ORDER BY id;

-- name: compound
SELECT id, code, name, timezone, locale, community_id FROM compounds WHERE id = :id;

-- name: buildings_of
SELECT id, label, name FROM buildings WHERE compound_id = :compound_id ORDER BY id;

-- name: entrances_of_compound
SELECT entrances.id, entrances.building_id, entrances.label, entrances.name
FROM entrances JOIN buildings ON buildings.id = entrances.building_id
WHERE buildings.compound_id = :compound_id ORDER BY entrances.id;

-- name: entrances_of_building
SELECT id, building_id, label, name FROM entrances WHERE building_id = :building_id ORDER BY id;

-- name: units_of_building
SELECT id, building_id, entrance_id, label FROM units WHERE building_id = :building_id ORDER BY id;

-- name: units_of_compound
SELECT units.id, units.building_id, units.entrance_id, units.label, units.area_m2
FROM units JOIN buildings ON buildings.id = units.building_id
WHERE buildings.compound_id = :compound_id ORDER BY units.id;

-- name: building
SELECT id, compound_id, label, name FROM buildings WHERE id = :id;

-- name: entrance
SELECT entrances.id, entrances.building_id, entrances.label, entrances.name, buildings.compound_id
FROM entrances JOIN buildings ON buildings.id = entrances.building_id WHERE entrances.id = :id;

-- name: unit
SELECT units.id, units.building_id, units.entrance_id, units.label, buildings.compound_id
FROM units JOIN buildings ON buildings.id = units.building_id WHERE units.id = :id;

-- name: place_names
-- The names of a place's levels, for a sentence.
SELECT compounds.name AS compound, buildings.name AS building, entrances.name AS entrance, units.label AS unit
FROM compounds
LEFT JOIN buildings ON buildings.id = CAST(:building_id AS INTEGER)
LEFT JOIN entrances ON entrances.id = CAST(:entrance_id AS INTEGER)
LEFT JOIN units ON units.id = CAST(:unit_id AS INTEGER)
WHERE compounds.id = :compound_id;

-- name: put_compound
INSERT INTO compounds (code, name, timezone, locale, community_id)
VALUES (:code, :name, :timezone, :locale, CAST(:community_id AS INTEGER))
ON CONFLICT (code) DO UPDATE SET name = excluded.name, timezone = excluded.timezone, locale = excluded.locale,
                                 community_id = excluded.community_id
RETURNING id;

-- name: put_building
INSERT INTO buildings (compound_id, label, name) VALUES (:compound_id, :label, :name)
ON CONFLICT (compound_id, label) DO UPDATE SET name = excluded.name
RETURNING id;

-- name: put_entrance
INSERT INTO entrances (building_id, label, name) VALUES (:building_id, :label, :name)
ON CONFLICT (building_id, label) DO UPDATE SET name = excluded.name
RETURNING id;

-- name: put_unit
INSERT INTO units (building_id, entrance_id, label, area_m2) VALUES (:building_id, :entrance_id, :label, :area_m2)
ON CONFLICT (building_id, COALESCE(entrance_id, 0), label) DO UPDATE SET area_m2 = excluded.area_m2
RETURNING id;
