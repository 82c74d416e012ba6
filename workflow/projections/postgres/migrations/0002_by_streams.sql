-- How far a rebuild has come that goes stream by stream: up to which position, and of which streams.
ALTER TABLE projections ADD COLUMN streams_until bigint, ADD COLUMN streams_after text;
