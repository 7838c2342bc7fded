-- name: put_activity
-- A new activity; a date of an interest group that exists already gives nothing back.
INSERT INTO activities (
  compound_id, interest_group_id, author_id, author_post, state, title, place, about, photo, starts_at, ends_at,
  deadline_at, capacity, per_household, hold_hours, audience, version, check_in_code, created_at
)
VALUES (
  :compound_id, :interest_group_id, :author_id, :author_post, :state, :title, :place, :about, :photo, :starts_at,
  :ends_at, :deadline_at, :capacity, :per_household, :hold_hours, :audience, 0, :check_in_code, :now
)
ON CONFLICT (interest_group_id, starts_at) WHERE interest_group_id IS NOT NULL DO NOTHING
RETURNING id;

-- name: activity
SELECT * FROM activities WHERE id = :id;

-- name: activity_locked
-- Whoever signs up, or changes what there is to sign up for, waits for the others here.
SELECT * FROM activities WHERE id = :id FOR UPDATE;

-- name: activity_by_code
SELECT id FROM activities WHERE check_in_code = :code;

-- name: change_activity!
UPDATE activities
SET state = :state, title = :title, place = :place, about = :about, photo = :photo, starts_at = :starts_at,
    ends_at = :ends_at, deadline_at = :deadline_at, capacity = :capacity, per_household = :per_household,
    version = :version
WHERE id = :id;

-- name: activities_coming
-- What is open in a compound and not long over, the next one first.
SELECT * FROM activities
WHERE compound_id = :compound_id AND starts_at > :since AND state = 'open'
ORDER BY starts_at, id
LIMIT :most;

-- name: activities_signed_up_for
-- What a person has signed somebody up for, with a seat or in line.
SELECT * FROM activities
WHERE starts_at > :since AND state <> 'draft' AND id IN (
  SELECT activity_id FROM signups
  WHERE signer_id = :person_id AND state IN ('waiting', 'asked', 'confirmed', 'checked_in')
)
ORDER BY starts_at, id;

-- name: activities_run_in
-- Everything of a compound that is not long over, drafts too, for those who run it.
SELECT * FROM activities
WHERE compound_id = :compound_id AND starts_at > :since AND state <> 'cancelled'
ORDER BY starts_at, id;

-- name: signups_of_activity
SELECT * FROM signups WHERE activity_id = :activity_id ORDER BY placed;

-- name: signup
SELECT activity_id FROM signups WHERE id = :id;

-- name: put_signup
INSERT INTO signups (
  activity_id, signer_id, person_id, household, names, placed, state, offered, held_until, passes, created_at
)
VALUES (
  :activity_id, :signer_id, :person_id, :household, :names, :placed, :state, 0, NULL, 0, :now
)
RETURNING id;

-- name: change_signup!
UPDATE signups
SET names = :names, state = :state, offered = :offered, held_until = :held_until, passes = :passes
WHERE id = :id;

-- name: put_activity_event!
INSERT INTO activity_events (activity_id, at, actor_id, action, facts)
VALUES (:activity_id, :now, :actor_id, :action, :facts);

-- name: events_of_activity
SELECT at, actor_id, action, facts FROM activity_events WHERE activity_id = :activity_id ORDER BY id;

-- name: plan_redraw!
-- Soon every card is drawn anew; one that was under way begins again, at the hour it had.
INSERT INTO chores (kind, subject_id, due_at, stage) VALUES (:kind, :activity_id, :due_at, 0)
ON CONFLICT (kind, subject_id) DO UPDATE SET stage = 0;

-- name: cards_in_groups
-- In which chats that are nobody's own a card is shown.
SELECT cards.chat
FROM cards LEFT JOIN accounts ON accounts.channel = :channel AND accounts.address = cards.chat
WHERE cards.card_key = :card_key AND accounts.id IS NULL
ORDER BY cards.chat;

-- name: cards_in_private
-- The next people to whom a card is shown, with the language each reads.
SELECT cards.chat, accounts.id AS account_id, accounts.person_id, people.locale, accounts.language
FROM cards
JOIN accounts ON accounts.channel = :channel AND accounts.address = cards.chat
JOIN people ON people.id = accounts.person_id
WHERE cards.card_key = :card_key AND accounts.unreachable_since IS NULL AND accounts.id > :after
ORDER BY accounts.id
LIMIT :most;
