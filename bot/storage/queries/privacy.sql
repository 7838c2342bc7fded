-- name: phone_is_public
-- Whether a person's own phone stands on the contact card, because of a post they hold.
SELECT 1 AS found FROM appointments JOIN posts ON posts.id = appointments.post_id
WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
  AND posts.phone = ''
  AND COALESCE(appointments.phone_shown, CASE WHEN appointments.is_deputy = 0
               AND appointments.acting_for IS NULL THEN posts.phone_shown ELSE 0 END) = 1
LIMIT 1;

-- name: put_phone_view!
INSERT INTO phone_views (at, viewer_id, person_id, role, post_id)
VALUES (:now, :viewer_id, :person_id, :role, :post_id);

-- name: phone_views_of
-- Who has looked at somebody's phone, the latest first.
SELECT at, viewer_id, role, post_id FROM phone_views WHERE person_id = :person_id ORDER BY id DESC LIMIT :most;

-- name: is_known
SELECT 1 AS found FROM people WHERE id = :person_id AND forgotten_at IS NULL;

-- name: is_forgotten
SELECT 1 AS found FROM people WHERE id = :person_id AND forgotten_at IS NOT NULL;

-- name: shown_as
SELECT shown_as FROM people WHERE id = :person_id;

-- name: set_shown_as!
UPDATE people SET shown_as = :level WHERE id = :person_id;

-- name: own_home_rows
SELECT residencies.unit_id, residencies.kind, residencies.state, residencies.asked_at, residencies.decided_at,
       residencies.reason
FROM residencies WHERE residencies.person_id = :person_id ORDER BY residencies.id;

-- name: own_post_rows
SELECT appointments.post_id, appointments.starts_at, appointments.ends_at, appointments.term_until,
       appointments.is_deputy, appointments.acting_for
FROM appointments WHERE appointments.person_id = :person_id ORDER BY appointments.id;

-- name: own_issue_rows
-- What somebody reported, had reported for them, reported for another, or follows.
SELECT issues.id, issues.number, issues.filed_at, issues.state, issues.category, issues.closed_at, issues.rating,
       CASE WHEN issues.reporter_id = :person_id THEN 'reported' WHEN issues.proxy_id = :person_id THEN 'proxy'
            ELSE 'follows' END AS part
FROM issues
WHERE issues.reporter_id = :person_id OR issues.proxy_id = :person_id
  OR issues.id IN (SELECT issue_id FROM issue_people WHERE person_id = :person_id AND part IN ('follows', 'affected'))
ORDER BY issues.id;

-- name: own_signup_rows
SELECT activities.title, activities.starts_at, activities.compound_id, signups.names, signups.state,
       signups.created_at
FROM signups JOIN activities ON activities.id = signups.activity_id
WHERE signups.signer_id = :person_id OR signups.person_id = :person_id ORDER BY signups.id;

-- name: own_announcement_rows
-- What somebody wrote, and what they said they have read.
SELECT announcements.created_at AS at, announcements.html, announcements.activity_id, announcements.compound_id,
       'written' AS part
FROM announcements WHERE announcements.author_id = :person_id
UNION ALL
SELECT read_receipts.at, announcements.html, announcements.activity_id, announcements.compound_id, 'read' AS part
FROM read_receipts JOIN announcements ON announcements.id = read_receipts.announcement_id
WHERE read_receipts.person_id = :person_id
ORDER BY 1;

-- name: own_group_rows
-- Interest groups somebody is in, and what they have muted; without a group's name, the whole compound.
SELECT interest_groups.name, interest_groups.compound_id, interest_group_members.joined_at AS at,
       CASE WHEN interest_groups.leader_id = :person_id THEN 'leader' ELSE 'member' END AS part
FROM interest_group_members
JOIN interest_groups ON interest_groups.id = interest_group_members.interest_group_id
WHERE interest_group_members.person_id = :person_id AND interest_groups.ended_at IS NULL
UNION ALL
SELECT COALESCE(interest_groups.name, compounds.name), mutes.compound_id, mutes.since, 'muted' AS part
FROM mutes JOIN compounds ON compounds.id = mutes.compound_id
LEFT JOIN interest_groups ON interest_groups.id = mutes.interest_group_id
WHERE mutes.person_id = :person_id
ORDER BY 3;

