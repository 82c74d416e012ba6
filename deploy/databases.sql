-- Run once, by the superuser, where PostgreSQL begins on an empty volume. The service is none.

\set ON_ERROR_STOP on
\set password `cat /run/secrets/database_password`

CREATE ROLE mentoring LOGIN PASSWORD :'password';
CREATE DATABASE mentoring OWNER mentoring;
CREATE DATABASE mentoring_keys OWNER mentoring;
REVOKE ALL ON DATABASE mentoring FROM PUBLIC;
REVOKE ALL ON DATABASE mentoring_keys FROM PUBLIC;
