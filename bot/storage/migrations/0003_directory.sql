-- The directory in full: communities, deputies, terms, absences, the record of changes, cards on walls, privacy.

-- A community stands above its compounds; a post is held at one of them. -------------------------------------
CREATE TABLE communities (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL
);
ALTER TABLE compounds ADD COLUMN community_id INTEGER REFERENCES communities (id);

-- [sqlite] cannot drop NOT NULL from a column: the table is built anew, with foreign keys off.
CREATE TABLE posts_new (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER REFERENCES compounds (id),
  kind TEXT NOT NULL,
  building_id INTEGER REFERENCES buildings (id),
  entrance_id INTEGER REFERENCES entrances (id),
  duty TEXT NOT NULL,
  hours TEXT NOT NULL,
  phone_shown INTEGER NOT NULL CHECK (phone_shown IN (0, 1))
);
INSERT INTO posts_new (id, compound_id, kind, building_id, entrance_id, duty, hours, phone_shown)
SELECT id, compound_id, kind, building_id, entrance_id, duty, hours, phone_shown FROM posts;
DROP TABLE posts;
ALTER TABLE posts_new RENAME TO posts;
-- [postgresql]
DROP INDEX posts_once;
ALTER TABLE posts ALTER COLUMN compound_id DROP NOT NULL;
-- [both]
ALTER TABLE posts ADD COLUMN community_id INTEGER REFERENCES communities (id)
  CHECK ((compound_id IS NULL) <> (community_id IS NULL));
-- The number of the office itself (a duty room), which stays when the holder changes, and is always shown.
ALTER TABLE posts ADD COLUMN phone TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX posts_once ON posts
  (COALESCE(compound_id, 0), COALESCE(community_id, 0), kind, COALESCE(building_id, 0), COALESCE(entrance_id, 0));

-- Who holds a post: the holder, deputies, and stand-ins while somebody is away. -------------------------------
ALTER TABLE appointments ADD COLUMN is_deputy INTEGER NOT NULL DEFAULT 0 CHECK (is_deputy IN (0, 1));
-- For whom a stand-in holds the post.
ALTER TABLE appointments ADD COLUMN acting_for INTEGER REFERENCES people (id);
-- Until when the term was agreed; then the committee is asked, nobody is dismissed by a clock.
ALTER TABLE appointments ADD COLUMN term_until INTEGER;
-- Whether the person agreed to have their own number on the contact card; empty: what the register says of the post.
ALTER TABLE appointments ADD COLUMN phone_shown INTEGER CHECK (phone_shown IN (0, 1));

-- Who is to hold a post: proposed by its holder, asked whether they want to, waiting for the day.
CREATE TABLE planned_appointments (
  id INTEGER PRIMARY KEY,
  post_id INTEGER NOT NULL REFERENCES posts (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  is_deputy INTEGER NOT NULL CHECK (is_deputy IN (0, 1)),
  begins_at INTEGER NOT NULL,
  term_until INTEGER,
  planned_by INTEGER REFERENCES people (id),
  planned_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'asked', 'waiting', 'begun', 'declined', 'withdrawn'))
);
CREATE INDEX planned_of_post ON planned_appointments (post_id);

-- Whoever opens an invitation for somebody new is asked whether they are who the register names.
ALTER TABLE links ADD COLUMN asks_who INTEGER NOT NULL DEFAULT 0 CHECK (asks_who IN (0, 1));

CREATE TABLE absences (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people (id),
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  stand_in_id INTEGER REFERENCES people (id),
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  -- Whether what the person has already accepted goes to the stand-in too.
  with_accepted INTEGER NOT NULL CHECK (with_accepted IN (0, 1)),
  created_at INTEGER NOT NULL,
  begun_at INTEGER,
  ended_at INTEGER
);
CREATE INDEX absences_of_person ON absences (person_id) WHERE ended_at IS NULL;
CREATE INDEX absences_of_compound ON absences (compound_id) WHERE ended_at IS NULL;
CREATE INDEX absences_of_stand_in ON absences (stand_in_id) WHERE ended_at IS NULL;
-- Who is away or back has what nobody has accepted looked through.
CREATE INDEX issues_open ON issues (compound_id) WHERE state = 'open';

