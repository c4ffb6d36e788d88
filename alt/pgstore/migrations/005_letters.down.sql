ALTER TABLE letters DROP CONSTRAINT letters_pkey;
UPDATE letters l SET place = n.place FROM (
		SELECT item, nextval('numbers') AS place FROM (SELECT item FROM letters ORDER BY agency, place) AS o) AS n
	WHERE n.item = l.item;
ALTER TABLE letters ADD PRIMARY KEY (place);
CREATE INDEX letters_agency ON letters (agency, place);
