-- name: next_number
-- The day's next number of a compound, given inside the transaction that inserts the issue (C3).
INSERT INTO issue_numbers (compound_id, day, last) VALUES (:compound_id, :day, 1)
ON CONFLICT (compound_id, day) DO UPDATE SET last = issue_numbers.last + 1
RETURNING last;

-- name: put_issue
INSERT INTO issues (
  compound_id, number, category, urgency, is_private, place_kind, building_id, entrance_id, unit_id, text, state,
  reporter_id, reporter_approved, handler_id, handler_post, reason, filed_at, assigned_at, reopen_count,
  clock_kind, accept_term, resolve_term, resolve_used, resolve_since, shown_as,
  proxy_id, proxy_source, proxy_unit_id
)
VALUES (
  :compound_id, :number, :category, :urgency, :is_private, :place_kind, :building_id, :entrance_id, :unit_id, :text,
  'open', :reporter_id, :reporter_approved, :handler_id, :handler_post, :reason, :now, :now, 0,
  :clock_kind, :accept_term, :resolve_term, 0, :now,
  COALESCE(CAST(:shown_as AS TEXT), (SELECT shown_as FROM people WHERE id = :reporter_id)),
  :proxy_id, :proxy_source, :proxy_unit_id
)
RETURNING id;

-- name: issue_locked
SELECT * FROM issues WHERE id = :id FOR UPDATE;

-- name: issue
SELECT * FROM issues WHERE id = :id;

-- name: save_issue!
UPDATE issues SET
  category = :category, urgency = :urgency, is_private = :is_private, shown_as = :shown_as, text = :text,
  clock_kind = :clock_kind, accept_term = :accept_term, resolve_term = :resolve_term, wake_at = :wake_at,
  referred_to = :referred_to, external_reference = :external_reference, duplicate_of = :duplicate_of,
  rating_words = :rating_words,
  state = :state, resolution = :resolution, closed_how = :closed_how, handler_id = :handler_id,
  handler_post = :handler_post, reason = :reason, assigned_at = :assigned_at, accepted_at = :accepted_at,
  resolved_at = :resolved_at, closed_at = :closed_at, nudged_at = :nudged_at, rating = :rating,
  reopen_count = :reopen_count, resolve_used = :resolve_used, resolve_since = :resolve_since
WHERE id = :id;

-- name: put_event
INSERT INTO issue_events (issue_id, at, actor_id, action, from_state, to_state, text, facts)
VALUES (:issue_id, :now, :actor_id, :action, :from_state, :to_state, :text, :facts)
RETURNING id;

-- name: put_attachment!
INSERT INTO attachments (issue_id, event_id, kind, file) VALUES (:issue_id, :event_id, :kind, :file);

-- name: events_of_issue
SELECT id, issue_id, at, actor_id, action, from_state, to_state, text, facts
FROM issue_events WHERE issue_id = :issue_id ORDER BY id;

-- name: last_event
-- The latest time something was done to an issue: who and when, for a second tap (C6).
SELECT id, at, actor_id, action, from_state, to_state, text, facts FROM issue_events
WHERE issue_id = :issue_id AND (to_state <> from_state OR action IN ('transfer', 'decline')) ORDER BY id DESC LIMIT 1;

-- name: attachments_of_issue
SELECT attachments.id, attachments.event_id, attachments.kind, attachments.file, issue_events.action
FROM attachments JOIN issue_events ON issue_events.id = attachments.event_id
WHERE attachments.issue_id = :issue_id ORDER BY attachments.id;

-- name: put_part!
INSERT INTO issue_people (issue_id, person_id, part) VALUES (:issue_id, :person_id, :part)
ON CONFLICT (issue_id, person_id, part) DO NOTHING;

-- name: drop_part!
DELETE FROM issue_people WHERE issue_id = :issue_id AND person_id = :person_id AND part = :part;

-- name: issues_alike
-- What a person may be told of that is being worked on: of one kind since then, nobody else's private matters.
SELECT * FROM issues
WHERE compound_id = :compound_id AND category = :category AND filed_at >= :since
  AND state NOT IN ('resolved', 'closed') AND (is_private = 0 OR reporter_id = :person_id)
ORDER BY filed_at DESC LIMIT :most;

-- name: issues_going_on
-- The latest matters of a compound that are not closed.
SELECT * FROM issues WHERE compound_id = :compound_id AND state <> 'closed' ORDER BY id DESC LIMIT :most;

-- name: issue_numbered
SELECT * FROM issues WHERE compound_id = :compound_id AND number = :number;

-- name: issues_merged_into
SELECT * FROM issues WHERE duplicate_of = :issue_id ORDER BY id;

-- name: households_of_issue
-- How many homes of the compound have met it: of who reported it and who is affected; who has none counts as one.
SELECT COUNT(DISTINCT COALESCE(homes.unit_id, -involved.person_id)) AS count
FROM (
  SELECT reporter_id AS person_id FROM issues WHERE id = :issue_id
  UNION
  SELECT person_id FROM issue_people WHERE issue_id = :issue_id AND part = 'affected'
) AS involved
LEFT JOIN (
  SELECT residencies.person_id, MIN(residencies.unit_id) AS unit_id
  FROM residencies
  JOIN units ON units.id = residencies.unit_id
  JOIN buildings ON buildings.id = units.building_id
  JOIN issues ON issues.compound_id = buildings.compound_id
  WHERE issues.id = :issue_id AND residencies.state = 'approved'
  GROUP BY residencies.person_id
) AS homes ON homes.person_id = involved.person_id;

-- name: parts_of_issue
SELECT person_id, part FROM issue_people WHERE issue_id = :issue_id;

