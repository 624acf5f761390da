#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: the two roles and the database.
# The owner migrates; the runtime role owns nothing. Grants on tables are made by each migration.
set -eu
psql --set ON_ERROR_STOP=1 --set owner_password="$SPM_DATABASE_OWNER_PASSWORD" \
  --set runtime_password="$SPM_DATABASE_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE spm_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE spm LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'runtime_password';
CREATE DATABASE spm OWNER spm_owner;
REVOKE ALL ON DATABASE spm FROM PUBLIC;
GRANT CONNECT ON DATABASE spm TO spm;
\connect spm
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO spm;
SQL
