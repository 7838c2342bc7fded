-- The first schema. One dialect for both engines: instants are integers (microseconds UTC), truth is 0/1,
-- JSON is text. The PostgreSQL adapter widens INTEGER to BIGINT and makes INTEGER PRIMARY KEY an identity.

-- Places ------------------------------------------------------------------------------------------------
CREATE TABLE compounds (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  timezone TEXT NOT NULL,
  locale TEXT NOT NULL
);

CREATE TABLE buildings (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  label TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (compound_id, label)
);

CREATE TABLE entrances (
  id INTEGER PRIMARY KEY,
  building_id INTEGER NOT NULL REFERENCES buildings (id),
  label TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (building_id, label)
);

CREATE TABLE units (
  id INTEGER PRIMARY KEY,
  building_id INTEGER NOT NULL REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  label TEXT NOT NULL,
  area_m2 INTEGER
);
CREATE UNIQUE INDEX units_once ON units (building_id, COALESCE(entrance_id, 0), label);

-- People; what identifies them stands apart so that it can be erased ---------------------------------------
CREATE TABLE people (
  id INTEGER PRIMARY KEY,
  locale TEXT,
  created_at INTEGER NOT NULL
);

CREATE TABLE personal_details (
  person_id INTEGER PRIMARY KEY REFERENCES people (id),
  name TEXT NOT NULL,
  phone TEXT NOT NULL
);

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  display_name TEXT NOT NULL,
  language TEXT NOT NULL,
  unreachable_since INTEGER,
  UNIQUE (channel, address)
);
CREATE INDEX accounts_of_person ON accounts (person_id);

CREATE TABLE residencies (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  unit_id INTEGER NOT NULL REFERENCES units (id),
  kind TEXT NOT NULL CHECK (kind IN ('owner', 'renter', 'family')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'ended')),
  asked_at INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by INTEGER REFERENCES people (id),
  UNIQUE (person_id, unit_id)
);
CREATE INDEX residencies_of_unit ON residencies (unit_id);

-- Posts -------------------------------------------------------------------------------------------------
CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  kind TEXT NOT NULL,
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  duty TEXT NOT NULL,
  hours TEXT NOT NULL,
  phone_shown INTEGER NOT NULL CHECK (phone_shown IN (0, 1))
);
CREATE UNIQUE INDEX posts_once ON posts (compound_id, kind, COALESCE(building_id, 0), COALESCE(entrance_id, 0));