-- name: own_change_rows
-- The lines of the record that are about somebody, or that they caused.
SELECT changes.at, changes.source, changes.action, changes.post_id, changes.unit_id,
       CASE WHEN changes.person_id = :person_id THEN 'about' ELSE 'done' END AS part
FROM changes WHERE changes.person_id = :person_id OR changes.actor_id = :person_id ORDER BY changes.id;

-- name: own_account_rows
SELECT accounts.channel, accounts.address, accounts.display_name, accounts.language
FROM accounts WHERE accounts.person_id = :person_id ORDER BY accounts.id;

-- name: last_exported
SELECT MAX(at) AS at FROM changes WHERE person_id = :person_id AND action = 'person.exported';

-- name: own_going_on
-- The issues of a person that are not closed, the oldest first.
SELECT id FROM issues WHERE reporter_id = :person_id AND state <> 'closed' ORDER BY id;

-- name: own_live_signups
-- What a person has signed somebody up for that has not begun.
SELECT signups.id FROM signups JOIN activities ON activities.id = signups.activity_id
WHERE signups.signer_id = :person_id AND activities.state = 'open' AND activities.starts_at > :now
  AND signups.state IN ('waiting', 'asked', 'confirmed')
ORDER BY signups.id;

-- name: forget_words!
-- An issue is counted for ever: number, times, states, what kind of thing it was and in which building.
UPDATE issues SET
  text = '', rating_words = '', erased_at = :now, unit_id = NULL, proxy_unit_id = NULL,
  place_kind = CASE WHEN place_kind <> 'unit' THEN place_kind WHEN entrance_id IS NULL THEN 'building' ELSE 'entrance' END
WHERE reporter_id = :person_id AND (erased_at IS NULL OR unit_id IS NOT NULL);

-- name: forget_talk!
-- What was said about it, by either side: to whom it was said is gone. Neighbours who have met the same have said
-- so for themselves, as this person may have of what others reported.
UPDATE issue_events SET text = '' WHERE text <> '' AND CASE WHEN action = 'follow' THEN actor_id = :person_id
  ELSE issue_id IN (SELECT id FROM issues WHERE reporter_id = :person_id) END;

-- name: forget_attachments!
DELETE FROM attachments WHERE event_id IN (
  SELECT id FROM issue_events WHERE CASE WHEN action = 'follow' THEN actor_id = :person_id
    ELSE issue_id IN (SELECT id FROM issues WHERE reporter_id = :person_id) END
);

-- name: forget_following!
DELETE FROM issue_people WHERE person_id = :person_id AND part IN ('follows', 'affected', 'helps');

-- name: forget_notes!
-- What was noted about what they reported.
UPDATE issue_notes SET text = '' WHERE text <> '' AND issue_id IN (SELECT id FROM issues WHERE reporter_id = :person_id);

-- name: forget_grams!
DELETE FROM issue_grams WHERE issue_id IN (SELECT id FROM issues WHERE reporter_id = :person_id);

-- name: forget_templates!
DELETE FROM reply_templates WHERE person_id = :person_id;

-- name: forget_restrictions!
UPDATE restrictions SET reason = '', appeal = '' WHERE person_id = :person_id;

-- name: forget_floods!
DELETE FROM floods WHERE person_id = :person_id;

-- name: forget_overheard!
DELETE FROM overheard WHERE person_id = :person_id;

-- name: forget_notices!
DELETE FROM notices WHERE person_id = :person_id;

-- name: forget_dialogs!
DELETE FROM dialogs WHERE person_id = :person_id;

-- name: forget_mutes!
DELETE FROM mutes WHERE person_id = :person_id;

-- name: forget_loans!
DELETE FROM loans WHERE person_id = :person_id;

-- name: forget_memberships!
DELETE FROM interest_group_members WHERE person_id = :person_id;

-- name: forget_views!
DELETE FROM phone_views WHERE person_id = :person_id;

-- name: forget_plans!
UPDATE planned_appointments SET state = 'withdrawn' WHERE person_id = :person_id AND state IN ('proposed', 'asked', 'waiting');

-- name: forget_absences!
UPDATE absences SET ended_at = :now WHERE person_id = :person_id AND ended_at IS NULL;

-- name: forget_standing_in!
UPDATE absences SET stand_in_id = NULL WHERE stand_in_id = :person_id AND ended_at IS NULL;

