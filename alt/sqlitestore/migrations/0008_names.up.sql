-- What items are found by: keys of events, and the provider's ids of messages of
-- ours, both as hashes. An index would be written at another random place by each of
-- them; the newest are only in memory, and go here many at a time.
CREATE TABLE names (
	name BLOB NOT NULL,
	item INTEGER NOT NULL,
	PRIMARY KEY (name, item)
) WITHOUT ROWID;
ALTER TABLE store ADD COLUMN named INTEGER NOT NULL DEFAULT 0; -- names of items up to this one are all here
CREATE TRIGGER items_gone AFTER DELETE ON items WHEN OLD.dedupe IS NOT NULL
BEGIN
	DELETE FROM names WHERE name = OLD.dedupe AND item = OLD.id;
END;
DROP INDEX items_dedupe;
DROP INDEX items_provider;
