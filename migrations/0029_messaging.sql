-- Conversations. A message's place is given while this row is locked, so that places have no gap and are seen in order.
CREATE TABLE messaging_conversation (
    id BIGINT PRIMARY KEY,
    -- 'house': every account of the house belongs to it.
    kind TEXT NOT NULL,
    -- The place and the moment of the last message; 0 while there was none.
    last_sequence BIGINT NOT NULL,
    last_sent_us BIGINT NOT NULL
);

CREATE TABLE messaging_message (
    conversation_id BIGINT NOT NULL,
    -- From 1 on, without a gap.
    sequence BIGINT NOT NULL,
    -- NULL, and no body, once the account is gone: the place stays.
    author_id BIGINT,
    -- Whole milliseconds; grows with the sequence.
    sent_us BIGINT NOT NULL,
    body TEXT,
    PRIMARY KEY (conversation_id, sequence)
);
CREATE INDEX messaging_message_sent ON messaging_message (conversation_id, sent_us);
CREATE INDEX messaging_message_author ON messaging_message (author_id, conversation_id, sent_us);

-- The room of the house.
INSERT INTO messaging_conversation (id, kind, last_sequence, last_sent_us) VALUES (1, 'house', 0, 0);
