ALTER TABLE conversations ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET position = positions.position FROM positions WHERE positions.talk = conversations.id;
CREATE UNIQUE INDEX conversations_position ON conversations (agency, open, position);
DROP TABLE positions;
