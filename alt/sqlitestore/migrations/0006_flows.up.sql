-- What was begun and has one end. The content is sealed by the service.
CREATE TABLE flows (
	agency  TEXT NOT NULL,
	key     TEXT NOT NULL,
	sealed  BLOB NOT NULL,
	version INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (agency, key)
) WITHOUT ROWID;
CREATE INDEX flows_expires ON flows (expires);
