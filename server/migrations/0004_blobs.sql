-- Sealed files. Their bytes are in the folder `blobs` beside the database, named by the id in hex.
-- `received` bytes are on disk and synced. `expires` is when the blob goes unless it is attached anew.
CREATE TABLE blobs (
    blob BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (uri),
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX blobs_of_account ON blobs (account);
CREATE INDEX blobs_by_expiry ON blobs (expires);

CREATE TABLE blob_attachments (
    blob BYTEA NOT NULL REFERENCES blobs (blob),
    conversation BIGINT NOT NULL REFERENCES conversations (conversation),
    PRIMARY KEY (blob, conversation)
);
