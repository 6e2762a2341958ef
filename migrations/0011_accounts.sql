-- What an app token signs in to: 'api' (everything, as a bearer token and as an API key of music apps) or 'subsonic'
-- (music apps alone, also by salted proof). The secret of the second kind can be made again from its number and the
-- house's key, so nothing else is kept of it.
ALTER TABLE accounts_token ADD COLUMN kind TEXT NOT NULL DEFAULT 'api';
