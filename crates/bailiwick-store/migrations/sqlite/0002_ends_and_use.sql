-- When an account next has something to record by itself, such as a grant that ends.
alter table accounts add column next_due_at integer;

create index accounts_by_next_due on accounts (next_due_at) where next_due_at is not null;

-- The day on which a principal last made use of a permission, or on which a key was last used (with no permission), counted
-- from the Unix epoch. Lossy: what is missing was not used, or was not recorded.
create table last_use (
    account_id text not null,
    holder_id text not null,
    permission text not null,
    day integer not null,
    primary key (account_id, holder_id, permission)
) strict, without rowid;
