-- The signature of a report, so that it can be shown to members whose own differs. NULL in reports of before.
ALTER TABLE reports ADD COLUMN signature BYTEA;
