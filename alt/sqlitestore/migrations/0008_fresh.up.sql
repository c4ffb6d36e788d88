-- A message that nobody has claimed yet has no row in live: what it would say
-- follows from the item. Up to here each item that is not finished has one.
ALTER TABLE store ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;
UPDATE store SET fresh = seq;
