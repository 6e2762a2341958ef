-- When a message was written by the clock of who took it. Its moment in the conversation never goes back, this does when a
-- clock is put right: how much somebody wrote lately is counted by it.
ALTER TABLE messaging_message ADD COLUMN written_us BIGINT NOT NULL DEFAULT 0;
UPDATE messaging_message SET written_us = sent_us;
CREATE INDEX messaging_message_written ON messaging_message (author_id, conversation_id, written_us);
DROP INDEX messaging_message_author;

-- A row to hold while somebody writes. It stays, as gone, when the account is removed: what was being written then comes
-- too late.
CREATE TABLE messaging_author (
    user_id BIGINT PRIMARY KEY,
    gone BOOLEAN NOT NULL
);
