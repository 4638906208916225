-- Who may use the relay, what admins have decided, and what they have done.

-- The account's role at the instance, as JSON, of its last sign-in. NULL: the instance tells none, or it was taken away.
ALTER TABLE accounts ADD COLUMN role TEXT;
-- When an admin erased the account. NULL: never, or it has come back since.
ALTER TABLE accounts ADD COLUMN erased BIGINT;
CREATE INDEX accounts_by_handle ON accounts (handle);

-- Decisions about an account, whether or not it has been here. The times are since when; NULL: it is not so.
-- reason: why it is suspended, in words for the person.
CREATE TABLE admissions (
    uri TEXT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    asked BIGINT,
    allowed BIGINT,
    suspended BIGINT,
    reason TEXT NOT NULL
);
CREATE INDEX admissions_by_handle ON admissions (handle);
CREATE INDEX admissions_by_asked ON admissions (asked);

-- What an account may have where that is not what all may. NULL: as all.
CREATE TABLE quotas (
    uri TEXT NOT NULL PRIMARY KEY,
    file_bytes BIGINT,
    devices BIGINT
);

-- Domains with which there is no, or less, traffic. digest: SHA-256 of the domain, which an instance shows even where it
-- hides letters of the name. source: 0 an admin of the relay, 1 the instance. verdict: 0 allowed, 1 limited, 2 blocked.
CREATE TABLE domain_rules (
    digest BYTEA NOT NULL,
    source BIGINT NOT NULL,
    verdict BIGINT NOT NULL,
    domain TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (digest, source)
);

-- What admins did: rows are added, and never changed.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_of_subject ON audit (subject);
