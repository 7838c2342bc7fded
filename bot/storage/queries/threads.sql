-- name: put_issue_message!
-- Which issue a message in a chat is about; one that is edited into something else is about that from then on.
INSERT INTO issue_messages (chat, message_id, issue_id, event_id, at) VALUES (:chat, :message_id, :issue_id, :event_id, :now)
ON CONFLICT (chat, message_id) DO UPDATE SET issue_id = excluded.issue_id, event_id = excluded.event_id;

-- name: issue_of_message
SELECT issue_id, event_id FROM issue_messages WHERE chat = :chat AND message_id = :message_id;
