-- Two rows of people who turn out to be one person: everything of :from_person becomes :to_person's. Where both have
-- what there can be only one of, the better or the older stays.

-- name: lock_people
-- In the order of their ids: two merges wait for each other instead of stopping each other.
SELECT id, locale, is_elder, forgotten_at FROM people WHERE id IN (:from_person, :to_person) ORDER BY id FOR UPDATE;

-- name: accounts_of
SELECT channel, address FROM accounts WHERE person_id = :person_id ORDER BY id;

-- name: drop_account!
DELETE FROM accounts WHERE channel = :channel AND address = :address;

-- name: drop_dialogs_in!
DELETE FROM dialogs WHERE chat = :chat AND person_id = :person_id;

-- name: readdress_deliveries!
-- What has not gone out goes to the new address, unless it goes there anyway.
UPDATE deliveries SET chat = :new_chat
WHERE chat = :old_chat AND state = 'planned' AND NOT EXISTS (
  SELECT 1 FROM deliveries AS other
  WHERE other.announcement_id = deliveries.announcement_id AND other.chat = :new_chat
);

-- name: signups_twice
-- Parties somebody would be in twice: the later one of each activity that is not over.
SELECT later.id, later.signer_id, later.names
FROM signups AS later JOIN signups AS earlier
  ON earlier.activity_id = later.activity_id AND earlier.placed < later.placed
WHERE later.person_id IN (:from_person, :to_person) AND earlier.person_id IN (:from_person, :to_person)
  AND later.state IN ('waiting', 'asked', 'confirmed') AND earlier.state IN ('waiting', 'asked', 'confirmed', 'checked_in')
ORDER BY later.id;

-- name: without_self!
-- A party that no longer has the one in it whose signup it was.
UPDATE signups SET person_id = NULL WHERE id = :id;

-- name: rename_household!
UPDATE signups SET household = :new WHERE household = :old;

-- name: empty_person!
-- What is left is a tombstone.
UPDATE people SET
  locale = NULL, is_elder = 0, misunderstood = 0, elder_offered_at = NULL, numbers = '[]', numbers_of = '', forgotten_at = :now
WHERE id = :person_id;

-- name: take_ways!
-- The language that was chosen, and simple mode if either has it.
UPDATE people SET
  locale = COALESCE(locale, CAST(:locale AS TEXT)), is_elder = CASE WHEN :is_elder = 1 THEN 1 ELSE is_elder END
WHERE id = :person_id;

-- One statement for each column or table, in the order of storage/merging.py -----------------------------------

-- name: merge_details!
DELETE FROM personal_details WHERE person_id = :from_person AND person_id <> :to_person;

-- name: merge_accounts!
UPDATE accounts SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_residencies_twice!
-- Approved before pending before what is over; of equals what the register lists, then the older.
DELETE FROM residencies
WHERE person_id IN (:from_person, :to_person) AND EXISTS (
  SELECT 1 FROM residencies AS other
  WHERE other.unit_id = residencies.unit_id AND other.person_id IN (:from_person, :to_person)
    AND other.id <> residencies.id
    AND (CASE other.state WHEN 'approved' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, -other.is_listed, other.id)
      < (CASE residencies.state WHEN 'approved' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END,
         -residencies.is_listed, residencies.id)
);

-- name: merge_residencies!
-- One home at most comes first.
UPDATE residencies
SET person_id = :to_person,
    is_main = CASE WHEN EXISTS (
      SELECT 1 FROM residencies AS other WHERE other.person_id = :to_person AND other.is_main = 1
    ) THEN 0 ELSE is_main END
WHERE person_id = :from_person;

-- name: merge_residencies_decided!
UPDATE residencies SET decided_by = :to_person WHERE decided_by = :from_person;

-- name: merge_appointments_twice!
-- The holder before the stand-in before the deputy, then who has been there longer.
DELETE FROM appointments
WHERE person_id IN (:from_person, :to_person) AND ends_at IS NULL AND EXISTS (
  SELECT 1 FROM appointments AS other
  WHERE other.post_id = appointments.post_id AND other.ends_at IS NULL
    AND other.person_id IN (:from_person, :to_person) AND other.id <> appointments.id
    AND (other.is_deputy, CASE WHEN other.acting_for IS NULL THEN 0 ELSE 1 END, other.starts_at, other.id)
      < (appointments.is_deputy, CASE WHEN appointments.acting_for IS NULL THEN 0 ELSE 1 END,
         appointments.starts_at, appointments.id)
);

