-- The issue desk in full: waiting and referring, threads and notes, what belongs together, search, statistics.

-- Where an issue waits, and for what -----------------------------------------------------------------------------
-- When the side state is looked at again: a follow-up of what was referred, or the day it was put off to.
ALTER TABLE issues ADD COLUMN wake_at INTEGER;
-- To whom it was referred (property, subdistrict, hotline, other) and under which number it is known there.
ALTER TABLE issues ADD COLUMN referred_to TEXT NOT NULL DEFAULT '';
ALTER TABLE issues ADD COLUMN external_reference TEXT NOT NULL DEFAULT '';
-- The issue this one was merged into.
ALTER TABLE issues ADD COLUMN duplicate_of INTEGER REFERENCES issues (id);
CREATE INDEX issues_merged ON issues (duplicate_of) WHERE duplicate_of IS NOT NULL;
-- What the reporter said with the rating.
ALTER TABLE issues ADD COLUMN rating_words TEXT NOT NULL DEFAULT '';
-- What may be the same matter, and the lists of a compound.
CREATE INDEX issues_of_compound ON issues (compound_id, id) WHERE state <> 'closed';
CREATE INDEX issues_alike ON issues (compound_id, category, filed_at);
-- What somebody has ever handled, for finding it again.
CREATE INDEX issues_handled ON issues (handler_id, id);

-- Who takes part: follows (a leader looks on), affected (我也遇到), helps (was asked to), concerned, declined. ----
CREATE TABLE issue_people_new (
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  part TEXT NOT NULL CHECK (part IN ('follows', 'affected', 'helps', 'concerned', 'declined')),
  PRIMARY KEY (issue_id, person_id, part)
);
INSERT INTO issue_people_new (issue_id, person_id, part) SELECT issue_id, person_id, part FROM issue_people;
DROP TABLE issue_people;
ALTER TABLE issue_people_new RENAME TO issue_people;
CREATE INDEX issues_of_part ON issue_people (person_id, part);

