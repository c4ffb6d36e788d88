-- Numbers of items name no other row of texts. Such messages are not found by
-- their words.
INSERT INTO texts (id, body) SELECT i.id, r.body FROM live l JOIN items i ON i.id = l.id JOIN raw r ON r.id = i.id
	WHERE l.kind = 1 AND i.text IS NULL AND r.body IS NOT NULL;
UPDATE items SET text = id WHERE text IS NULL AND id IN (SELECT l.id FROM live l JOIN texts t ON t.id = l.id WHERE l.kind = 1);
