-- name: put_issue_message!
-- Which issue a message in a chat is about; one that is edited into something else is about that from then on.
INSERT INTO issue_messages (chat, message_id, issue_id, event_id, begins, length, at)
VALUES (:chat, :message_id, :issue_id, :event_id, :begins, :length, :now)
ON CONFLICT (chat, message_id) DO UPDATE
SET issue_id = excluded.issue_id, event_id = excluded.event_id, begins = excluded.begins, length = excluded.length;

-- name: issue_of_message
SELECT issue_id, event_id FROM issue_messages WHERE chat = :chat AND message_id = :message_id;

-- name: messages_of_event
-- Which messages the words of an event were said in, in the order in which they stand there.
SELECT message_id, begins, length FROM issue_messages WHERE event_id = :event_id AND chat = :chat ORDER BY message_id;

-- name: issues_talked_about
-- What somebody reported, handles or helps with and has lately been talked about, the latest talk first; what waits
-- for its reporter's answer as long as it waits.
SELECT issues.id
FROM issues JOIN issue_events ON issue_events.issue_id = issues.id
WHERE
  issues.id IN (
    SELECT id FROM issues WHERE reporter_id = :person_id
    UNION SELECT id FROM issues WHERE proxy_id = :person_id
    UNION SELECT id FROM issues WHERE handler_id = :person_id AND state <> 'closed'
    UNION SELECT issue_id FROM issue_people WHERE person_id = :person_id AND part = 'helps'
  )
  AND issues.state <> 'closed'
  AND issue_events.action IN ('reply', 'request_info', 'answer_info', 'ask_again', 'resolve', 'dispute', 'reopen')
  AND (issue_events.at >= :since OR issues.state = 'waiting_reporter')
GROUP BY issues.id
ORDER BY MAX(issue_events.id) DESC
LIMIT :most;

-- name: put_note!
INSERT INTO issue_notes (issue_id, author_id, at, text) VALUES (:issue_id, :author_id, :now, :text);

-- name: notes_of_issue
-- What those in charge wrote to each other about an issue, the oldest first; what was erased is not there.
SELECT author_id, at, text FROM issue_notes WHERE issue_id = :issue_id AND text <> '' ORDER BY id;
