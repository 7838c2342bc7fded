-- name: put_announcement
INSERT INTO announcements (
  compound_id, author_id, author_post, state, class, html, photos, audience, channels, activity_id, activity_role,
  corrects_id, chosen_at, valid_until, created_at, version
)
VALUES (
  :compound_id, :author_id, :author_post, :state, :klass, :html, :photos, :audience, :channels, :activity_id,
  :activity_role, :corrects_id, :chosen_at, :valid_until, :now, 1
)
RETURNING id;

-- name: announcement
SELECT * FROM announcements WHERE id = :id;

-- name: announcement_locked
-- The same, locked until commit.
SELECT * FROM announcements WHERE id = :id FOR UPDATE;

-- name: save_announcement!
UPDATE announcements SET
  author_post = :author_post, state = :state, class = :klass, html = :html, photos = :photos, audience = :audience,
  channels = :channels, second_id = :second_id, chosen_at = :chosen_at, send_at = :send_at,
  valid_until = :valid_until, sent_at = :sent_at, version = version + 1
WHERE id = :id;

-- name: announcements_of_compound
-- The newest first.
SELECT * FROM announcements WHERE compound_id = :compound_id AND state <> 'discarded' ORDER BY id DESC LIMIT :most;

-- name: correction_begun
-- A correction that is neither sent nor discarded.
SELECT id FROM announcements
WHERE corrects_id = :id AND state IN ('draft', 'awaiting_second', 'scheduled', 'sending');

-- name: correction_under_way
-- The correction whose copies are just being edited.
SELECT * FROM announcements WHERE corrects_id = :id AND state = 'sending' ORDER BY id DESC LIMIT 1;

-- name: put_announcement_event!
INSERT INTO announcement_events (announcement_id, at, actor_id, action, from_state, to_state, text)
VALUES (:announcement_id, :now, :actor_id, :action, :from_state, :to_state, :text);

-- name: announcement_events
SELECT at, actor_id, action, from_state, to_state, text FROM announcement_events
WHERE announcement_id = :announcement_id ORDER BY id;

-- name: homes_of_compound
-- Who lives in a compound, confirmed, and as what.
SELECT residencies.person_id, residencies.kind, units.building_id, units.entrance_id
FROM residencies
JOIN units ON units.id = residencies.unit_id
JOIN buildings ON buildings.id = units.building_id
WHERE buildings.compound_id = :compound_id AND residencies.state = 'approved'
ORDER BY residencies.person_id, residencies.id;

-- name: seats_of_compound
-- Who holds which post of a compound now.
SELECT appointments.person_id, posts.kind, posts.building_id, posts.entrance_id
FROM appointments JOIN posts ON posts.id = appointments.post_id
WHERE posts.compound_id = :compound_id AND appointments.ends_at IS NULL
ORDER BY appointments.person_id, posts.id;

-- name: memberships_of_compound
-- Who is in which interest group of a compound; leaders are in theirs.
SELECT interest_group_members.person_id, interest_groups.id AS group_id
FROM interest_group_members JOIN interest_groups ON interest_groups.id = interest_group_members.interest_group_id
WHERE interest_groups.compound_id = :compound_id AND interest_groups.ended_at IS NULL
UNION
SELECT leader_id, id FROM interest_groups WHERE compound_id = :compound_id AND ended_at IS NULL
ORDER BY 1, 2;

-- name: accounts_of_channel
-- Every account of a channel, the oldest of each person first.
SELECT id, person_id, address, unreachable_since FROM accounts WHERE channel = :channel ORDER BY person_id, id;

-- name: plan_delivery!
-- One chat it goes to, or does not; a chat stands in the plan once.
INSERT INTO deliveries (announcement_id, chat, person_id, group_id, state, reason, settled_at)
VALUES (:announcement_id, :chat, :person_id, :group_id, :state, :reason, NULL)
ON CONFLICT (announcement_id, chat) DO NOTHING;

-- name: plan_correction!
-- A correction goes where what it corrects has arrived.
INSERT INTO deliveries (announcement_id, chat, person_id, group_id, state, reason, settled_at)
SELECT CAST(:announcement_id AS INTEGER), COALESCE(groups.address, deliveries.chat), deliveries.person_id, deliveries.group_id,
       'planned', '', NULL
FROM deliveries LEFT JOIN groups ON groups.id = deliveries.group_id
WHERE deliveries.announcement_id = :corrects_id AND deliveries.state = 'sent'
ON CONFLICT (announcement_id, chat) DO NOTHING;

