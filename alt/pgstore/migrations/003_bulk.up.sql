-- Lanes whose head is bulk: what is more urgent and comes behind it lifts it. As a
-- rule there are none, and to find that out costs nothing.
CREATE INDEX live_bulk ON live (lane) WHERE work = 'outbox' AND head AND rank < 0;
