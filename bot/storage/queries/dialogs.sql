-- name: save_dialog!
INSERT INTO dialogs (chat, person_id, dialog, step, data, round, touched_at)
VALUES (:chat, :person_id, :dialog, :step, :data, :round, :now)
ON CONFLICT (chat, person_id) DO UPDATE
SET dialog = excluded.dialog, step = excluded.step, data = excluded.data, round = excluded.round,
    touched_at = excluded.touched_at;

-- name: end_dialog!
DELETE FROM dialogs WHERE chat = :chat AND person_id = :person_id;

-- name: sweep_dialogs!
DELETE FROM dialogs WHERE touched_at < :before;
