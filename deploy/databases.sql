-- Run once, by the superuser, where PostgreSQL begins on an empty volume. The service is none.

\set ON_ERROR_STOP on
\set password `cat /run/secrets/database_password`

CREATE ROLE mentoring LOGIN PASSWORD :'password';
CREATE DATABASE mentoring OWNER mentoring;
CREATE DATABASE mentoring_keys OWNER mentoring;
REVOKE ALL ON DATABASE mentoring FROM PUBLIC;
REVOKE ALL ON DATABASE mentoring_keys FROM PUBLIC;

-- Whom analysts are made members of (docs/analytics.md): the service may not make it, and lets it read the views.
CREATE ROLE mentoring_analyst NOLOGIN;
GRANT CONNECT ON DATABASE mentoring TO mentoring_analyst;

-- Processes tell each other by advisory locks who is at work. Nobody else takes one here, and keeps a work from all.
\connect mentoring
DO $$
DECLARE lock regprocedure;
BEGIN
    FOR lock IN SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', lock);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO mentoring', lock);
    END LOOP;
END $$;