-- name: merge_appointments!
UPDATE appointments SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_acting_for!
UPDATE appointments SET acting_for = :to_person WHERE acting_for = :from_person;

-- name: merge_planned_appointments!
UPDATE planned_appointments SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_planned_by!
UPDATE planned_appointments SET planned_by = :to_person WHERE planned_by = :from_person;

-- name: merge_absences!
UPDATE absences SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_stand_ins!
-- Nobody stands in for themselves.
UPDATE absences SET stand_in_id = CASE WHEN person_id IN (:from_person, :to_person) THEN NULL ELSE :to_person END
WHERE stand_in_id = :from_person OR (stand_in_id = :to_person AND person_id = :from_person);

-- name: merge_changes_actor!
UPDATE changes SET actor_id = :to_person WHERE actor_id = :from_person;

-- name: merge_changes_person!
UPDATE changes SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_links!
UPDATE links SET used_by = :to_person WHERE used_by = :from_person;

-- name: merge_moving_codes!
DELETE FROM moving_codes WHERE person_id IN (:from_person, :to_person);

-- name: merge_reporters!
UPDATE issues SET reporter_id = :to_person WHERE reporter_id = :from_person;

-- name: merge_proxies!
-- Who reported something for themselves has reported it.
UPDATE issues SET proxy_id = CASE WHEN reporter_id IN (:from_person, :to_person) THEN NULL ELSE :to_person END
WHERE proxy_id = :from_person OR (proxy_id = :to_person AND reporter_id IN (:from_person, :to_person));

-- name: merge_handlers!
UPDATE issues SET handler_id = :to_person WHERE handler_id = :from_person;

-- name: merge_issue_events!
UPDATE issue_events SET actor_id = :to_person WHERE actor_id = :from_person;

-- name: merge_parts_twice!
-- Nobody follows what they reported, nor is anything to an issue twice.
DELETE FROM issue_people
WHERE person_id = :from_person AND EXISTS (
  SELECT 1 FROM issue_people AS other
  WHERE other.issue_id = issue_people.issue_id AND other.part = issue_people.part AND other.person_id = :to_person
) OR person_id IN (:from_person, :to_person) AND part IN ('follows', 'affected') AND EXISTS (
  SELECT 1 FROM issues WHERE issues.id = issue_people.issue_id AND issues.reporter_id = :to_person
);

-- name: merge_parts!
UPDATE issue_people SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_assignments!
UPDATE assignments SET handler_id = :to_person WHERE handler_id = :from_person;

-- name: merge_verdicts!
UPDATE verdicts SET handler_id = :to_person WHERE handler_id = :from_person;

-- name: merge_issue_notes!
UPDATE issue_notes SET author_id = :to_person WHERE author_id = :from_person;

-- name: merge_reply_templates!
UPDATE reply_templates SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_restrictions_twice!
-- One that waits or runs is enough.
UPDATE restrictions SET state = 'over'
WHERE person_id = :from_person AND state IN ('proposed', 'active') AND EXISTS (
  SELECT 1 FROM restrictions AS other
  WHERE other.person_id = :to_person AND other.compound_id = restrictions.compound_id
    AND other.state IN ('proposed', 'active')
);

-- name: merge_restrictions!
UPDATE restrictions SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_restrictions_proposed!
UPDATE restrictions SET proposed_by = :to_person WHERE proposed_by = :from_person;

-- name: merge_restrictions_decided!
UPDATE restrictions SET decided_by = :to_person WHERE decided_by = :from_person;

-- name: merge_restrictions_upheld!
UPDATE restrictions SET upheld_by = :to_person WHERE upheld_by = :from_person;

-- name: merge_restrictions_ended!
UPDATE restrictions SET ended_by = :to_person WHERE ended_by = :from_person;

-- name: merge_floods!
-- What was counted of the other is counted anew.
DELETE FROM floods WHERE person_id = :from_person AND person_id <> :to_person;