-- name: forget_deliveries!
-- That somebody got an announcement is counted; where it went is not kept.
UPDATE deliveries SET
  chat = 'forgotten:' || id,
  reason = CASE WHEN state IN ('planned', 'posted') THEN 'no_account' ELSE reason END,
  state = CASE WHEN state IN ('planned', 'posted') THEN 'left_out' ELSE state END
WHERE person_id = :person_id;

-- name: forget_waiting_mail!
UPDATE outbox SET state = 'expired', settled_at = :now, payload = '', lease_until = 0
WHERE state = 'waiting' AND person_id = :person_id;

-- name: forget_settled_mail!
UPDATE outbox SET payload = '', chat = '', error = NULL
WHERE state <> 'waiting' AND (
  person_id = :person_id OR chat IN (SELECT address FROM accounts WHERE person_id = :person_id)
);

-- name: forget_letters!
-- Not the one that is being answered: it is finished after this.
UPDATE inbox SET payload = '', sender = '', chat = ''
WHERE state <> 'new' AND sender IN (SELECT address FROM accounts WHERE person_id = :person_id);

-- name: forget_cards!
DELETE FROM cards WHERE chat IN (SELECT address FROM accounts WHERE person_id = :person_id);

-- name: forget_messages!
DELETE FROM issue_messages WHERE chat IN (SELECT address FROM accounts WHERE person_id = :person_id);

-- name: forget_homes!
DELETE FROM residencies WHERE person_id = :person_id;

-- name: forget_calls!
DELETE FROM calls WHERE person_id = :person_id;

-- name: forget_moving_codes!
DELETE FROM moving_codes WHERE person_id = :person_id;

-- name: forget_details!
DELETE FROM personal_details WHERE person_id = :person_id;

-- name: forget_accounts!
DELETE FROM accounts WHERE person_id = :person_id;

-- name: forget_person!
UPDATE people SET
  locale = NULL, shown_as = 'leader', is_elder = 0, misunderstood = 0, elder_offered_at = NULL,
  numbers = '[]', numbers_of = '', forgotten_at = :now
WHERE id = :person_id;

-- name: signups_of_signer
SELECT id, names FROM signups WHERE signer_id = :person_id OR person_id = :person_id;

-- name: blank_signup!
-- How many came is counted; who they were and from which home is not kept.
UPDATE signups SET names = :names, household = 'gone:' || id WHERE id = :id;

-- name: expired_issues
SELECT id FROM issues WHERE state = 'closed' AND erased_at IS NULL AND closed_at < :before ORDER BY id LIMIT :most;

-- name: erase_issue!
UPDATE issues SET text = '', rating_words = '', erased_at = :now WHERE id = :id;

-- name: erase_issue_talk!
UPDATE issue_events SET text = '' WHERE issue_id = :id;

-- name: erase_issue_attachments!
DELETE FROM attachments WHERE issue_id = :id;

-- name: erase_issue_notes!
UPDATE issue_notes SET text = '' WHERE issue_id = :id;

-- name: erase_issue_grams!
DELETE FROM issue_grams WHERE issue_id = :id;

-- name: erase_issue_messages!
DELETE FROM issue_messages WHERE issue_id = :id;

-- name: expired_homes
SELECT id FROM residencies
WHERE state IN ('refused', 'ended') AND COALESCE(decided_at, asked_at) < :before ORDER BY id LIMIT :most;

-- name: erase_home_details!
-- Who has no other home, holds no post and leads nothing need not be known by name any more.
DELETE FROM personal_details
WHERE person_id = (SELECT person_id FROM residencies WHERE id = :id)
  AND person_id NOT IN (SELECT person_id FROM residencies WHERE id <> :id)
  AND person_id NOT IN (SELECT person_id FROM appointments WHERE ends_at IS NULL)
  AND person_id NOT IN (SELECT leader_id FROM interest_groups WHERE ended_at IS NULL);

-- name: erase_home!
DELETE FROM residencies WHERE id = :id;

-- name: expired_signups
SELECT signups.id FROM signups JOIN activities ON activities.id = signups.activity_id
WHERE COALESCE(activities.ends_at, activities.starts_at) < :before AND signups.household NOT LIKE 'gone:%'
ORDER BY signups.id LIMIT :most;

-- name: signup_names
SELECT id, names FROM signups WHERE id = :id;

-- name: expired_views
SELECT id FROM phone_views WHERE at < :before ORDER BY id LIMIT :most;

-- name: erase_view!
DELETE FROM phone_views WHERE id = :id;
