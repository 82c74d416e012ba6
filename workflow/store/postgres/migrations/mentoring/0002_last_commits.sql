-- What each writer committed last, under a number of its own: where the answer to a commit was lost, it tells whether it
-- came about. Rows of writers that are gone are removed after some days.
CREATE TABLE last_commits (
    writer uuid PRIMARY KEY, number bigint NOT NULL, at timestamptz NOT NULL
) WITH (fillfactor = 50);
