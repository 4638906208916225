-- Groups: any number of accounts. kind: 1 direct, 2 group. Of a group `first` and `second` both are its creator; who
-- takes part, in either kind, is in `participants`. requests_seq: the change that last touched its requests to join.
ALTER TABLE conversations ADD COLUMN kind BIGINT NOT NULL DEFAULT 1;
ALTER TABLE conversations ADD COLUMN salt BYTEA;
ALTER TABLE conversations ADD COLUMN requests_seq BIGINT NOT NULL DEFAULT 0;

-- Accounts that have or had leaves. `account` names one within its conversation, as in commits, reports and memberships:
-- of a direct conversation 0 and 1, the one that sorts first first; of a group in the order in which they came.
-- consent, in groups: 0 invited, 1 accepted, 2 put away. inviter: who added it, invited_at: when, if somebody did.
-- may_found: whether it was an owner when the group was founded last.
CREATE TABLE participants (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    account BIGINT NOT NULL,
    uri TEXT NOT NULL REFERENCES accounts (uri),
    consent BIGINT NOT NULL,
    inviter BIGINT,
    invited_at BIGINT,
    may_found BIGINT NOT NULL,
    PRIMARY KEY (conversation, account)
);
CREATE UNIQUE INDEX participants_by_uri ON participants (uri, conversation);

INSERT INTO participants (conversation, account, uri, consent, may_found)
    SELECT conversation, 0, first, 0, 0 FROM conversations;
INSERT INTO participants (conversation, account, uri, consent, may_found)
    SELECT conversation, 1, second, 0, 0 FROM conversations;

-- What a void of the commit `number` gives back to a participant that the commit invited again.
CREATE TABLE earlier_consents (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    account BIGINT NOT NULL,
    consent BIGINT NOT NULL,
    inviter BIGINT,
    invited_at BIGINT,
    PRIMARY KEY (conversation, number, account)
);

-- left_number: the proposal to leave after which nothing is delivered, while the leaf is still there or gone since.
ALTER TABLE memberships ADD COLUMN left_number BIGINT;
CREATE INDEX memberships_of_account ON memberships (conversation, account);

-- The GroupInfo that came with the commit, for who joins by itself. NULL: it came before there were such.
ALTER TABLE group_states ADD COLUMN group_info BYTEA;

-- Proposals to leave. One is pending while the group is the one that it was made in: while heads.state_entry is its own.
CREATE TABLE proposals (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    state_entry BIGINT NOT NULL,
    account BIGINT NOT NULL,
    device BYTEA NOT NULL,
    time BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (conversation, number)
);
CREATE INDEX proposals_by_time ON proposals (time);

-- What all Welcomes of a commit have in common: the suite and the encrypted GroupInfo. Where there is none, the bytes of a
-- Welcome are whole; else they are the one secret that is the device's.
CREATE TABLE welcome_infos (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (conversation, number)
);

-- Who came in by which link.
CREATE TABLE link_uses (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    number BIGINT NOT NULL,
    link BYTEA NOT NULL,
    PRIMARY KEY (conversation, number)
);
CREATE INDEX link_uses_of_link ON link_uses (conversation, link);

CREATE TABLE join_requests (
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    uri TEXT NOT NULL REFERENCES accounts (uri),
    since BIGINT NOT NULL,
    PRIMARY KEY (conversation, uri)
);
CREATE INDEX join_requests_by_age ON join_requests (since);

-- The change that last touched in which conversations the account is, or what it says of being in them.
ALTER TABLE accounts ADD COLUMN conversations_seq BIGINT NOT NULL DEFAULT 0;