-- Every time somebody was given an issue: what the rates are counted from. ------------------------------------------
CREATE TABLE assignments (
  id INTEGER PRIMARY KEY,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  handler_id INTEGER NOT NULL REFERENCES people (id),
  handler_post TEXT NOT NULL,
  assigned_at INTEGER NOT NULL,
  -- By when it was to be answered; empty where nothing was to be accepted, or that was not written down yet.
  accept_due_at INTEGER,
  -- When they accepted it, or handed it on or ended it themselves.
  answered_at INTEGER,
  -- When it went to somebody else or was closed.
  ended_at INTEGER
);
CREATE INDEX assignments_of_issue ON assignments (issue_id, id);
CREATE INDEX assignments_due ON assignments (accept_due_at);
INSERT INTO assignments (issue_id, handler_id, handler_post, assigned_at, answered_at, ended_at)
SELECT id, handler_id, handler_post, assigned_at, accepted_at, closed_at FROM issues ORDER BY id;
-- Every time a reporter was asked whether it is done, and what they said.
CREATE TABLE verdicts (
  id INTEGER PRIMARY KEY,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  handler_id INTEGER NOT NULL REFERENCES people (id),
  handler_post TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  -- Who answered was the handler: it is nobody's judgement.
  is_own INTEGER NOT NULL CHECK (is_own IN (0, 1)),
  answer TEXT CHECK (answer IN ('confirmed', 'disputed', 'no_reply')),
  answered_at INTEGER,
  rating TEXT,
  rated_at INTEGER,
  -- When the reporter took it back: it is not done after all.
  reopened_at INTEGER
);
CREATE INDEX verdicts_of_issue ON verdicts (issue_id, id);
CREATE INDEX verdicts_answered ON verdicts (answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX verdicts_rated ON verdicts (rated_at) WHERE rated_at IS NOT NULL;
CREATE INDEX verdicts_reopened ON verdicts (reopened_at) WHERE reopened_at IS NOT NULL;
INSERT INTO verdicts (issue_id, handler_id, handler_post, asked_at, is_own, answer, answered_at, rating, rated_at)
SELECT id, handler_id, handler_post, resolved_at, CASE WHEN handler_id = reporter_id THEN 1 ELSE 0 END,
       CASE WHEN closed_how = 'no_reply' THEN closed_how WHEN state = 'closed' THEN 'confirmed' END, closed_at,
       rating, CASE WHEN rating IS NOT NULL THEN closed_at END
FROM issues WHERE state = 'resolved' OR closed_how IN ('confirmed', 'confirmed_by_proxy', 'no_reply') ORDER BY id;
CREATE INDEX issues_filed ON issues (compound_id, filed_at);

-- What those in charge write to each other about an issue; never seen by the reporter. ------------------------------
CREATE TABLE issue_notes (
  id INTEGER PRIMARY KEY,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  author_id INTEGER NOT NULL REFERENCES people (id),
  at INTEGER NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX notes_of_issue ON issue_notes (issue_id, id);

-- Which message is about which issue, for replies; `event_id` for a message a person wrote, for its corrections. -----
CREATE TABLE issue_messages (
  chat TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  event_id INTEGER REFERENCES issue_events (id),
  -- Which characters of the words of the event this message has said.
  begins INTEGER NOT NULL DEFAULT 0,
  length INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL,
  PRIMARY KEY (chat, message_id)
);
CREATE INDEX messages_of_issue ON issue_messages (issue_id);
CREATE INDEX messages_of_event ON issue_messages (event_id) WHERE event_id IS NOT NULL;
ALTER TABLE outbox ADD COLUMN issue_id INTEGER REFERENCES issues (id);

-- Ready words, of a compound (person_id empty) or of one leader. -----------------------------------------------------
CREATE TABLE reply_templates (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  person_id INTEGER REFERENCES people (id),
  -- Empty: for every category.
  category TEXT NOT NULL,
  -- For which action: reply, request_info, resolve, decline, refer.
  action TEXT NOT NULL,
  text TEXT NOT NULL,
  -- When it was made or last used.
  used_at INTEGER NOT NULL
);
CREATE INDEX templates_of_compound ON reply_templates (compound_id, action, category);

-- Pairs of characters of the words of an issue, for finding it. ------------------------------------------------------
CREATE TABLE issue_grams (
  compound_id INTEGER NOT NULL,
  gram TEXT NOT NULL,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  PRIMARY KEY (compound_id, gram, issue_id)
);
CREATE INDEX grams_of_issue ON issue_grams (issue_id);
-- What was reported before is made findable little by little; where nothing was, nothing is to be done.
INSERT INTO chores (kind, subject_id, due_at, stage) SELECT 'search.index', 0, 0, 0 WHERE EXISTS (SELECT 1 FROM issues);

-- How a person uses the bot. -----------------------------------------------------------------------------------------
ALTER TABLE people ADD COLUMN is_elder INTEGER NOT NULL DEFAULT 0 CHECK (is_elder IN (0, 1));
-- How often in a row the bot did not understand, and when large buttons were last offered.
ALTER TABLE people ADD COLUMN misunderstood INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN elder_offered_at INTEGER;
-- What a typed number stands for: the options under the newest message that has numbers, and its card key.
ALTER TABLE people ADD COLUMN numbers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE people ADD COLUMN numbers_of TEXT NOT NULL DEFAULT '';
-- Somebody asked for a person to talk to: a row for everybody who was told, until one of them says they will.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  unit_id INTEGER NOT NULL REFERENCES units (id),
  -- When the first one was told: the rows of one call have it in common.
  begun_at INTEGER NOT NULL,
  asked_id INTEGER NOT NULL REFERENCES people (id),
  asked_at INTEGER NOT NULL,
  taken_by INTEGER REFERENCES people (id),
  taken_at INTEGER
);
CREATE UNIQUE INDEX calls_once ON calls (person_id, begun_at, asked_id);

-- Who may not report for a while: proposed by one officer, decided by another, appealable. ---------------------------
CREATE TABLE restrictions (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  reason TEXT NOT NULL,
  days INTEGER NOT NULL,
  proposed_by INTEGER REFERENCES people (id),
  proposed_at INTEGER NOT NULL,
  decided_by INTEGER REFERENCES people (id),
  begins_at INTEGER,
  until_at INTEGER,
  appeal TEXT NOT NULL DEFAULT '',
  appealed_at INTEGER,
  -- When others looked at the appeal and let it stand.
  upheld_at INTEGER,
  upheld_by INTEGER REFERENCES people (id),
  ended_at INTEGER,
  ended_by INTEGER REFERENCES people (id),
  state TEXT NOT NULL CHECK (state IN ('proposed', 'refused', 'active', 'lifted', 'over'))
);
CREATE INDEX restrictions_of_person ON restrictions (person_id) WHERE state = 'active';
-- Two who propose at the same time: one of them does.
CREATE UNIQUE INDEX restrictions_once ON restrictions (compound_id, person_id)
WHERE state = 'proposed' OR state = 'active';
CREATE INDEX restrictions_of_compound ON restrictions (compound_id, state);

-- How much somebody has written lately, so that a flood is answered once. --------------------------------------------
CREATE TABLE floods (
  person_id INTEGER PRIMARY KEY REFERENCES people (id),
  since INTEGER NOT NULL,
  count INTEGER NOT NULL,
  -- The photos of one album count once.
  album TEXT NOT NULL
);

-- What was overheard in a group and asked about, once; the words go when it was answered, or after some days. ---------
CREATE TABLE overheard (
  -- What the answer's button, or the link in the group, carries.
  code TEXT PRIMARY KEY,
  chat TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  sender TEXT NOT NULL,
  -- Empty where the bot does not know who said it.
  person_id INTEGER REFERENCES people (id),
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  text TEXT NOT NULL,
  photos TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- Whether the question stands in the group, for want of a way to ask in private.
  is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('asked', 'filed', 'refused'))
);
CREATE UNIQUE INDEX overheard_once ON overheard (chat, message_id);
CREATE INDEX overheard_in ON overheard (chat, at) WHERE is_public = 1;
CREATE INDEX overheard_from ON overheard (sender, at);
-- Whether reports are listened for in this group.
ALTER TABLE groups ADD COLUMN listens INTEGER NOT NULL DEFAULT 1 CHECK (listens IN (0, 1));
