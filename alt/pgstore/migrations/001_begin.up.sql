-- What is compared byte by byte, names and keys, has the collation "C": its
-- indexes are the fastest, and no update of a locale library can break them.
--
-- Indexes begin with what tells most rows apart, not with the agency: several that
-- begin alike would look the same to a planner that has no statistics yet.
--
-- Everything that has a number has it from this sequence: items, places in a
-- lane, letters, tokens, rows.
CREATE SEQUENCE numbers;

CREATE TABLE store (
	one  boolean PRIMARY KEY DEFAULT true CHECK (one),
	seal bytea -- a constant, derived from the key: tells whether the key is the right one
);
INSERT INTO store DEFAULT VALUES;

-- Who has the store open. A replica holds the advisory lock of its number as
-- long as it lives, unless it goes through a pooler.
CREATE TABLE replicas (
	id      bigint PRIMARY KEY,
	started timestamptz NOT NULL
);

-- The last position of a conversation and the last number in the security log.
-- The row is locked from the end of a transaction until it is durable, so that
-- both grow in the order in which they become visible.
CREATE TABLE agencies (
	agency   text COLLATE "C" PRIMARY KEY,
	position bigint NOT NULL,
	log      bigint NOT NULL
) WITH (fillfactor = 10);

-- Every event and every part of a message, in the order of acceptance.
CREATE TABLE items (
	id        bigint PRIMARY KEY,
	agency    text COLLATE "C" NOT NULL,
	channel   text COLLATE "C" NOT NULL,
	peer      text COLLATE "C" NOT NULL, -- empty: about the line, not about a person
	lane      bigint NOT NULL,           -- the lock of its lane
	state     smallint NOT NULL,         -- 0 live, 1 done, 2 letter, 3 canceled
	kind      smallint NOT NULL,         -- see kind in the code
	accepted  timestamptz NOT NULL,
	attempts  integer NOT NULL DEFAULT 0, -- of lives that are over
	provider  text COLLATE "C",           -- the provider's id of the message
	body      bytea,                      -- an event or an outbound message, as JSON
	search    text,                       -- its words, folded
	-- Of a message: one that we send, or an event that was recorded.
	direction smallint,                   -- 1 in, 2 out
	talk      bigint,                     -- the row in conversations
	at        timestamptz,                -- when it was queued
	edited    boolean NOT NULL DEFAULT false,
	status    text COLLATE "C",
	status_at timestamptz,
	code      text COLLATE "C",
	sent      timestamptz,
	-- Of one that we send.
	message   text COLLATE "C",
	part      integer,
	print     bytea
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX items_message ON items (message, part, agency) WHERE message IS NOT NULL;
CREATE INDEX items_provider ON items (provider, channel, agency) WHERE provider IS NOT NULL AND direction = 2;
CREATE INDEX items_talk ON items (talk, id) WHERE talk IS NOT NULL;
CREATE INDEX items_alone ON items (peer, channel, agency) WHERE direction IS NOT NULL AND talk IS NULL;
CREATE INDEX items_letters ON items (peer, channel, agency) WHERE state = 2;
CREATE INDEX items_passing ON items (id) WHERE state = 1 AND direction IS NULL;

-- Keys of events: a short hash of line and key.
CREATE TABLE event_keys (
	agency text COLLATE "C" NOT NULL,
	key    bytea NOT NULL,
	at     timestamptz NOT NULL,
	PRIMARY KEY (key, agency)
);
CREATE INDEX event_keys_at ON event_keys (at);

-- The provider's bytes of an event. The key is the item's.
CREATE TABLE raw (
	id  bigint PRIMARY KEY,
	at  timestamptz NOT NULL,
	raw bytea NOT NULL
);

-- Items that are not finished. The order within a lane is that of place; the
-- first of a lane is its head, which alone can be claimed.
CREATE TABLE live (
	id       bigint PRIMARY KEY,
	agency   text COLLATE "C" NOT NULL,
	channel  text COLLATE "C" NOT NULL,
	lane     bigint NOT NULL,
	work     text COLLATE "C" NOT NULL,
	place    bigint NOT NULL,
	priority smallint NOT NULL DEFAULT 0,
	rank     smallint NOT NULL DEFAULT 0,     -- of a head: the highest priority in its lane
	head     boolean NOT NULL DEFAULT false,
	late     boolean NOT NULL DEFAULT false,  -- takes its place when it is due
	due      timestamptz,                     -- not to be claimed before; of a claimed item: the end of its lease
	claimed  boolean NOT NULL DEFAULT false,
	replica  bigint,                          -- who claimed it
	token    bigint NOT NULL DEFAULT 0,       -- 0: nobody holds it
	attempt  integer NOT NULL DEFAULT 0,
	since    timestamptz                      -- the outcome is unknown
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX live_claim ON live (work, agency, channel, rank DESC, place) WHERE head AND due IS NULL;
CREATE INDEX live_due ON live (due) WHERE due IS NOT NULL;
CREATE INDEX live_lane ON live (lane, place);

-- Items that wait for a person, in the order in which they became letters.
CREATE TABLE letters (
	place   bigint PRIMARY KEY,
	item    bigint NOT NULL UNIQUE,
	agency  text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	state   text COLLATE "C" NOT NULL, -- dead or uncertain
	code    text COLLATE "C" NOT NULL,
	at      timestamptz NOT NULL,
	talk    bigint
);
CREATE INDEX letters_agency ON letters (agency, place);

-- Contact and session of an address, and its latest conversation.
CREATE TABLE people (
	id       bigint PRIMARY KEY,
	agency   text COLLATE "C" NOT NULL,
	channel  text COLLATE "C" NOT NULL,
	peer     text COLLATE "C" NOT NULL,
	contact  bytea,
	thread   text COLLATE "C", -- the contact's; not in its body
	session  bytea,
	talk     bigint,
	-- Of an active session: when it started, and a time that is not after the
	-- person's last message. Expire brings that up to date, saves do not.
	started  timestamptz,
	seen     timestamptz,
	-- Who was proven in the session, sealed; and, of an active one, a keyed hash
	-- of agency and personal code.
	identity bytea,
	code     bytea
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX people_address ON people (peer, channel, agency);
CREATE INDEX people_started ON people (started) WHERE started IS NOT NULL;
CREATE INDEX people_seen ON people (seen) WHERE seen IS NOT NULL;
CREATE INDEX people_code ON people (code, agency) WHERE code IS NOT NULL;

CREATE TABLE conversations (
	id      bigint PRIMARY KEY,
	agency  text COLLATE "C" NOT NULL,
	name    text COLLATE "C" NOT NULL, -- its id
	channel text COLLATE "C" NOT NULL,
	peer    text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	open    boolean NOT NULL,
	kind    text COLLATE "C" NOT NULL, -- of the holder
	held_by text COLLATE "C" NOT NULL,
	waiting timestamptz,
	last    timestamptz NOT NULL,      -- message, either way
	thread  text COLLATE "C",          -- not in the body
	search  text,
	body    bytea NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX conversations_name ON conversations (name, agency);
CREATE INDEX conversations_address ON conversations (peer, channel, agency);
CREATE INDEX conversations_waiting ON conversations (agency) WHERE waiting IS NOT NULL;
CREATE INDEX conversations_desk ON conversations (agency, held_by) WHERE kind = 'desk' AND open;

-- The position of a conversation has a narrow row of its own: a receipt changes
-- it, and should not write the conversation again for that.
CREATE TABLE positions (
	talk     bigint PRIMARY KEY, -- the row in conversations
	agency   text COLLATE "C" NOT NULL,
	open     boolean NOT NULL,
	position bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX positions_position ON positions (agency, open, position);

CREATE TABLE log (
	agency       text COLLATE "C" NOT NULL,
	seq          bigint NOT NULL,
	at           timestamptz NOT NULL,
	act          text COLLATE "C" NOT NULL,
	actor        text COLLATE "C" NOT NULL,
	line         text COLLATE "C",
	conversation text COLLATE "C",
	message      text COLLATE "C",
	detail       bytea,
	PRIMARY KEY (agency, seq)
);
CREATE INDEX log_conversation ON log (conversation, agency, seq) WHERE conversation IS NOT NULL;
CREATE INDEX log_message ON log (message, agency, seq) WHERE message IS NOT NULL;

-- Reports on messages whose provider's id is not known yet.
CREATE TABLE parked (
	id       bigint PRIMARY KEY,
	agency   text COLLATE "C" NOT NULL,
	channel  text COLLATE "C" NOT NULL,
	provider text COLLATE "C" NOT NULL,
	at       timestamptz NOT NULL,
	status   text COLLATE "C" NOT NULL,
	code     text COLLATE "C" NOT NULL,
	reported timestamptz NOT NULL
);
CREATE INDEX parked_provider ON parked (provider, channel, agency);

-- Up to when a person was reported to have got or read everything. A receipt
-- may come later than the report about its message.
CREATE TABLE watermarks (
	agency   text COLLATE "C" NOT NULL,
	channel  text COLLATE "C" NOT NULL,
	peer     text COLLATE "C" NOT NULL,
	status   text COLLATE "C" NOT NULL,
	until    timestamptz NOT NULL,
	reported timestamptz NOT NULL,
	at       timestamptz NOT NULL, -- when it came
	PRIMARY KEY (peer, channel, agency, status)
);
CREATE INDEX watermarks_at ON watermarks (at);

-- Keys of Commits that happen once.
CREATE TABLE once (
	agency text COLLATE "C" NOT NULL,
	key    text COLLATE "C" NOT NULL,
	print  bytea NOT NULL,
	at     timestamptz NOT NULL,
	PRIMARY KEY (key, agency)
);
CREATE INDEX once_at ON once (at);

-- Lines that were added while the service ran; a removed one stays.
CREATE TABLE lines (
	agency   text COLLATE "C" NOT NULL,
	line     text COLLATE "C" NOT NULL,
	provider text,
	kind     text,
	account  text,
	business text,
	name     text,
	state    text NOT NULL,
	sealed   bytea,
	key      text, -- the key that sealed it
	version  bigint NOT NULL,
	added    timestamptz NOT NULL,
	removed  timestamptz,
	actor    text,
	PRIMARY KEY (agency, line)
);

-- What was begun and has one end. The content is sealed by the service.
CREATE TABLE flows (
	agency  text COLLATE "C" NOT NULL,
	key     text COLLATE "C" NOT NULL,
	sealed  bytea NOT NULL,
	version bigint NOT NULL,
	expires timestamptz NOT NULL,
	PRIMARY KEY (key, agency)
);
CREATE INDEX flows_expires ON flows (expires);

-- Messages that somebody queued in a transaction of their own, until they are
-- taken up.
CREATE TABLE notes (
	id      bigint PRIMARY KEY DEFAULT nextval('numbers'),
	agency  text COLLATE "C" NOT NULL,
	message text COLLATE "C" NOT NULL,
	part    integer NOT NULL,
	print   bytea NOT NULL,
	body    bytea NOT NULL,
	at      timestamptz NOT NULL,
	UNIQUE (message, part, agency)
);

-- Files of messages, sealed in chunks under a name that tells nothing.
CREATE TABLE blobs (
	agency text COLLATE "C" NOT NULL,
	name   bytea NOT NULL,
	n      integer NOT NULL,
	sealed bytea NOT NULL,
	PRIMARY KEY (name, agency, n)
);
ALTER TABLE blobs ALTER COLUMN sealed SET STORAGE EXTERNAL; -- it cannot be compressed
