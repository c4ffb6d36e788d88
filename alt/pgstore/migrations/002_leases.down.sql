UPDATE live SET due = coalesce(due, until) WHERE claimed;
ALTER TABLE live DROP COLUMN until, DROP COLUMN rewritten;
ALTER TABLE live SET (fillfactor = 70);
