-- Messages that wake who is away: all but silent ones. notable: the number of the last one; notable_by: the account that sent it;
-- notable_seq: its change. notable_before, notable_before_seq: the last one of any other account.
ALTER TABLE heads ADD COLUMN notable BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heads ADD COLUMN notable_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heads ADD COLUMN notable_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heads ADD COLUMN notable_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heads ADD COLUMN notable_before_seq BIGINT NOT NULL DEFAULT 0;

-- The last entry that a device that is woken was given, whether or not it has stored it.
ALTER TABLE memberships ADD COLUMN fetched_to BIGINT NOT NULL DEFAULT 0;

-- The change that brought it.
ALTER TABLE welcomes ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;

-- How devices are woken. quiet_from, quiet_until: minutes of the day in UTC. exceptions: ids of conversations that do not wake it, one
-- after the other. woken: the change up to which the device has been woken.
CREATE TABLE push_subscriptions (
    device BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device),
    endpoint TEXT NOT NULL,
    device_key BYTEA NOT NULL,
    auth BYTEA NOT NULL,
    quiet_from BIGINT,
    quiet_until BIGINT,
    exceptions BYTEA NOT NULL,
    woken BIGINT NOT NULL
);
