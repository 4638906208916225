-- The relay's tables. Columns are BYTEA, BIGINT or TEXT only, so that SQLite and PostgreSQL take the same file.
-- Times are milliseconds since the Unix epoch; flags are 0 or 1; digests of secrets are SHA-256.

-- The change sequence: the cursor of the stream.
CREATE TABLE sequence (id BIGINT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO sequence (id, value) VALUES (1, 0);

-- What the relay knows of itself: its registration at the instance.
CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE accounts (
    uri TEXT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    account_key BYTEA NOT NULL,
    created_at BIGINT,
    limited BIGINT NOT NULL,
    policy TEXT NOT NULL,
    looked_at BIGINT NOT NULL,
    contacts_seq BIGINT NOT NULL,
    started_over_seq BIGINT NOT NULL
);

CREATE TABLE devices (
    device BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (uri),
    name TEXT NOT NULL,
    device_key BYTEA NOT NULL,
    account_key BYTEA NOT NULL,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    revoked BIGINT NOT NULL
);
CREATE INDEX devices_of_account ON devices (account, revoked);

CREATE TABLE sessions (
    token_digest BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL REFERENCES devices (device),
    expires BIGINT NOT NULL
);
CREATE INDEX sessions_of_device ON sessions (device);
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE challenges (
    challenge_digest BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX challenges_by_expiry ON challenges (expires);

-- A sign-in by the authorization-code flow. `identity` and `code_digest` are there once the browser came back.
CREATE TABLE sign_ins (
    sign_in BYTEA NOT NULL PRIMARY KEY,
    state_digest BYTEA NOT NULL UNIQUE,
    verifier TEXT NOT NULL,
    expires BIGINT NOT NULL,
    identity TEXT,
    code_digest BYTEA,
    tries BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires);

CREATE TABLE tickets (
    ticket_digest BYTEA NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX tickets_by_expiry ON tickets (expires);

-- state: 1 accepted, 2 ignored, 3 blocked. No row: nothing said.
CREATE TABLE contacts (
    account TEXT NOT NULL REFERENCES accounts (uri),
    other TEXT NOT NULL REFERENCES accounts (uri),
    state BIGINT NOT NULL,
    PRIMARY KEY (account, other)
);

CREATE TABLE key_packages (
    reference BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL REFERENCES devices (device),
    last_resort BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    bytes BYTEA NOT NULL
);
CREATE INDEX key_packages_by_expiry ON key_packages (expires);
CREATE INDEX key_packages_of_device ON key_packages (device, last_resort, expires);

-- kept_from: the first entry whose bytes are kept; those of all before have gone.
CREATE TABLE conversations (
    conversation BIGINT NOT NULL PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    first TEXT NOT NULL REFERENCES accounts (uri),
    second TEXT NOT NULL REFERENCES accounts (uri),
    generation BIGINT NOT NULL,
    founded BIGINT NOT NULL,
    kept_from BIGINT NOT NULL
);

CREATE INDEX conversations_of_first ON conversations (first);
CREATE INDEX conversations_of_second ON conversations (second);

-- What every append reads and writes, narrow on purpose. state_entry: the entry that set the group's state, 0 if there
-- is no group. provisional: the first commit that is not confirmed, 0 if none. consent: bits, see store/head.rs.
CREATE TABLE heads (
    conversation BIGINT NOT NULL PRIMARY KEY REFERENCES conversations (conversation),
    last BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    state_entry BIGINT NOT NULL,
    provisional BIGINT NOT NULL,
    provisional_account BIGINT NOT NULL,
    consent BIGINT NOT NULL
);

-- The public group after a commit: the current one, and those a void would go back to.
CREATE TABLE group_states (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    state BYTEA NOT NULL,
    PRIMARY KEY (conversation, number)
);

-- kind: as in the hash chain. bytes is NULL once they have gone.
CREATE TABLE entries (
    conversation BIGINT NOT NULL,
    number BIGINT NOT NULL,
    time BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    bytes BYTEA,
    submitter BYTEA,
    submission BYTEA,
    PRIMARY KEY (conversation, number)
);
CREATE UNIQUE INDEX entries_by_submission ON entries (conversation, submission);

-- outcome: 0 provisional, 1 confirmed, 2 voided. committer: 0 or 1, which of the two accounts.
CREATE TABLE commits (
    conversation BIGINT NOT NULL,
    number BIGINT NOT NULL,
    committer BIGINT NOT NULL,
    founding BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    refused_at BIGINT,
    PRIMARY KEY (conversation, number)
);
CREATE INDEX commits_refused ON commits (outcome, refused_at);

CREATE TABLE reports (
    conversation BIGINT NOT NULL,
    number BIGINT NOT NULL,
    device BYTEA NOT NULL,
    account BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    authenticator BYTEA,
    time BIGINT NOT NULL,
    PRIMARY KEY (conversation, number, device)
);

-- From which commit to which a device has a leaf; both may be read. until_number is NULL while it has it.
CREATE TABLE memberships (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    device BYTEA NOT NULL,
    account BIGINT NOT NULL,
    from_number BIGINT NOT NULL,
    until_number BIGINT,
    read_to BIGINT NOT NULL,
    PRIMARY KEY (conversation, device, from_number)
);
CREATE INDEX memberships_of_device ON memberships (device);

CREATE TABLE welcomes (
    welcome BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL REFERENCES devices (device),
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    tree BYTEA NOT NULL
);
CREATE INDEX welcomes_of_device ON welcomes (device);
CREATE INDEX welcomes_of_tree ON welcomes (tree);

CREATE TABLE trees (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    hash BYTEA NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (conversation, hash)
);
