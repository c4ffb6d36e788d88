-- The end of a lease lies in a column that no index has, so that to claim an item
-- changes its row in place and no index.
ALTER TABLE live
	ADD COLUMN until     timestamptz,                   -- of a claimed item: the end of its lease
	ADD COLUMN rewritten boolean NOT NULL DEFAULT false; -- its content is not the one that it came with
ALTER TABLE live SET (fillfactor = 50);
UPDATE live SET until = due, due = NULL WHERE claimed;
