-- Finding issues by their words. Who may see one is asked again of what is shown; here the same rule keeps the
-- searching short.

-- name: drop_grams!
DELETE FROM issue_grams WHERE issue_id = :issue_id;

-- name: put_gram!
INSERT INTO issue_grams (compound_id, gram, issue_id) VALUES (:compound_id, :gram, :issue_id);

-- name: issues_to_index
SELECT id FROM issues WHERE id > :issue_id AND erased_at IS NULL ORDER BY id LIMIT :most;

-- name: compounds_in_sight
SELECT compounds.id AS compound_id
FROM appointments JOIN posts ON posts.id = appointments.post_id
JOIN compounds ON compounds.id = posts.compound_id OR compounds.community_id = posts.community_id
WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
UNION
SELECT buildings.compound_id
FROM residencies JOIN units ON units.id = residencies.unit_id JOIN buildings ON buildings.id = units.building_id
WHERE residencies.person_id = :person_id
UNION
SELECT compound_id FROM issues WHERE reporter_id = :person_id
UNION
SELECT compound_id FROM issues WHERE proxy_id = :person_id
UNION
SELECT compound_id FROM issues WHERE handler_id = :person_id
UNION
SELECT issues.compound_id FROM issue_people JOIN issues ON issues.id = issue_people.issue_id
WHERE issue_people.person_id = :person_id
ORDER BY compound_id;

-- name: is_committee
SELECT 1 AS found FROM appointments JOIN posts ON posts.id = appointments.post_id
WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
  AND posts.kind IN ('self_management_committee', 'owners_committee_director', 'branch_secretary')
  AND (posts.compound_id = :compound_id
       OR posts.community_id = (SELECT community_id FROM compounds WHERE id = :compound_id))
LIMIT 1;

-- name: count_gram
SELECT COUNT(*) AS count FROM (
  SELECT issue_id FROM issue_grams WHERE compound_id = :compound_id AND gram = :gram LIMIT :most
) AS counted;

-- name: find_everywhere
-- Among the issues with the rarest gram those that have the others too, but for what is about the person.
SELECT rarest.issue_id AS id FROM issue_grams AS rarest
WHERE rarest.compound_id = :compound_id AND rarest.gram = :first AND rarest.issue_id < :before
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :second
      AND issue_grams.issue_id = rarest.issue_id
  )
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :third
      AND issue_grams.issue_id = rarest.issue_id
  )
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :fourth
      AND issue_grams.issue_id = rarest.issue_id
  )
  AND NOT EXISTS (
    SELECT 1 FROM issue_people JOIN issues ON issues.id = issue_people.issue_id
    WHERE issue_people.issue_id = rarest.issue_id AND issue_people.person_id = :person_id
      AND issue_people.part = 'concerned' AND issues.reporter_id <> :person_id
  )
ORDER BY rarest.issue_id DESC LIMIT :most;

-- name: find_in_sight
-- Of what somebody reported, handles, follows, helps with, or looks at as deputy or stand-in, those with all grams.
WITH sight AS (
  SELECT id FROM issues WHERE reporter_id = :person_id
  UNION
  SELECT id FROM issues WHERE handler_id = :person_id
  UNION
  SELECT id FROM issues WHERE proxy_id = :person_id AND NOT EXISTS (
    SELECT 1 FROM accounts WHERE accounts.person_id = issues.reporter_id AND accounts.unreachable_since IS NULL
  )
  UNION
  SELECT issues.id FROM issue_people JOIN issues ON issues.id = issue_people.issue_id
  WHERE issue_people.person_id = :person_id
    AND issue_people.part IN ('follows', 'affected') AND issues.is_private = 0
  UNION
  SELECT issues.id FROM issue_people JOIN issues ON issues.id = issue_people.issue_id
  WHERE issue_people.person_id = :person_id AND issue_people.part = 'helps' AND EXISTS (
    SELECT 1 FROM appointments JOIN posts ON posts.id = appointments.post_id
    WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
      AND (posts.compound_id = issues.compound_id
           OR posts.community_id = (SELECT community_id FROM compounds WHERE compounds.id = issues.compound_id))
  )
  UNION
  SELECT issues.id FROM appointments JOIN posts ON posts.id = appointments.post_id
  JOIN issues ON issues.building_id = posts.building_id
  WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL AND posts.kind = 'deputy_leader'
  UNION
  SELECT issues.id FROM appointments JOIN posts ON posts.id = appointments.post_id
  JOIN issues ON issues.handler_id = appointments.acting_for
  WHERE appointments.person_id = :person_id AND appointments.ends_at IS NULL
)
SELECT issues.id FROM sight JOIN issues ON issues.id = sight.id
WHERE issues.compound_id = :compound_id AND issues.id < :before
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :first
      AND issue_grams.issue_id = issues.id
  )
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :second
      AND issue_grams.issue_id = issues.id
  )
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :third
      AND issue_grams.issue_id = issues.id
  )
  AND EXISTS (
    SELECT 1 FROM issue_grams WHERE issue_grams.compound_id = :compound_id AND issue_grams.gram = :fourth
      AND issue_grams.issue_id = issues.id
  )
  AND (issues.reporter_id = :person_id OR NOT EXISTS (
    SELECT 1 FROM issue_people
    WHERE issue_people.issue_id = issues.id AND issue_people.person_id = :person_id AND issue_people.part = 'concerned'
  ))
ORDER BY issues.id DESC LIMIT :most;