-- name: planned_deliveries
-- The next chats it goes to, with the language read there where it is a person's.
SELECT deliveries.id, deliveries.chat, deliveries.person_id, deliveries.group_id, people.locale, accounts.language
FROM deliveries
LEFT JOIN people ON people.id = deliveries.person_id
LEFT JOIN accounts ON accounts.channel = :channel AND accounts.address = deliveries.chat
WHERE deliveries.announcement_id = :announcement_id AND deliveries.state = 'planned'
ORDER BY deliveries.id LIMIT :most;

-- name: shown_deliveries
-- The next chats it has gone to after :after, with the language read there; groups as they are called now.
SELECT deliveries.id, COALESCE(groups.address, deliveries.chat) AS chat, deliveries.person_id, deliveries.group_id,
       people.locale, accounts.language
FROM deliveries
LEFT JOIN groups ON groups.id = deliveries.group_id
LEFT JOIN people ON people.id = deliveries.person_id
LEFT JOIN accounts ON accounts.channel = :channel AND accounts.address = deliveries.chat
WHERE deliveries.announcement_id = :announcement_id AND deliveries.state IN ('posted', 'sent', 'recalled')
  AND deliveries.id > :after
ORDER BY deliveries.id LIMIT :most;

-- name: mark_delivery!
UPDATE deliveries SET state = :state WHERE id = :id AND state <> 'failed';

-- name: drop_waiting_mail!
-- What nobody has begun to send of an announcement is not sent any more.
DELETE FROM outbox
WHERE state = 'waiting' AND lease_until = 0 AND delivery_id IN (
  SELECT id FROM deliveries WHERE announcement_id = :announcement_id AND state = 'posted'
);

-- name: drop_waiting_photos!
-- Nor are the photos of copies that nobody has begun to send.
DELETE FROM outbox
WHERE state = 'waiting' AND lease_until = 0 AND dedupe_key IN (
  SELECT 'photos:' || id FROM deliveries WHERE announcement_id = :announcement_id AND state = 'posted'
);

-- name: drop_planned!
-- Whatever is neither sent nor under way is left out.
UPDATE deliveries SET state = 'left_out', reason = :reason
WHERE announcement_id = :announcement_id AND state IN ('planned', 'posted')
  AND id NOT IN (SELECT delivery_id FROM outbox WHERE state = 'waiting' AND delivery_id IS NOT NULL);

-- name: count_deliveries
-- How many chats there are in each state, for each reason.
SELECT CASE WHEN group_id IS NULL THEN 0 ELSE 1 END AS is_group, state, reason, COUNT(*) AS n
FROM deliveries WHERE announcement_id = :announcement_id
GROUP BY CASE WHEN group_id IS NULL THEN 0 ELSE 1 END, state, reason
ORDER BY 1, 2, 3;

-- name: group_deliveries
-- What became of it in each group, by the group's title.
SELECT groups.id, groups.title, deliveries.state, deliveries.reason
FROM deliveries JOIN groups ON groups.id = deliveries.group_id
WHERE deliveries.announcement_id = :announcement_id ORDER BY deliveries.id;

-- name: read_announcement
-- Nothing comes back when they have said so before.
INSERT INTO read_receipts (announcement_id, person_id, at) VALUES (:announcement_id, :person_id, :now)
ON CONFLICT (announcement_id, person_id) DO NOTHING
RETURNING person_id;

-- name: count_receipts
SELECT COUNT(*) AS n FROM read_receipts WHERE announcement_id = :announcement_id;

-- name: households_of_compound
-- Every unit with those who live there, confirmed, and whether each has said that they read it.
SELECT units.building_id, units.entrance_id, units.id AS unit_id, units.label, residencies.person_id,
       residencies.kind, COALESCE(personal_details.name, '') AS name,
       read_receipts.at AS read_at
FROM units
JOIN buildings ON buildings.id = units.building_id
LEFT JOIN residencies ON residencies.unit_id = units.id AND residencies.state = 'approved'
LEFT JOIN personal_details ON personal_details.person_id = residencies.person_id
LEFT JOIN read_receipts ON read_receipts.person_id = residencies.person_id
  AND read_receipts.announcement_id = :announcement_id
WHERE buildings.compound_id = :compound_id
ORDER BY units.id, residencies.id;

-- name: announcement_shown_to
-- Whether a chat has got a copy, or its person one elsewhere.
SELECT 1 AS found FROM deliveries
WHERE announcement_id = :announcement_id AND (chat = :chat OR person_id = :person_id)
  AND state IN ('posted', 'sent', 'recalled')
LIMIT 1;
