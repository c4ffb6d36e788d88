ALTER TABLE conversations DROP COLUMN log;
ALTER TABLE log DROP COLUMN prev;
CREATE INDEX log_conversation ON log (agency, conversation) WHERE conversation IS NOT NULL;
