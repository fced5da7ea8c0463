-- How often an administrator has taken the lock of an address away since it was last without failures.
ALTER TABLE login_failures ADD COLUMN n_unlocks INTEGER NOT NULL DEFAULT 0;
