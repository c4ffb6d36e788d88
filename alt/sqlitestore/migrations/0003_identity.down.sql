-- A level without an identity would be somebody's, and nobody could say whose.
UPDATE people SET session = CAST(json_set(CAST(session AS TEXT), '$.level', 'undefined') AS BLOB) WHERE identity IS NOT NULL;
DROP INDEX people_code;
ALTER TABLE people DROP COLUMN code;
ALTER TABLE people DROP COLUMN identity;
