-- Bits: which of the two accounts (1: the first, 2: the second) has leaves, but none of a device that is not revoked.
-- Kept beside the head so that a message to nobody is refused without another look-up.
ALTER TABLE heads ADD COLUMN gone BIGINT NOT NULL DEFAULT 0;

UPDATE heads SET gone = gone + 1 WHERE conversation IN
    (SELECT m.conversation FROM memberships m JOIN devices d ON d.device = m.device
     WHERE m.until_number IS NULL AND m.account = 0 GROUP BY m.conversation HAVING MIN(d.revoked) = 1);
UPDATE heads SET gone = gone + 2 WHERE conversation IN
    (SELECT m.conversation FROM memberships m JOIN devices d ON d.device = m.device
     WHERE m.until_number IS NULL AND m.account = 1 GROUP BY m.conversation HAVING MIN(d.revoked) = 1);
