-- name: put_card_print
INSERT INTO card_prints (compound_id, building_id, format, locale, made_at, made_by)
VALUES (:compound_id, :building_id, :format, :locale, :now, CAST(:made_by AS INTEGER)) RETURNING id;

-- name: card_print
SELECT card_prints.id, card_prints.compound_id, card_prints.building_id, buildings.name AS building,
       card_prints.format, card_prints.locale, card_prints.made_at, card_prints.made_by, card_prints.hangs_at
FROM card_prints JOIN buildings ON buildings.id = card_prints.building_id
WHERE card_prints.id = :id
FOR UPDATE OF card_prints;

-- name: buildings_with_cards
SELECT DISTINCT building_id FROM card_prints WHERE compound_id = :compound_id;

-- name: cards_hanging
-- What hangs somewhere in the compound, building by building.
SELECT card_prints.id, card_prints.compound_id, card_prints.building_id, buildings.name AS building,
       card_prints.format, card_prints.locale, card_prints.made_at, card_prints.made_by, card_prints.hangs_at
FROM card_prints JOIN buildings ON buildings.id = card_prints.building_id
WHERE card_prints.compound_id = :compound_id AND card_prints.replaced_at IS NULL AND card_prints.hangs_at <> ''
ORDER BY buildings.id, card_prints.id;

-- name: hang_card!
UPDATE card_prints SET hangs_at = :where WHERE id = :id;

-- name: hang_card_also
-- The same print in one place more.
INSERT INTO card_prints (compound_id, building_id, format, locale, made_at, made_by, hangs_at)
SELECT compound_id, building_id, format, locale, made_at, made_by, CAST(:where AS TEXT)
FROM card_prints WHERE id = :id
RETURNING id;

-- name: hang_card_nowhere!
-- It, and the same print in other places.
UPDATE card_prints SET hangs_at = ''
WHERE building_id = :building_id AND format = :format AND made_at = :made_at;

-- name: replace_cards!
-- One of the same format hung there before.
UPDATE card_prints SET replaced_at = :now
WHERE building_id = :building_id AND format = :format AND hangs_at = :where AND id < :id AND replaced_at IS NULL;

-- name: cards_outdated_at
-- When a post that stands on a building's cards last changed.
SELECT MAX(changes.at) AS at FROM changes JOIN posts ON posts.id = changes.post_id
WHERE changes.action IN ('post.appointed', 'post.ended', 'post.text')
  AND (posts.building_id = :building_id
       OR (posts.building_id IS NULL
           AND (posts.compound_id = :compound_id
                OR posts.community_id = (SELECT community_id FROM compounds WHERE id = :compound_id))));

-- name: take_cards_down!
UPDATE card_prints SET replaced_at = :now
WHERE building_id = :building_id AND replaced_at IS NULL AND made_at < :before;

-- name: posts_newer_than_cards
-- The posts of the compound or its community that changed since the committee was last told to renew the cards,
-- and since a card was first made on which they stand.
SELECT posts.id, posts.kind, posts.building_id, buildings.name AS building, entrances.name AS entrance
FROM posts
LEFT JOIN buildings ON buildings.id = posts.building_id
LEFT JOIN entrances ON entrances.id = posts.entrance_id
WHERE (posts.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE id = :compound_id))
  AND EXISTS (
    SELECT 1 FROM changes
    WHERE changes.post_id = posts.id AND changes.action IN ('post.appointed', 'post.ended', 'post.text')
      AND changes.id > COALESCE((SELECT MAX(told.id) FROM changes AS told
                                 WHERE told.compound_id = :compound_id AND told.action = 'card.reissued'), 0)
      AND changes.at > (SELECT MIN(made_at) FROM card_prints
                        WHERE card_prints.compound_id = :compound_id
                          AND (posts.building_id IS NULL OR card_prints.building_id = posts.building_id))
  )
ORDER BY posts.id;