CREATE TABLE appointments (
  id INTEGER PRIMARY KEY,
  post_id INTEGER NOT NULL REFERENCES posts (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER
);
CREATE UNIQUE INDEX appointments_now ON appointments (post_id, person_id) WHERE ends_at IS NULL;
CREATE INDEX appointments_of_person ON appointments (person_id) WHERE ends_at IS NULL;

-- Joining links (kept for years on a wall) and one-time invitations to a post.
CREATE TABLE links (
  code TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('join', 'appoint')),
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  post_id INTEGER REFERENCES posts (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER,
  used_by INTEGER REFERENCES people (id)
);
CREATE UNIQUE INDEX links_of_place ON links (building_id, COALESCE(entrance_id, 0)) WHERE kind = 'join';

-- Issues ------------------------------------------------------------------------------------------------
CREATE TABLE issue_numbers (
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  day TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (compound_id, day)
);

CREATE TABLE issues (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  number TEXT NOT NULL,
  category TEXT NOT NULL,
  urgency TEXT NOT NULL,
  is_private INTEGER NOT NULL CHECK (is_private IN (0, 1)),
  place_kind TEXT NOT NULL CHECK (place_kind IN ('unit', 'entrance', 'building', 'common_area', 'compound')),
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  unit_id INTEGER REFERENCES units (id),
  text TEXT NOT NULL,
  state TEXT NOT NULL,
  resolution TEXT,
  closed_how TEXT,
  reporter_id INTEGER NOT NULL REFERENCES people (id),
  reporter_approved INTEGER NOT NULL CHECK (reporter_approved IN (0, 1)),
  handler_id INTEGER NOT NULL REFERENCES people (id),
  handler_post TEXT NOT NULL,
  reason TEXT NOT NULL,
  filed_at INTEGER NOT NULL,
  assigned_at INTEGER NOT NULL,
  accepted_at INTEGER,
  resolved_at INTEGER,
  closed_at INTEGER,
  nudged_at INTEGER,
  rating TEXT,
  reopen_count INTEGER NOT NULL,
  -- Two clocks: accept-by runs while the issue is open, resolve-by from filing (or reopening) until it is
  -- resolved; resolve_since is empty while that one stands still.
  clock_kind TEXT NOT NULL,
  accept_term INTEGER NOT NULL,
  resolve_term INTEGER NOT NULL,
  resolve_used INTEGER NOT NULL,
  resolve_since INTEGER,
  UNIQUE (compound_id, number)
);
CREATE INDEX issues_of_reporter ON issues (reporter_id, id);
CREATE INDEX issues_of_handler ON issues (handler_id, id) WHERE state <> 'closed';
CREATE INDEX issues_of_building ON issues (building_id, id);

-- Append-only: a correction is a new event (C2).
CREATE TABLE issue_events (
  id INTEGER PRIMARY KEY,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  at INTEGER NOT NULL,
  actor_id INTEGER REFERENCES people (id),
  action TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  text TEXT NOT NULL,
  facts TEXT NOT NULL
);
CREATE INDEX events_of_issue ON issue_events (issue_id, id);

CREATE TABLE attachments (
  id INTEGER PRIMARY KEY,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  event_id INTEGER NOT NULL REFERENCES issue_events (id),
  kind TEXT NOT NULL,
  file TEXT NOT NULL
);
CREATE INDEX attachments_of_issue ON attachments (issue_id, id);

-- Who else watches an issue (follows) or must never see it (concerned).
CREATE TABLE issue_people (
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  part TEXT NOT NULL CHECK (part IN ('follows', 'concerned', 'declined')),
  PRIMARY KEY (issue_id, person_id, part)
);

-- Due times: one row for each clock of each issue; firing moves the row on, so nothing fires twice --------
CREATE TABLE dues (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  due_at INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  UNIQUE (issue_id, kind)
);
CREATE INDEX dues_by_time ON dues (due_at);

-- What the clock has to say to a person; folded into one message when it is released.
CREATE TABLE notices (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  topic TEXT NOT NULL,
  stage INTEGER NOT NULL,
  facts TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  release_at INTEGER NOT NULL
);
CREATE INDEX notices_by_time ON notices (release_at);
CREATE INDEX notices_of_issue ON notices (issue_id);

-- Conversation ------------------------------------------------------------------------------------------
CREATE TABLE dialogs (
  chat TEXT NOT NULL,
  person_id INTEGER NOT NULL REFERENCES people (id),
  dialog TEXT NOT NULL,
  step TEXT NOT NULL,
  data TEXT NOT NULL,
  round INTEGER NOT NULL,
  touched_at INTEGER NOT NULL,
  PRIMARY KEY (chat, person_id)
);

-- Mail --------------------------------------------------------------------------------------------------
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  bot_id INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  sender TEXT NOT NULL,
  chat TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('new', 'done', 'buried')),
  attempts INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  error TEXT,
  received_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (bot_id, update_id)
);
CREATE INDEX inbox_new ON inbox (id) WHERE state = 'new';
CREATE INDEX inbox_new_of_sender ON inbox (sender, id) WHERE state = 'new';
CREATE INDEX inbox_finished ON inbox (finished_at) WHERE state <> 'new';

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  bot_id INTEGER NOT NULL,
  person_id INTEGER REFERENCES people (id),
  chat TEXT NOT NULL,
  lane INTEGER NOT NULL,
  intent TEXT NOT NULL,
  payload TEXT NOT NULL,
  card_key TEXT,
  dedupe_key TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'buried', 'expired')),
  not_before INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  expires_at INTEGER,
  attempts INTEGER NOT NULL,
  message_id INTEGER,
  error TEXT,
  created_at INTEGER NOT NULL,
  settled_at INTEGER
);
CREATE INDEX outbox_waiting ON outbox (chat, id) WHERE state = 'waiting';
CREATE INDEX outbox_waiting_for ON outbox (person_id) WHERE state = 'waiting';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state <> 'waiting';

-- Which message in a chat shows what: an issue's card, a dialog's question.
CREATE TABLE cards (
  chat TEXT NOT NULL,
  card_key TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (chat, card_key)
);