-- name: merge_overheard!
UPDATE overheard SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_calls_twice!
-- A call of one's own, and one in which both were told: the one before goes.
DELETE FROM calls
WHERE (person_id = :from_person AND EXISTS (SELECT 1 FROM calls AS other WHERE other.person_id = :to_person))
  OR (asked_id = :from_person AND EXISTS (
    SELECT 1 FROM calls AS other
    WHERE other.person_id = calls.person_id AND other.begun_at = calls.begun_at AND other.asked_id = :to_person
  ));

-- name: merge_calls!
UPDATE calls SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_calls_asked!
UPDATE calls SET asked_id = :to_person WHERE asked_id = :from_person;

-- name: merge_calls_taken!
UPDATE calls SET taken_by = :to_person WHERE taken_by = :from_person;

-- name: merge_notices!
UPDATE notices SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_dialogs_twice!
DELETE FROM dialogs WHERE person_id = :to_person
  AND EXISTS (SELECT 1 FROM dialogs AS other WHERE other.chat = dialogs.chat AND other.person_id = :from_person);

-- name: merge_dialogs!
UPDATE dialogs SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_outbox!
UPDATE outbox SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_groups!
UPDATE groups SET bound_by = :to_person WHERE bound_by = :from_person;

-- name: merge_group_codes!
UPDATE group_codes SET made_by = :to_person WHERE made_by = :from_person;

-- name: merge_interest_groups!
UPDATE interest_groups SET leader_id = :to_person WHERE leader_id = :from_person;

-- name: merge_members_twice!
DELETE FROM interest_group_members
WHERE person_id IN (:from_person, :to_person) AND EXISTS (
  SELECT 1 FROM interest_group_members AS other
  WHERE other.interest_group_id = interest_group_members.interest_group_id
    AND other.person_id IN (:from_person, :to_person)
    AND (other.joined_at, other.person_id) < (interest_group_members.joined_at, interest_group_members.person_id)
);

-- name: merge_members!
UPDATE interest_group_members SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_announcement_authors!
UPDATE announcements SET author_id = :to_person WHERE author_id = :from_person;

-- name: merge_announcement_seconds!
UPDATE announcements SET second_id = :to_person WHERE second_id = :from_person;

-- name: merge_announcement_events!
UPDATE announcement_events SET actor_id = :to_person WHERE actor_id = :from_person;

-- name: merge_deliveries!
UPDATE deliveries SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_receipts_twice!
DELETE FROM read_receipts
WHERE person_id IN (:from_person, :to_person) AND EXISTS (
  SELECT 1 FROM read_receipts AS other
  WHERE other.announcement_id = read_receipts.announcement_id AND other.person_id IN (:from_person, :to_person)
    AND (other.at, other.person_id) < (read_receipts.at, read_receipts.person_id)
);

-- name: merge_receipts!
UPDATE read_receipts SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_mutes_twice!
DELETE FROM mutes
WHERE person_id = :from_person AND EXISTS (
  SELECT 1 FROM mutes AS other
  WHERE other.compound_id = mutes.compound_id AND other.interest_group_id = mutes.interest_group_id
    AND other.person_id = :to_person
);

-- name: merge_mutes!
UPDATE mutes SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_loans!
UPDATE loans SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_loans_lent!
UPDATE loans SET lent_by = :to_person WHERE lent_by = :from_person;

-- name: merge_loans_revoked!
UPDATE loans SET revoked_by = :to_person WHERE revoked_by = :from_person;

-- name: merge_activities!
UPDATE activities SET author_id = :to_person WHERE author_id = :from_person;

-- name: merge_activity_events!
UPDATE activity_events SET actor_id = :to_person WHERE actor_id = :from_person;

-- name: merge_signers!
UPDATE signups SET signer_id = :to_person WHERE signer_id = :from_person;

-- name: merge_signups!
UPDATE signups SET person_id = :to_person WHERE person_id = :from_person;

-- name: merge_card_prints!
UPDATE card_prints SET made_by = :to_person WHERE made_by = :from_person;

-- name: merge_phone_views!
UPDATE phone_views SET viewer_id = :to_person WHERE viewer_id = :from_person;

-- name: merge_phone_views_of!
UPDATE phone_views SET person_id = :to_person WHERE person_id = :from_person;
