-- Letters are numbered like positions, in the order in which they become visible:
-- whoever pages through them while others come misses none.
ALTER TABLE letters DROP CONSTRAINT letters_pkey;
DROP INDEX letters_agency;
INSERT INTO agencies SELECT DISTINCT agency, 0, 0 FROM letters ON CONFLICT DO NOTHING;
UPDATE letters l SET place = n.place FROM (
		SELECT o.item, a.position + row_number() OVER (PARTITION BY o.agency ORDER BY o.place) AS place
		FROM letters o JOIN agencies a ON a.agency = o.agency) AS n
	WHERE n.item = l.item;
UPDATE agencies a SET position = position + (SELECT count(*) FROM letters l WHERE l.agency = a.agency);
ALTER TABLE letters ADD PRIMARY KEY (agency, place);
