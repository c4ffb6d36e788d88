INSERT INTO live (id, work, kind, place) SELECT i.id, 'inbox', 1, i.id FROM items i
	WHERE i.id > (SELECT fresh FROM store) AND i.state = 0 AND i.direction IS NULL AND i.text IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM live l WHERE l.id = i.id);
ALTER TABLE store DROP COLUMN fresh;
