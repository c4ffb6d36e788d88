-- The log of a conversation is a chain from its newest entry: an index of
-- conversations would be written at another random place by every entry.
DROP INDEX log_conversation;
ALTER TABLE log ADD COLUMN prev INTEGER; -- the entry before, of the same conversation
ALTER TABLE conversations ADD COLUMN log INTEGER; -- its newest entry
UPDATE log SET prev = chain.prev
	FROM (SELECT seq, lag(seq) OVER (PARTITION BY agency, conversation ORDER BY seq) AS prev FROM log WHERE conversation IS NOT NULL) AS chain
	WHERE chain.seq = log.seq AND chain.prev IS NOT NULL;
UPDATE conversations SET log = chain.newest
	FROM (SELECT agency, conversation, max(seq) AS newest FROM log WHERE conversation IS NOT NULL GROUP BY agency, conversation) AS chain
	WHERE chain.agency = conversations.agency AND chain.conversation = conversations.name;
-- Entries are numbered with everything else from now on.
UPDATE store SET seq = max(seq, (SELECT coalesce(max(seq), 0) FROM log));
