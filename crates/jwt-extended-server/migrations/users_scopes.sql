-- The scopes of each user, with spaces between them, in both databases. Rows of earlier versions have none.
ALTER TABLE jwt_users ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
