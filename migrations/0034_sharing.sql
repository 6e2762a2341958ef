-- The row stays when the account is removed: a share that was being made then comes too late.
ALTER TABLE sharing_owner ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE;
