DROP TRIGGER items_gone;
DROP TABLE names;
ALTER TABLE store DROP COLUMN named;
CREATE UNIQUE INDEX items_dedupe ON items (dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX items_provider ON items (provider) WHERE provider IS NOT NULL AND direction = 2;
