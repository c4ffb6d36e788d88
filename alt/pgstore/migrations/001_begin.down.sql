DROP TABLE blobs, notes, flows, lines, once, watermarks, parked, log, positions, conversations, people, letters, live, raw, event_keys, items,
	agencies, replicas, store;
DROP SEQUENCE numbers;
