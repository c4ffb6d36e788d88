-- What grows for years lies in partitions by month: contents of messages, and the
-- security log. Whole months of them are dropped when their time is over, which
-- gives the space back at once and leaves VACUUM nothing to do.
--
-- What has to be unique over all months, ids of messages and of providers, and
-- what is small stays in one table each: items, which are a third of what they
-- were. Raw bytes, the longest rows, are deleted within days, and files with their
-- messages.

-- The months that there are partitions for, by their first moments in UTC.
CREATE TABLE months (
	part  text COLLATE "C" PRIMARY KEY, -- the partition
	whole text COLLATE "C" NOT NULL,    -- what it is a part of
	since timestamp NOT NULL,
	until timestamp NOT NULL
);

ALTER TABLE store ADD COLUMN keep_log interval; -- NULL: for ever

-- first_number is the smallest number of a month: numbers carry the month, counted
-- from 2000, above 40 bits. So they still grow for ever, JSON can hold them, and
-- the month of an item is known by its id.
CREATE FUNCTION first_number(month timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT ((extract(year FROM month)::bigint - 2000) * 12 + extract(month FROM month)::bigint - 1) << 40
$$;

-- The content of an event that is a message or belongs to one, and of what we
-- send. It is written once, and the item, which changes often, without it. What
-- other events say stays with the item until it is finished.
CREATE TABLE bodies (
	id     bigint PRIMARY KEY, -- the item's
	body   bytea NOT NULL,     -- an event or an outbound message, as JSON
	search text                -- its words, folded
) PARTITION BY RANGE (id);

ALTER TABLE log RENAME TO log_whole;
ALTER TABLE log_whole DROP CONSTRAINT log_pkey;
DROP INDEX log_conversation, log_message;
CREATE TABLE log (LIKE log_whole INCLUDING DEFAULTS, PRIMARY KEY (agency, seq, at)) PARTITION BY RANGE (at);
CREATE INDEX log_conversation ON log (conversation, agency, seq) WHERE conversation IS NOT NULL;
CREATE INDEX log_message ON log (message, agency, seq) WHERE message IS NOT NULL;

-- What no month has been made for. As a rule they are empty.
CREATE TABLE bodies_rest PARTITION OF bodies DEFAULT;
CREATE TABLE log_rest PARTITION OF log DEFAULT;

-- make_month makes the partition of a month, and moves there what came before it
-- was made.
CREATE FUNCTION make_month(whole text, month timestamp) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := whole || to_char(month, '_YYYY_MM');
	rest text := whole || '_rest';
	key  text := CASE whole WHEN 'log' THEN 'at' ELSE 'id' END;
	next timestamp := month + interval '1 month';
	low  text := CASE whole WHEN 'log' THEN quote_literal(month || '+00') ELSE first_number(month)::text END;
	high text := CASE whole WHEN 'log' THEN quote_literal(next || '+00') ELSE first_number(next)::text END;
BEGIN
	IF EXISTS (SELECT FROM months m WHERE m.part = name) THEN
		RETURN;
	END IF;
	EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', rest);
	EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, whole);
	EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$s AND %2$I < %4$s RETURNING *) INSERT INTO %5$I SELECT * FROM moved',
		rest, key, low, high, name);
	EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', whole, name, low, high);
	INSERT INTO months VALUES (name, whole, month, next);
END $$;

-- keep_months turns numbers to the month that it is, and makes partitions for it
-- and for a year to come. It is the application's to call, which may do nothing
-- of that itself; as a rule it finds nothing to do.
CREATE FUNCTION keep_months() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
	this timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
BEGIN
	IF (SELECT last_value FROM numbers) >= first_number(this)
			AND (SELECT count(*) FROM months WHERE since = this + interval '1 year') = 2 THEN
		RETURN false;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('liidestuja months ' || current_schema(), 0));
	-- Nobody else is here, and numbers grow: nothing is given out twice.
	IF (SELECT last_value FROM numbers) < first_number(this) THEN
		PERFORM setval('numbers', first_number(this));
	END IF;
	FOR n IN 0..12 LOOP
		PERFORM make_month(whole, this + n * interval '1 month') FROM (VALUES ('bodies'), ('log')) AS w(whole);
	END LOOP;
	RETURN true;
END $$;

-- drop_months drops the months of contents that nothing needs any more, and
-- returns how many they were. Who calls it decides nothing: no item of the month is
-- left, and none can come.
CREATE FUNCTION drop_months() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
	m record;
	dropped integer := 0;
