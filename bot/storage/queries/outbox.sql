-- name: put_mail!
-- One thing to say; the same dedupe key is said once.
INSERT INTO outbox (
  bot_id, person_id, chat, lane, intent, payload, card_key, dedupe_key, state, not_before, retry_at, lease_until,
  expires_at, attempts, created_at, delivery_id, issue_id
)
VALUES (
  :bot_id, :person_id, :chat, :lane, :intent, :payload, :card_key, :dedupe_key, 'waiting', :not_before, 0, 0,
  :expires_at, 0, :created_at, :delivery_id, :issue_id
)
ON CONFLICT (dedupe_key) DO NOTHING;

-- name: claim_mail
-- What may be sent now: the head of each chat (bulk mail lets everything else pass), and every toast.
-- A row that waits for its retry keeps its chat waiting; one that waits for its hour does not.
-- Bulk mail comes last. What waits for an hour waits by the compound's clock (:hour).
WITH heads AS (
  SELECT
    id, lane, retry_at, lease_until,
    ROW_NUMBER() OVER (
      PARTITION BY chat, CASE WHEN lane = 0 THEN id ELSE 0 END
      ORDER BY CASE WHEN lane = 3 THEN 1 ELSE 0 END, id
    ) AS place
  FROM outbox
  WHERE state = 'waiting' AND not_before <= :hour
), ready AS (
  SELECT id FROM heads
  WHERE place = 1 AND retry_at <= :now AND lease_until <= :now
  ORDER BY lane, id
  LIMIT :most
), claimed AS (
  -- Asked again once the row is locked: another courier may have taken it since.
  SELECT id FROM outbox
  WHERE id IN (SELECT id FROM ready)
    AND state = 'waiting' AND retry_at <= :now AND lease_until <= :now
  FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET lease_until = :lease_until, attempts = attempts + 1
WHERE id IN (SELECT id FROM claimed)
RETURNING id, bot_id, person_id, chat, lane, intent, payload, card_key, attempts, expires_at,
  delivery_id, issue_id;

-- name: replace_waiting_card
-- What a card is to show has changed: whatever nobody is sending just now, in any lane, shows the newest, so
-- that nothing older comes after it.
UPDATE outbox SET payload = :payload
WHERE chat = :chat AND card_key = :card_key AND intent = 'card' AND state = 'waiting' AND lease_until = 0
RETURNING lane;

-- name: settle_delivery!
-- What became of the letter, for the announcement's report.
UPDATE deliveries SET state = :state, reason = :reason, settled_at = :now
WHERE id = :id AND state IN ('planned', 'posted');

-- name: fail_deliveries_of_chat!
-- The chat cannot be reached: none of what waits for it will arrive.
UPDATE deliveries SET state = 'failed', reason = :error, settled_at = :now
WHERE state IN ('planned', 'posted') AND id IN (
  SELECT delivery_id FROM outbox WHERE chat = :chat AND state = 'waiting' AND delivery_id IS NOT NULL
);

-- name: release_leases!
-- Nobody is sending: what was under way when the last process died need not wait for its lease to end.
UPDATE outbox SET lease_until = 0 WHERE state = 'waiting' AND lease_until > 0;

-- name: card_message
SELECT message_id FROM cards WHERE chat = :chat AND card_key = :card_key;

-- name: settle_sent!
UPDATE outbox SET state = 'sent', message_id = :message_id, settled_at = :now, payload = '', lease_until = 0
WHERE id = :id;

-- name: put_card!
INSERT INTO cards (chat, card_key, message_id) VALUES (:chat, :card_key, :message_id)
ON CONFLICT (chat, card_key) DO UPDATE SET message_id = excluded.message_id;

-- name: put_off!
-- Claimed, but not its turn yet: nothing was tried.
UPDATE outbox SET retry_at = :retry_at, lease_until = 0, attempts = attempts - 1 WHERE id = :id;

-- name: settle_later!
-- Try again at `retry_at`; the rest of the chat waits behind it.
UPDATE outbox SET retry_at = :retry_at, lease_until = 0, error = :error WHERE id = :id;

-- name: settle_buried!
UPDATE outbox SET state = 'buried', settled_at = :now, error = :error, lease_until = 0 WHERE id = :id;

-- name: settle_expired!
UPDATE outbox SET state = 'expired', settled_at = :now, payload = '', lease_until = 0 WHERE id = :id;

-- name: bury_chat!
-- The chat cannot be reached: what waits for it will not be sent.
UPDATE outbox SET state = 'buried', settled_at = :now, error = :error
WHERE chat = :chat AND state = 'waiting';

-- name: move_chat_mail!
UPDATE outbox SET chat = :new_chat, retry_at = 0, lease_until = 0 WHERE chat = :old_chat AND state = 'waiting';

-- name: drop_moved_cards!
DELETE FROM cards WHERE chat = :old_chat;

-- name: next_mail_at
-- The earliest moments at which a claim may give something: of the heads of chats as in claim_mail, and of
-- whatever waits for its hour.
WITH heads AS (
  SELECT
    CASE WHEN retry_at >= lease_until THEN retry_at ELSE lease_until END AS at,
    ROW_NUMBER() OVER (
      PARTITION BY chat, CASE WHEN lane = 0 THEN id ELSE 0 END
      ORDER BY CASE WHEN lane = 3 THEN 1 ELSE 0 END, id
    ) AS place
  FROM outbox
  WHERE state = 'waiting' AND not_before <= :hour
)
SELECT
  (SELECT MIN(at) FROM heads WHERE place = 1) AS head_at,
  (SELECT MIN(not_before) FROM outbox WHERE state = 'waiting' AND not_before > :hour) AS hour_at;

-- name: sweep_outbox!
DELETE FROM outbox WHERE state <> 'waiting' AND settled_at < :before;
