ALTER TABLE items ADD COLUMN search text;
UPDATE items SET body = b.body, search = b.search FROM bodies b WHERE b.id = items.id;
DROP TABLE bodies;

ALTER TABLE log RENAME TO log_months;
ALTER TABLE log_months DROP CONSTRAINT log_pkey;
DROP INDEX log_conversation, log_message;
CREATE TABLE log (LIKE log_months INCLUDING DEFAULTS, PRIMARY KEY (agency, seq));
CREATE INDEX log_conversation ON log (conversation, agency, seq) WHERE conversation IS NOT NULL;
CREATE INDEX log_message ON log (message, agency, seq) WHERE message IS NOT NULL;
INSERT INTO log SELECT * FROM log_months;
DROP TABLE log_months;

DROP FUNCTION drop_log(), log_gone(log_run[]), log_runs(text, timestamptz), drop_months(), keep_months(), make_month(text, timestamp),
	first_number(timestamp);
DROP TYPE log_run;
DROP TABLE months;
ALTER TABLE store DROP COLUMN keep_log;
