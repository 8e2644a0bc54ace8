-- Accounts with their entities, events, outbox and idempotency records; the directory; platform facts.
--
-- Times are microseconds since the Unix epoch, ids are their text, JSON is text. Strict tables refuse a value of another
-- type. Tables that are read in key order are kept in key order (without rowid).

create table migrations (
    version integer not null primary key,
    name text not null,
    applied_at integer not null
) strict;

create table meta (
    key text not null primary key,
    value text not null
) strict, without rowid;

-- Every catalog that was in force, from when on. Accounts mean what the one says that was in force at the time.
create table catalogs (
    since integer not null primary key,
    name text not null,
    hash text not null,
    body text not null
) strict;

create table accounts (
    account_id text not null primary key,
    revision integer not null check (revision >= 1),
    created_at integer not null,
    deleted_at integer
) strict, without rowid;

create table entities (
    account_id text not null,
    kind text not null,
    id text not null,
    revision integer not null,
    body text not null,
    primary key (account_id, kind, id)
) strict, without rowid;

create table events (
    account_id text not null,
    revision integer not null,
    sequence integer not null,
    at integer not null,
    actor_kind text not null,
    actor_id text,
    event_type text not null,
    target_kind text,
    target_id text,
    request_id text,
    source_ip text,
    body text not null,
    primary key (account_id, revision, sequence)
) strict, without rowid;

-- Time is the one index: it bounds the part of the record that is looked at. Other filters walk that part in key order (a million
-- events in about a quarter of a second), because an index for each of them would halve the commits that many accounts make together.
create index events_by_time on events (account_id, at, revision, sequence);

create table idempotency_records (
    scope text not null,
    key text not null,
    fingerprint blob not null,
    revision integer,
    answer text not null,
    created_at integer not null,
    primary key (scope, key)
) strict, without rowid;

create index idempotency_records_by_age on idempotency_records (created_at);

-- Numbers are not used again (autoincrement), so that a late answer of a deliverer cannot hit another message.
create table outbox (
    outbox_id integer primary key autoincrement,
    account_id text,
    kind text not null,
    body text not null,
    created_at integer not null,
    attempts integer not null default 0,
    next_attempt_at integer,
    last_error text
) strict;

create index outbox_due on outbox (next_attempt_at);
create index outbox_by_account on outbox (account_id, outbox_id);

create table users (
    user_id text not null primary key,
    email text not null unique,
    name text not null,
    email_folded text not null,
    name_folded text not null,
    verified_at integer,
    password_hash text,
    default_account_id text references accounts (account_id),
    created_at integer not null,
    last_sign_in_at integer,
    revision integer not null
) strict, without rowid;

create index users_by_default_account on users (default_account_id) where default_account_id is not null;

create table memberships (
    user_id text not null references users (user_id),
    account_id text not null references accounts (account_id),
    status text not null check (status in ('pending', 'active', 'inactive')),
    primary key (user_id, account_id)
) strict, without rowid;

create index memberships_by_account on memberships (account_id, user_id);

create table sessions (
    token_hash blob not null primary key,
    user_id text not null references users (user_id),
    account_id text references accounts (account_id),
    created_at integer not null,
    seen_at integer not null,
    expires_at integer not null,
    source_ip text,
    user_agent text
) strict, without rowid;

create index sessions_by_user on sessions (user_id, created_at);
create index sessions_by_account on sessions (account_id) where account_id is not null;
create index sessions_by_end on sessions (expires_at);

create table links (
    token_hash blob not null primary key,
    purpose text not null,
    user_id text not null references users (user_id),
    account_id text references accounts (account_id),
    invitation_id text,
    created_at integer not null,
    expires_at integer
) strict, without rowid;

create index links_by_user on links (user_id, purpose);
create index links_by_account on links (account_id) where account_id is not null;
create index links_by_invitation on links (invitation_id) where invitation_id is not null;
create index links_by_end on links (expires_at) where expires_at is not null;

create table management_keys (
    key_id text not null primary key,
    account_id text not null references accounts (account_id)
) strict, without rowid;

create index management_keys_by_account on management_keys (account_id);
