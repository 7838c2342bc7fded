-- name: put_reply_template
INSERT INTO reply_templates (compound_id, person_id, category, action, text, used_at)
VALUES (:compound_id, :person_id, :category, :action, :text, :now) RETURNING id;

-- name: save_reply_template!
UPDATE reply_templates SET text = :text, used_at = :now WHERE id = :id;

-- name: use_reply_template!
UPDATE reply_templates SET used_at = :now WHERE id = :id;

-- name: drop_reply_template!
DELETE FROM reply_templates WHERE id = :id;

-- name: reply_template
SELECT * FROM reply_templates WHERE id = :id;

-- name: reply_templates_for
-- Somebody's own words for this before those of the compound, and what was used last first.
SELECT * FROM reply_templates
WHERE compound_id = :compound_id AND action = :action AND (category = '' OR category = :category)
AND (person_id = :person_id OR person_id IS NULL)
ORDER BY person_id IS NULL, used_at DESC, id DESC LIMIT :most;

-- name: reply_templates_of
-- Somebody's own in a compound, and those of the compound.
SELECT * FROM reply_templates
WHERE compound_id = :compound_id AND (person_id = :person_id OR person_id IS NULL)
ORDER BY person_id IS NULL, action, category, id;
