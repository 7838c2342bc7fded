-- name: link
SELECT code, kind, building_id, entrance_id, post_id, expires_at, used_at, used_by, asks_who FROM links
WHERE code = :code FOR UPDATE;

-- name: put_link!
INSERT INTO links (code, kind, building_id, entrance_id, post_id, created_at, expires_at, asks_who)
VALUES (:code, :kind, :building_id, :entrance_id, :post_id, :now, :expires_at, :asks_who);

-- name: use_link!
UPDATE links SET used_at = :now, used_by = :person_id WHERE code = :code AND used_at IS NULL;

-- name: joining_links
-- Every door with its joining code: each entrance, and each building (for the units without an entrance).
SELECT links.code, buildings.id AS building_id, buildings.name AS building, entrances.id AS entrance_id,
       entrances.name AS entrance
FROM links JOIN buildings ON buildings.id = links.building_id
LEFT JOIN entrances ON entrances.id = links.entrance_id
WHERE links.kind = 'join' AND buildings.compound_id = :compound_id
ORDER BY buildings.id, COALESCE(entrances.id, 0);

-- name: doors_without_link
SELECT buildings.id AS building_id, CAST(NULL AS INTEGER) AS entrance_id FROM buildings
WHERE buildings.compound_id = :compound_id
  AND NOT EXISTS (SELECT 1 FROM entrances WHERE entrances.building_id = buildings.id)
  AND NOT EXISTS (SELECT 1 FROM links WHERE links.kind = 'join' AND links.building_id = buildings.id
                  AND links.entrance_id IS NULL)
UNION ALL
SELECT entrances.building_id, entrances.id FROM entrances JOIN buildings ON buildings.id = entrances.building_id
WHERE buildings.compound_id = :compound_id
  AND NOT EXISTS (SELECT 1 FROM links WHERE links.kind = 'join' AND links.entrance_id = entrances.id);
