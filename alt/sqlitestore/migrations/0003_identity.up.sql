-- Who was proven in the session of an address. Both columns are NULL unless
-- somebody was, and code also when the session has ended.
ALTER TABLE people ADD COLUMN identity BLOB; -- sealed
ALTER TABLE people ADD COLUMN code BLOB; -- keyed hash of agency and personal code
CREATE INDEX people_code ON people (code) WHERE code IS NOT NULL;
