-- Up to when a person was reported to have got or read everything. A receipt
-- may come later than the report about its message.
CREATE TABLE watermarks (
	agency   TEXT NOT NULL,
	channel  TEXT NOT NULL,
	peer     TEXT NOT NULL,
	status   TEXT NOT NULL,
	until    INTEGER NOT NULL,
	reported INTEGER NOT NULL,
	at       INTEGER NOT NULL, -- when it came
	PRIMARY KEY (agency, channel, peer, status)
) WITHOUT ROWID;
CREATE INDEX watermarks_at ON watermarks (at);
