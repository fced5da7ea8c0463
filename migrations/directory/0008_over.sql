-- What is over is found by when it ended, to be deleted.

CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX invitations_by_end ON invitations (expires_at);
CREATE INDEX mail_outbox_by_end ON mail_outbox (expires_at);
