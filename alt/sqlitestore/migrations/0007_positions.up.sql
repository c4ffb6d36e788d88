-- The position of a conversation has a narrow row of its own: a receipt changes
-- it, and should not write the conversation again for that.
CREATE TABLE positions (
	talk     INTEGER PRIMARY KEY, -- the row in conversations
	agency   TEXT NOT NULL,
	open     INTEGER NOT NULL,
	position INTEGER NOT NULL
);
INSERT INTO positions (talk, agency, open, position) SELECT id, agency, open, position FROM conversations;
CREATE INDEX positions_position ON positions (agency, open, position);
DROP INDEX conversations_position;
ALTER TABLE conversations DROP COLUMN position;