BEGIN
	FOR m IN SELECT * FROM months WHERE whole = 'bodies' AND first_number(until) <= (SELECT last_value FROM numbers) ORDER BY since LOOP
		CONTINUE WHEN EXISTS (SELECT FROM items WHERE id >= first_number(m.since) AND id < first_number(m.until));
		LOCK TABLE bodies IN ACCESS EXCLUSIVE MODE;
		-- Whoever was writing is done.
		CONTINUE WHEN EXISTS (SELECT FROM items WHERE id >= first_number(m.since) AND id < first_number(m.until));
		EXECUTE format('DROP TABLE %I', m.part);
		DELETE FROM months WHERE part = m.part;
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;

CREATE TYPE log_run AS (agency text, first bigint, last bigint);

-- log_runs returns which entries lie in a table and are older than a time, as runs
-- of numbers. Entries that declare what was removed are none of them: they stay.
CREATE FUNCTION log_runs(part text, before timestamptz) RETURNS SETOF log_run LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT agency, min(seq), max(seq) FROM (
			SELECT agency, seq, seq - row_number() OVER (PARTITION BY agency ORDER BY seq) AS run FROM %I WHERE at < $1 AND act <> ''log.purged'') AS old
		GROUP BY agency, run ORDER BY agency, run', part) USING before;
END $$;

-- log_gone declares in the log that runs of entries were removed from it.
CREATE FUNCTION log_gone(runs log_run[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	run log_run;
	n bigint;
BEGIN
	FOREACH run IN ARRAY runs LOOP
		UPDATE agencies a SET log = log + 1 WHERE a.agency = run.agency RETURNING log INTO n;
		INSERT INTO log (agency, seq, at, act, actor, detail) VALUES (run.agency, n, clock_timestamp(), 'log.purged', 'system',
			convert_to(json_build_object('from', run.first::text, 'through', run.last::text)::text, 'UTF8'));
	END LOOP;
END $$;

-- drop_log drops the months of the log whose time is over by the owner's term, and
-- deletes what is as old and lies in none. The log itself says which entries were
-- removed. What takes long is done before anybody has to wait.
CREATE FUNCTION drop_log() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
	over timestamp := (clock_timestamp() AT TIME ZONE 'UTC') - (SELECT keep_log FROM store);
	rest timestamptz := date_trunc('month', over) AT TIME ZONE 'UTC';
	m record;
	runs log_run[];
	dropped integer := 0;
BEGIN
	FOR m IN SELECT * FROM months WHERE whole = 'log' AND until < over ORDER BY since LOOP
		EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', m.part);
		runs := ARRAY(SELECT log_runs(m.part, 'infinity'));
		-- In the order in which every other transaction takes them.
		PERFORM FROM agencies ORDER BY agency FOR UPDATE;
		EXECUTE format('ALTER TABLE log DETACH PARTITION %I', m.part);
		PERFORM log_gone(runs);
		EXECUTE format('INSERT INTO log SELECT * FROM %I WHERE act = ''log.purged''', m.part);
		EXECUTE format('DROP TABLE %I', m.part);
		DELETE FROM months WHERE part = m.part;
		dropped := dropped + 1;
	END LOOP;
	IF EXISTS (SELECT FROM log_rest WHERE at < rest AND act <> 'log.purged') THEN
		LOCK TABLE log_rest IN EXCLUSIVE MODE;
		runs := ARRAY(SELECT log_runs('log_rest', rest));
		DELETE FROM log_rest WHERE at < rest AND act <> 'log.purged';
		PERFORM FROM agencies ORDER BY agency FOR UPDATE;
		PERFORM log_gone(runs);
	END IF;
	RETURN dropped;
END $$;

-- Functions that act for the owner find nothing but the owner's tables.
DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['make_month(text, timestamp)', 'keep_months()', 'drop_months()', 'log_runs(text, timestamptz)', 'log_gone(log_run[])', 'drop_log()'] LOOP
		EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END $$;

-- What is stored already: numbers before this month's, and the log's months.
DO $$
DECLARE
	this timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
	old timestamp;
BEGIN
	EXECUTE format('CREATE TABLE bodies_before PARTITION OF bodies FOR VALUES FROM (MINVALUE) TO (%s)', first_number(this));
	INSERT INTO months VALUES ('bodies_before', 'bodies', '2000-01-01', this);
	FOR old IN SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC') FROM log_whole
			WHERE at > clock_timestamp() - interval '10 years' AND at AT TIME ZONE 'UTC' < this LOOP
		PERFORM make_month('log', old);
	END LOOP;
	PERFORM keep_months();
END $$;
INSERT INTO log SELECT * FROM log_whole;
DROP TABLE log_whole;
INSERT INTO bodies SELECT id, body, search FROM items WHERE kind <> 0 AND body IS NOT NULL;
UPDATE items SET body = NULL WHERE kind <> 0 AND body IS NOT NULL;
ALTER TABLE items DROP COLUMN search;