-- name: issues_of_reporter
-- What a person reported: for themselves, or for another whom the bot cannot reach; and what they have met too.
-- Nothing that is about them, unless they reported it. What is still going on comes first, then what ended lately.
SELECT * FROM issues
WHERE id IN (
    SELECT id FROM issues WHERE reporter_id = :person_id
    UNION
    SELECT id FROM issues WHERE proxy_id = :person_id AND NOT EXISTS (
      SELECT 1 FROM accounts WHERE accounts.person_id = issues.reporter_id AND accounts.unreachable_since IS NULL
    )
    UNION
    SELECT issues.id FROM issue_people JOIN issues ON issues.id = issue_people.issue_id
    WHERE issue_people.person_id = :person_id AND issue_people.part = 'affected' AND issues.is_private = 0
  )
  AND (state <> 'closed' OR closed_at > :since)
  AND (reporter_id = :person_id OR NOT EXISTS (
    SELECT 1 FROM issue_people
    WHERE issue_people.issue_id = issues.id AND issue_people.person_id = :person_id AND issue_people.part = 'concerned'
  ))
ORDER BY CASE WHEN state = 'closed' THEN 1 ELSE 0 END, id DESC
LIMIT :most;

-- name: issues_of_handler
SELECT * FROM issues WHERE handler_id = :person_id AND state <> 'closed' ORDER BY id LIMIT :most;

-- name: issues_in_hand
-- What is not closed and somebody handles, helps with or looks at, by their posts; nothing that is about them.
SELECT * FROM issues
WHERE state <> 'closed'
  AND compound_id IN (
    SELECT compounds.id FROM appointments JOIN posts ON posts.id = appointments.post_id
    JOIN compounds ON compounds.id = posts.compound_id OR compounds.community_id = posts.community_id
    WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
    UNION
    SELECT compound_id FROM issues WHERE handler_id = :person_id AND state <> 'closed'
  )
  AND (
    handler_id = :person_id
    OR EXISTS (
      SELECT 1 FROM appointments JOIN posts ON posts.id = appointments.post_id
      WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
        AND (posts.compound_id = issues.compound_id
             OR posts.community_id = (SELECT community_id FROM compounds WHERE compounds.id = issues.compound_id))
        AND (posts.kind IN ('self_management_committee', 'owners_committee_director', 'branch_secretary')
             OR (posts.kind = 'deputy_leader' AND posts.building_id = issues.building_id)
             OR appointments.acting_for = issues.handler_id)
    )
    OR EXISTS (
      SELECT 1 FROM issue_people WHERE issue_people.issue_id = issues.id AND issue_people.person_id = :person_id
        AND (issue_people.part = 'helps' OR (issue_people.part = 'follows' AND issues.is_private = 0))
    )
  )
  AND NOT EXISTS (
    SELECT 1 FROM issue_people
    WHERE issue_people.issue_id = issues.id AND issue_people.person_id = :person_id AND issue_people.part = 'concerned'
  )
ORDER BY id LIMIT :most;

-- name: issues_open_in
-- What nobody in a compound has accepted yet.
SELECT * FROM issues WHERE compound_id = :compound_id AND state = 'open' ORDER BY id;

-- name: issues_assigned_since
SELECT * FROM issues WHERE compound_id = :compound_id AND assigned_at >= :since ORDER BY id;

-- name: put_due!
INSERT INTO dues (kind, issue_id, due_at, stage) VALUES (:kind, :issue_id, :due_at, :stage)
ON CONFLICT (issue_id, kind) DO UPDATE SET due_at = excluded.due_at, stage = excluded.stage;

-- name: drop_due!
DELETE FROM dues WHERE issue_id = :issue_id AND kind = :kind;

-- name: claim_due
-- The most overdue row, locked with its issue until commit; another process takes another one. Who acts on an
-- issue locks it before its due times: waiting for it here would be a deadlock.
SELECT dues.id, dues.kind, dues.issue_id, dues.due_at, dues.stage
FROM dues JOIN issues ON issues.id = dues.issue_id
WHERE dues.due_at <= :now ORDER BY dues.due_at, dues.id LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: due_of_issue
SELECT id, kind, issue_id, due_at, stage FROM dues WHERE issue_id = :issue_id ORDER BY due_at;

-- name: put_notice!
INSERT INTO notices (person_id, issue_id, topic, stage, facts, created_at, release_at)
VALUES (:person_id, :issue_id, :topic, :stage, :facts, :now, :release_at);

-- name: drop_notices!
DELETE FROM notices WHERE issue_id = :issue_id;

-- name: claim_notices
-- Everything that may be said now to the one person who has waited longest, locked until commit. While what the
-- clock said before is still on its way (the network is down), the rest gathers here and becomes one message.
WITH next_person AS (
  SELECT person_id FROM notices WHERE release_at <= :now AND NOT EXISTS (
    SELECT 1 FROM outbox
    WHERE outbox.person_id = notices.person_id AND outbox.state = 'waiting' AND outbox.dedupe_key LIKE 'notice:%'
  )
  ORDER BY release_at, id LIMIT 1
  FOR UPDATE SKIP LOCKED
)
SELECT notices.id, notices.person_id, notices.issue_id, notices.topic, notices.stage, notices.facts
FROM notices JOIN next_person ON next_person.person_id = notices.person_id
WHERE notices.release_at <= :now
ORDER BY notices.id
FOR UPDATE OF notices SKIP LOCKED;

-- name: postpone_notice!
UPDATE notices SET release_at = :release_at WHERE id = :id;

-- name: drop_notice!
DELETE FROM notices WHERE id = :id;
