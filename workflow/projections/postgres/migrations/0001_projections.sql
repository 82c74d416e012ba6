-- What is folded how far: one row a generation. The tables of generations are made and removed as projections are rebuilt.
CREATE TABLE projections (
    name text COLLATE "C" NOT NULL, generation bigint NOT NULL, live smallint NOT NULL, position bigint NOT NULL,
    state text NOT NULL, cause text, failed_at bigint, shape text NOT NULL, paused_by text,
    PRIMARY KEY (name, generation)
);

-- The views that analysts read: the statements that made them, by which those of another version are told, and what
-- PostgreSQL has made of these, by which it is told that nobody has put others in their place.
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE TABLE analysts_views (
    name text COLLATE "C" PRIMARY KEY, statement text NOT NULL, definition text NOT NULL
);

-- Functions of SQLite that queries and analysts' views ask for, so that these are written once. Rows keep instants and
-- JSON as text. They are plain expressions, which PostgreSQL puts into a query in their place.

-- Days since noon of 24 November 4714 BC, of whole milliseconds, as SQLite counts them: to the last bit the same number.
CREATE FUNCTION julianday(instant text) RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (floor(extract(epoch FROM instant::timestamptz) * 1000 + 0.5) + 210866760000000)::double precision / 86400000.0::double precision;

CREATE FUNCTION round(number double precision, digits integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pg_catalog.round(number::numeric, digits)::double precision;

CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}';

-- The members of an object, or the elements of an array, which have no key here.
CREATE FUNCTION json_each(document text) RETURNS TABLE (key text, value text) LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NULL::text, element.value
    FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(document::jsonb) = 'array' THEN document::jsonb ELSE '[]' END) AS element
    UNION ALL
    SELECT member.key, member.value
    FROM jsonb_each_text(CASE WHEN jsonb_typeof(document::jsonb) = 'object' THEN document::jsonb ELSE '{}' END) AS member;
END;
