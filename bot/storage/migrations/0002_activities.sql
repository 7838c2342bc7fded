-- Groups, announcements, activities, interest groups.

-- Group chats the bot is or was in; a group speaks for at most one place or interest group. ------------------
CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  title TEXT NOT NULL,
  standing TEXT NOT NULL CHECK (standing IN ('member', 'administrator', 'gone')),
  rights TEXT NOT NULL,
  compound_id INTEGER REFERENCES compounds (id),
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  interest_group_id INTEGER,
  bound_by INTEGER REFERENCES people (id),
  bound_at INTEGER,
  UNIQUE (channel, address)
);
CREATE INDEX groups_of_compound ON groups (compound_id);

-- Shown in private, typed in the group, once.
CREATE TABLE group_codes (
  code TEXT PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  interest_group_id INTEGER,
  made_by INTEGER NOT NULL REFERENCES people (id),
  expires_at INTEGER NOT NULL,
  used_at INTEGER
);

-- Interest groups (dance, chess, choir) ------------------------------------------------------------------------
CREATE TABLE interest_groups (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  name TEXT NOT NULL,
  about TEXT NOT NULL,
  leader_id INTEGER NOT NULL REFERENCES people (id),
  practice TEXT,
  practice_place TEXT NOT NULL,
  -- Up to here its practice has made activities.
  practice_through INTEGER,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
);
CREATE UNIQUE INDEX interest_groups_once ON interest_groups (compound_id, name) WHERE ended_at IS NULL;

CREATE TABLE interest_group_members (
  interest_group_id INTEGER NOT NULL REFERENCES interest_groups (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (interest_group_id, person_id)
);
CREATE INDEX interest_groups_of_person ON interest_group_members (person_id);

-- Announcements ------------------------------------------------------------------------------------------------
CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  author_id INTEGER NOT NULL REFERENCES people (id),
  author_post TEXT NOT NULL,
  state TEXT NOT NULL,
  class TEXT NOT NULL CHECK (class IN ('ordinary', 'urgent')),
  html TEXT NOT NULL,
  photos TEXT NOT NULL,
  audience TEXT NOT NULL,
  channels TEXT NOT NULL,
  activity_id INTEGER,
  activity_role TEXT NOT NULL,
  corrects_id INTEGER REFERENCES announcements (id),
  second_id INTEGER REFERENCES people (id),
  chosen_at INTEGER,
  send_at INTEGER,
  valid_until INTEGER,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  version INTEGER NOT NULL
);
CREATE INDEX announcements_of_compound ON announcements (compound_id, id);
CREATE INDEX announcements_of_activity ON announcements (activity_id);

-- Append-only, as with issues.
CREATE TABLE announcement_events (
  id INTEGER PRIMARY KEY,
  announcement_id INTEGER NOT NULL REFERENCES announcements (id),
  at INTEGER NOT NULL,
  actor_id INTEGER REFERENCES people (id),
  action TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX announcement_events_of ON announcement_events (announcement_id, id);

-- One row for each chat it goes to, written when sending starts: the plan, then what became of it.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  announcement_id INTEGER NOT NULL REFERENCES announcements (id),
  chat TEXT NOT NULL,
  person_id INTEGER REFERENCES people (id),
  group_id INTEGER REFERENCES groups (id),
  state TEXT NOT NULL CHECK (state IN ('planned', 'posted', 'sent', 'failed', 'left_out', 'recalled')),
  reason TEXT NOT NULL,
  settled_at INTEGER,
  UNIQUE (announcement_id, chat)
);
CREATE INDEX deliveries_by_state ON deliveries (announcement_id, state, id);

CREATE TABLE read_receipts (
  announcement_id INTEGER NOT NULL REFERENCES announcements (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  at INTEGER NOT NULL,
  PRIMARY KEY (announcement_id, person_id)
);

-- Who does not want ordinary announcements of a compound, or of one interest group (0: all of them).
CREATE TABLE mutes (
  person_id INTEGER NOT NULL REFERENCES people (id),
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  interest_group_id INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (person_id, compound_id, interest_group_id)
);

-- The right to announce, lent for a day.
CREATE TABLE loans (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  lent_by INTEGER NOT NULL REFERENCES people (id),
  audience TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by INTEGER REFERENCES people (id)
);
CREATE INDEX loans_of_person ON loans (person_id, until);

-- Activities -----------------------------------------------------------------------------------------------------
CREATE TABLE activities (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  interest_group_id INTEGER REFERENCES interest_groups (id),
  author_id INTEGER NOT NULL REFERENCES people (id),
  author_post TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'open', 'cancelled')),
  title TEXT NOT NULL,
  place TEXT NOT NULL,
  about TEXT NOT NULL,
  photo TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  deadline_at INTEGER,
  capacity INTEGER,
  per_household INTEGER,
  hold_hours INTEGER NOT NULL,
  audience TEXT NOT NULL,
  version INTEGER NOT NULL,
  check_in_code TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
);
CREATE INDEX activities_of_compound ON activities (compound_id, starts_at);
-- A practice that repeats creates each date once.
CREATE UNIQUE INDEX activities_once ON activities (interest_group_id, starts_at) WHERE interest_group_id IS NOT NULL;

CREATE TABLE activity_events (
  id INTEGER PRIMARY KEY,
  activity_id INTEGER NOT NULL REFERENCES activities (id),
  at INTEGER NOT NULL,
  actor_id INTEGER REFERENCES people (id),
  action TEXT NOT NULL,
  facts TEXT NOT NULL
);
CREATE INDEX activity_events_of ON activity_events (activity_id, id);

-- People of one household who come together; `person_id` is whose signup it is, none for those without an account.
-- Seats follow from order and state.
CREATE TABLE signups (
  id INTEGER PRIMARY KEY,
  activity_id INTEGER NOT NULL REFERENCES activities (id),
  signer_id INTEGER NOT NULL REFERENCES people (id),
  person_id INTEGER REFERENCES people (id),
  household TEXT NOT NULL,
  names TEXT NOT NULL,
  placed INTEGER NOT NULL,
  state TEXT NOT NULL,
  offered INTEGER NOT NULL,
  held_until INTEGER,
  passes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (activity_id, placed)
);
CREATE INDEX signups_of_person ON signups (signer_id);
-- Where a card is shown, to redraw it everywhere.
CREATE INDEX cards_by_key ON cards (card_key);

-- What is to be done at an hour, for anything but an issue's own clocks: one row for each kind and subject.
CREATE TABLE chores (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  UNIQUE (kind, subject_id)
);
CREATE INDEX chores_by_time ON chores (due_at);

-- What became of a letter of an announcement is noted where it is settled.
ALTER TABLE outbox ADD COLUMN delivery_id INTEGER;
CREATE INDEX outbox_of_delivery ON outbox (delivery_id) WHERE delivery_id IS NOT NULL;
