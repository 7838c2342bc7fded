-- name: listening_group
-- What a group speaks for, where the bot may listen for reports.
SELECT id, title, compound_id, building_id, entrance_id FROM groups
WHERE channel = :channel AND address = :address AND compound_id IS NOT NULL AND listens = 1 AND standing <> 'gone';

-- name: set_listening!
UPDATE groups SET listens = :listens WHERE id = :id;

-- name: asked_lately
-- How often somebody has been asked since a moment, and how often they have ever said no and it is remembered.
SELECT
  COALESCE(SUM(CASE WHEN at > :since THEN 1 ELSE 0 END), 0) AS asked,
  COALESCE(SUM(CASE WHEN state = 'refused' THEN 1 ELSE 0 END), 0) AS refused
FROM overheard WHERE sender = :sender;

-- name: asked_publicly
SELECT code FROM overheard WHERE chat = :chat AND is_public = 1 AND at > :since LIMIT 1;

-- name: put_overheard
-- None where this very message was asked about already.
INSERT INTO overheard (
  code, chat, message_id, sender, person_id, compound_id, building_id, entrance_id, text, photos, at, is_public, state
)
VALUES (
  :code, :chat, :message_id, :sender, :person_id, :compound_id, :building_id, :entrance_id, :text, :photos, :now,
  :is_public, 'asked'
)
ON CONFLICT (chat, message_id) DO NOTHING
RETURNING code;

-- name: waiting_overheard
-- What this person was just asked about here and has not answered: a photo that follows belongs to it.
SELECT code, photos FROM overheard
WHERE sender = :sender AND chat = :chat AND state = 'asked' AND at > :since
ORDER BY at DESC LIMIT 1 FOR UPDATE;

-- name: add_overheard_photos!
UPDATE overheard SET photos = :photos WHERE code = :code;

-- name: overheard
SELECT code, chat, message_id, sender, person_id, compound_id, building_id, entrance_id, text, photos, is_public, state
FROM overheard WHERE code = :code FOR UPDATE;

-- name: answer_overheard!
-- The words have gone where they belong, or nowhere.
UPDATE overheard SET state = :state, text = '', photos = '[]' WHERE code = :code;

-- name: sweep_overheard!
-- What was not refused is forgotten after some days.
DELETE FROM overheard WHERE state <> 'refused' AND at < :before;

-- name: sweep_refused!
-- One no is forgotten after a month; two within one are remembered.
DELETE FROM overheard WHERE state = 'refused' AND at < :before AND sender NOT IN (
  SELECT sender FROM overheard WHERE state = 'refused' GROUP BY sender HAVING COUNT(*) > 1
);
