-- Lines that were added while the service ran; a removed one stays.
CREATE TABLE lines (
	id       INTEGER PRIMARY KEY,
	agency   TEXT NOT NULL,
	line     TEXT NOT NULL,
	provider TEXT,
	kind     TEXT,
	account  TEXT,
	business TEXT,
	name     TEXT,
	state    TEXT NOT NULL,
	secret   INTEGER, -- the row in secrets
	key      TEXT,    -- the key that sealed it
	version  INTEGER NOT NULL,
	added    INTEGER NOT NULL,
	removed  INTEGER,
	actor    TEXT
);
CREATE UNIQUE INDEX lines_line ON lines (agency, line);

-- What is sealed of lines. Rows are appended, overwritten in place with zeros of
-- the same length, and stay: like those of texts they are never moved.
CREATE TABLE secrets (
	id     INTEGER PRIMARY KEY,
	sealed BLOB NOT NULL
);
