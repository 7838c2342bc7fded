-- name: put_change!
INSERT INTO changes (compound_id, at, actor_id, source, action, post_id, person_id, unit_id, facts)
VALUES (:compound_id, :now, :actor_id, :source, :action, :post_id, :person_id, :unit_id, :facts);

-- name: changes_of_post
SELECT changes.id, changes.compound_id, changes.at, changes.actor_id, changes.source, changes.action,
       changes.post_id, changes.person_id, changes.unit_id, changes.facts, posts.kind,
       buildings.name AS building, entrances.name AS entrance
FROM changes JOIN posts ON posts.id = changes.post_id
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
WHERE changes.post_id = :post_id
ORDER BY changes.id DESC LIMIT :most OFFSET :skip;

-- name: changes_of_compound
-- Those about posts and units of one building, where one is named.
SELECT changes.id, changes.compound_id, changes.at, changes.actor_id, changes.source, changes.action,
       changes.post_id, changes.person_id, changes.unit_id, changes.facts, posts.kind,
       buildings.name AS building, entrances.name AS entrance
FROM changes
LEFT JOIN posts ON posts.id = changes.post_id
LEFT JOIN units ON units.id = changes.unit_id
LEFT JOIN buildings ON buildings.id = COALESCE(posts.building_id, units.building_id)
LEFT JOIN entrances ON entrances.id = COALESCE(posts.entrance_id, units.entrance_id)
WHERE (changes.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE compounds.id = :compound_id))
  AND (CAST(:building_id AS INTEGER) IS NULL OR buildings.id = CAST(:building_id AS INTEGER))
ORDER BY changes.id DESC LIMIT :most OFFSET :skip;
