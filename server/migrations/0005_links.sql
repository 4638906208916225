-- The change at which the account's devices changed last.
ALTER TABLE accounts ADD COLUMN devices_seq BIGINT NOT NULL DEFAULT 0;

-- A link channel between a new device, which has a ticket, and an old one, which has joined or not yet.
CREATE TABLE links (
    link BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    ticket_digest BYTEA NOT NULL UNIQUE,
    code_digest BYTEA NOT NULL,
    new_digest BYTEA NOT NULL UNIQUE,
    old_digest BYTEA UNIQUE,
    old_device BYTEA,
    new_sent BIGINT NOT NULL,
    old_sent BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX links_of_account ON links (account);
CREATE INDEX links_by_expiry ON links (expires);

-- side: who sent it, 0 the new device, 1 the old one. Only what the other side does not have yet.
CREATE TABLE link_frames (
    link BYTEA NOT NULL,
    side BIGINT NOT NULL,
    number BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (link, side, number)
);
