-- name: schema_version
SELECT MAX(version) AS version FROM schema_versions;

-- name: put_schema_version!
INSERT INTO schema_versions (version, applied_at) VALUES (:version, CAST(CURRENT_TIMESTAMP AS TEXT));
