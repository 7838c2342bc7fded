-- name: put_letter!
-- One received update; a second delivery of the same update changes nothing.
INSERT INTO inbox (bot_id, update_id, sender, chat, payload, state, attempts, not_before, received_at)
VALUES (:bot_id, :update_id, :sender, :chat, :payload, 'new', 0, 0, :received_at)
ON CONFLICT (bot_id, update_id) DO NOTHING;

-- name: last_update_id
-- The newest update this bot has stored; polling goes on behind it.
SELECT MAX(update_id) AS update_id FROM inbox WHERE bot_id = :bot_id;

-- name: claim_letter
-- The oldest update whose sender has none before it, locked until commit, with all a turn must know:
-- who wrote it and which dialog they are in.
WITH claimed AS (
  SELECT i.id, i.bot_id, i.update_id, i.sender, i.chat, i.payload, i.attempts
  FROM inbox AS i
  WHERE i.state = 'new' AND i.not_before <= :now
    AND NOT EXISTS (
      SELECT 1 FROM inbox AS earlier WHERE earlier.state = 'new' AND earlier.sender = i.sender AND earlier.id < i.id
    )
  ORDER BY i.id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
)
SELECT
  claimed.id, claimed.bot_id, claimed.update_id, claimed.sender, claimed.chat, claimed.payload, claimed.attempts,
  accounts.person_id, accounts.display_name, accounts.language, accounts.unreachable_since, people.locale,
  people.is_elder, people.misunderstood, people.elder_offered_at, people.numbers,
  dialogs.dialog, dialogs.step, dialogs.data, dialogs.round, dialogs.touched_at
FROM claimed
LEFT JOIN accounts ON accounts.channel = :channel AND accounts.address = claimed.sender
LEFT JOIN people ON people.id = accounts.person_id
LEFT JOIN dialogs ON dialogs.chat = claimed.chat AND dialogs.person_id = accounts.person_id;

-- name: finish_letter!
-- Handled: the payload, which is personal, is emptied at once.
UPDATE inbox SET state = 'done', payload = '', finished_at = :now WHERE id = :id;

-- name: count_attempt!
-- A turn failed: try again a little later.
UPDATE inbox SET attempts = attempts + 1, error = :error, not_before = :not_before WHERE id = :id;

-- name: bury_letter!
-- A turn failed for the last time; the payload stays for the operator until it is swept.
UPDATE inbox SET state = 'buried', attempts = attempts + 1, error = :error, finished_at = :now WHERE id = :id;

-- name: sweep_inbox!
-- Forget what was finished long ago, but never the newest update: polling goes on behind it.
DELETE FROM inbox
WHERE state <> 'new' AND finished_at < :before
  AND id NOT IN (SELECT MAX(id) FROM inbox GROUP BY bot_id);
