-- notable: the last entry that wakes who is away; notable_by: the account that sent it. Only messages do, and not silent ones.
ALTER TABLE heads ADD COLUMN notable BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heads ADD COLUMN notable_by BIGINT NOT NULL DEFAULT 0;

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
