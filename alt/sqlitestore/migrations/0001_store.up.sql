-- Times are microseconds since 1970 in UTC. NULL means none.
--
-- What people write lies in texts and raw only. Their rows are appended, are
-- overwritten in place with the same length, and are removed from the old end:
-- so no page of theirs is ever rebuilt, which would leave copies of its rows
-- behind that secure_delete does not reach.

CREATE TABLE store (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	seq      INTEGER NOT NULL, -- the last number given to an item, a text, a token or a letter
	position INTEGER NOT NULL, -- the last position of a conversation
	seal     BLOB              -- a constant, sealed: tells whether the key of the files is the right one
);
INSERT INTO store (one, seq, position) VALUES (1, 0, 0);

-- Every event and every part of a message, in the order of acceptance.
CREATE TABLE items (
	id        INTEGER PRIMARY KEY,
	agency    TEXT NOT NULL,
	channel   TEXT NOT NULL,
	peer      TEXT NOT NULL,    -- empty: about the line, not about a person
	state     INTEGER NOT NULL, -- 0 live, 1 done, 2 letter, 3 canceled
	accepted  INTEGER NOT NULL,
	attempts  INTEGER NOT NULL DEFAULT 0, -- of lives that are over
	dedupe    BLOB,             -- of an event: hash of agency, channel and key
	provider  TEXT,             -- the provider's id of the message
	text      INTEGER,          -- the row in texts
	body      BLOB,             -- of an event that says nothing: the event
	-- Of a message: one that we send, or an event that was recorded.
	direction INTEGER,          -- 1 in, 2 out
	talk      INTEGER,          -- the row in conversations
	at        INTEGER,          -- when it was queued
	edited    INTEGER,
	status    TEXT,
	status_at INTEGER,
	code      TEXT,
	sent      INTEGER,
	-- Of one that we send.
	message   TEXT,
	part      INTEGER,
	print     BLOB
);
CREATE UNIQUE INDEX items_dedupe ON items (dedupe) WHERE dedupe IS NOT NULL;
CREATE UNIQUE INDEX items_message ON items (agency, message, part) WHERE message IS NOT NULL;
CREATE INDEX items_provider ON items (provider) WHERE provider IS NOT NULL AND direction = 2;
CREATE INDEX items_talk ON items (talk, id) WHERE talk IS NOT NULL;
CREATE INDEX items_alone ON items (agency, channel, peer) WHERE direction IS NOT NULL AND talk IS NULL;
CREATE INDEX items_unknown ON items (agency, channel, peer) WHERE status = 'unknown';
CREATE INDEX items_passing ON items (id) WHERE state = 1 AND direction IS NULL;

-- What was said: an event that is a message, or an outbound message, as JSON;
-- and its words folded for search.
CREATE TABLE texts (
	id     INTEGER PRIMARY KEY,
	body   BLOB NOT NULL,
	search TEXT
);

-- The provider's bytes of an event, and events that say something but are no
-- message of their own (edits, echoes). The key is the item's.
CREATE TABLE raw (
	id   INTEGER PRIMARY KEY,
	at   INTEGER NOT NULL,
	body BLOB,
	raw  BLOB
);

-- Items that are not finished. The order within a lane is that of place.
CREATE TABLE live (
	id       INTEGER PRIMARY KEY,
	work     TEXT NOT NULL,
	kind     INTEGER NOT NULL, -- where its content is, see kind in the code
	claimed  INTEGER NOT NULL DEFAULT 0,
	attempt  INTEGER NOT NULL DEFAULT 0,
	token    INTEGER NOT NULL DEFAULT 0, -- 0: nobody holds it
	ready    INTEGER, -- not to be claimed before
	since    INTEGER, -- the outcome is unknown
	place    INTEGER NOT NULL,
	late     INTEGER NOT NULL DEFAULT 0, -- takes its place when it is ready
	priority INTEGER NOT NULL DEFAULT 0,
	lane     TEXT     -- when it is not the person's
);

-- Items that wait for a person, in the order in which they became letters.
CREATE TABLE letters (
	place   INTEGER PRIMARY KEY,
	item    INTEGER NOT NULL UNIQUE,
	agency  TEXT NOT NULL,
	channel TEXT NOT NULL,
	state   TEXT NOT NULL, -- dead or uncertain
	code    TEXT NOT NULL,
	at      INTEGER NOT NULL,
	talk    INTEGER
);
CREATE INDEX letters_agency ON letters (agency, place);

-- Contact and session of an address, and its latest conversation.
CREATE TABLE people (
	id      INTEGER PRIMARY KEY,
	agency  TEXT NOT NULL,
	channel TEXT NOT NULL,
	peer    TEXT NOT NULL,
	contact BLOB,
	thread  TEXT, -- the contact's; not in its body
	session BLOB,
	talk    INTEGER,
	-- Of an active session: when it started, and a time that is not after the
	-- person's last message. Expire brings that up to date, saves do not.
	started INTEGER,
	seen    INTEGER
);
CREATE UNIQUE INDEX people_address ON people (agency, channel, peer);
CREATE INDEX people_started ON people (started) WHERE started IS NOT NULL;
CREATE INDEX people_seen ON people (seen) WHERE seen IS NOT NULL;

CREATE TABLE conversations (
	id       INTEGER PRIMARY KEY,
	agency   TEXT NOT NULL,
	name     TEXT NOT NULL, -- its id
	channel  TEXT NOT NULL,
	peer     TEXT NOT NULL,
	version  INTEGER NOT NULL,
	position INTEGER NOT NULL,
	open     INTEGER NOT NULL,
	kind     TEXT NOT NULL, -- of the holder
	held_by  TEXT NOT NULL,
	waiting  INTEGER,
	last     INTEGER NOT NULL, -- message, either way
	thread   TEXT,          -- not in the body
	search   TEXT,
	body     BLOB NOT NULL
);
CREATE UNIQUE INDEX conversations_name ON conversations (agency, name);
CREATE UNIQUE INDEX conversations_position ON conversations (agency, open, position);
CREATE INDEX conversations_address ON conversations (agency, channel, peer);
CREATE INDEX conversations_waiting ON conversations (agency) WHERE waiting IS NOT NULL;
CREATE INDEX conversations_desk ON conversations (agency, held_by) WHERE kind = 'desk' AND open = 1;

CREATE TABLE log (
	seq          INTEGER PRIMARY KEY,
	agency       TEXT NOT NULL,
	at           INTEGER NOT NULL,
	act          TEXT NOT NULL,
	actor        TEXT NOT NULL,
	line         TEXT,
	conversation TEXT,
	message      TEXT,
	detail       BLOB
);
CREATE INDEX log_conversation ON log (agency, conversation) WHERE conversation IS NOT NULL;
CREATE INDEX log_message ON log (agency, message) WHERE message IS NOT NULL;

-- Reports on messages whose provider's id is not known yet.
CREATE TABLE parked (
	id       INTEGER PRIMARY KEY,
	agency   TEXT NOT NULL,
	channel  TEXT NOT NULL,
	provider TEXT NOT NULL,
	at       INTEGER NOT NULL,
	status   TEXT NOT NULL,
	code     TEXT NOT NULL,
	reported INTEGER NOT NULL
);
CREATE INDEX parked_provider ON parked (provider);

-- Keys of Commits that happen once.
CREATE TABLE once (
	agency TEXT NOT NULL,
	key    TEXT NOT NULL,
	print  BLOB NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (agency, key)
) WITHOUT ROWID;
CREATE INDEX once_at ON once (at);