-- Who changed what in the directory: ids and words of posts, never names or phones of people. ------------------
CREATE TABLE changes (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER REFERENCES compounds (id),
  at INTEGER NOT NULL,
  actor_id INTEGER REFERENCES people (id),
  -- chat, command_line, import, clock
  source TEXT NOT NULL,
  action TEXT NOT NULL,
  post_id INTEGER REFERENCES posts (id),
  person_id INTEGER REFERENCES people (id),
  unit_id INTEGER REFERENCES units (id),
  facts TEXT NOT NULL
);
CREATE INDEX changes_of_compound ON changes (compound_id, id);
CREATE INDEX changes_of_post ON changes (post_id, id);

-- Residents ---------------------------------------------------------------------------------------------------
-- Why somebody was refused, or how the entry ended.
ALTER TABLE residencies ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- Whether they stand in the register the operator imported.
ALTER TABLE residencies ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 0 CHECK (is_listed IN (0, 1));
-- What somebody who is entered wishes to be entered as instead; until it is decided the entry stays as it is.
ALTER TABLE residencies ADD COLUMN asked_kind TEXT CHECK (asked_kind IN ('owner', 'renter', 'family'));
-- The one of several homes that comes first.
ALTER TABLE residencies ADD COLUMN is_main INTEGER NOT NULL DEFAULT 0 CHECK (is_main IN (0, 1));
-- What was asked about a request and answered; emptied when it is decided.
ALTER TABLE residencies ADD COLUMN talk TEXT NOT NULL DEFAULT '[]';
CREATE INDEX residencies_to_decide ON residencies (asked_at) WHERE state = 'pending' OR asked_kind IS NOT NULL;
-- By which a person goes on with a new account: shown on the old phone, typed or scanned on the new one.
CREATE TABLE moving_codes (
  code TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL UNIQUE REFERENCES people (id),
  expires_at INTEGER NOT NULL
);
-- By whom else the person wishes to be seen by name: neighbours, leader, committee (R14).
ALTER TABLE people ADD COLUMN shown_as TEXT NOT NULL DEFAULT 'leader'
  CHECK (shown_as IN ('neighbours', 'leader', 'committee'));
-- What is left is a tombstone.
ALTER TABLE people ADD COLUMN forgotten_at INTEGER;

-- Issues reported for somebody else, and how the reporter is shown. --------------------------------------------
ALTER TABLE issues ADD COLUMN proxy_id INTEGER REFERENCES people (id);
ALTER TABLE issues ADD COLUMN proxy_source TEXT CHECK (proxy_source IN ('phone', 'visit', 'paper'));
-- Whose home it was reported for: somebody who left no name is known by it alone.
ALTER TABLE issues ADD COLUMN proxy_unit_id INTEGER REFERENCES units (id);
ALTER TABLE issues ADD COLUMN shown_as TEXT NOT NULL DEFAULT 'leader'
  CHECK (shown_as IN ('neighbours', 'leader', 'committee'));
ALTER TABLE issues ADD COLUMN erased_at INTEGER;
CREATE INDEX issues_of_proxy ON issues (proxy_id, id) WHERE proxy_id IS NOT NULL;

-- Contact cards that were printed, and where they hang. ----------------------------------------------------------
CREATE TABLE card_prints (
  id INTEGER PRIMARY KEY,
  compound_id INTEGER NOT NULL REFERENCES compounds (id),
  building_id INTEGER NOT NULL REFERENCES buildings (id),
  format TEXT NOT NULL CHECK (format IN ('poster', 'cards', 'picture')),
  locale TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  made_by INTEGER REFERENCES people (id),
  hangs_at TEXT NOT NULL DEFAULT '',
  -- When a newer one was made for the same places.
  replaced_at INTEGER
);
CREATE INDEX card_prints_of_building ON card_prints (building_id) WHERE replaced_at IS NULL;

-- Who looked at whose phone, when, and as what. ------------------------------------------------------------------
CREATE TABLE phone_views (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  viewer_id INTEGER NOT NULL REFERENCES people (id),
  person_id INTEGER NOT NULL REFERENCES people (id),
  role TEXT NOT NULL,
  -- The post that gave the right to.
  post_id INTEGER REFERENCES posts (id)
);
CREATE INDEX phone_views_of_person ON phone_views (person_id, id);

-- When the house was last looked after: backup, retention. ---------------------------------------------------------
CREATE TABLE upkeep (
  what TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  facts TEXT NOT NULL
);
