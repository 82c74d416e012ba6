-- The data keys, each wrapped by a key from the master key. A destroyed key has no `wrapped`; `used` says that what it was
-- made for is known to be stored; `head` is the last position of the log that it was made for, where that was told.
CREATE TABLE keys (
    scope text COLLATE "C" PRIMARY KEY, wrapped bytea, used boolean NOT NULL DEFAULT false, head bigint,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unproven_keys ON keys (head) WHERE NOT used AND wrapped IS NOT NULL;
