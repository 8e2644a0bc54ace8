//! Brings a database file to the schema this binary knows: forward only, one transaction for each migration.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::StoreError;

/// Marks a file as Bailiwick's: the letters `BAIL`.
pub const APPLICATION_ID: i32 = 0x4241_494c;

/// One step from a schema to the next.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; they go up by one from 1.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    /// Its statements.
    pub text: &'static str,
}

/// All migrations, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "spine", text: include_str!("../../migrations/sqlite/0001_spine.sql") },
    Migration {
        version: 2,
        name: "ends_and_use",
        text: include_str!("../../migrations/sqlite/0002_ends_and_use.sql"),
    },
];

/// The newest schema this binary knows.
pub fn known_version() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The schema of a database; 0 for an empty one.
pub fn schema_version(db: &Connection) -> Result<u32, StoreError> {
    let table = "select 1 from sqlite_schema where type = 'table' and name = 'migrations'";
    if db.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    Ok(db.query_row("select coalesce(max(version), 0) from migrations", [], |row| row.get(0))?)
}

/// Applies the migrations that are newer than the database.
pub fn migrate(db: &mut Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    for migration in migrations {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if schema_version(&tx)? >= migration.version {
            continue;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.execute_batch(migration.text)?;
        tx.execute(
            "insert into migrations (version, name, applied_at) values (?1, ?2, ?3)",
            params![migration.version, migration.name, Timestamp::now().as_microsecond()],
        )?;
        tx.commit()?;
        tracing::info!(version = migration.version, name = migration.name, "migrated the database");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(db: &Connection) -> Vec<String> {
        let mut statement = db
            .prepare("select type || ' ' || name || ': ' || coalesce(sql, '') from sqlite_schema order by 1")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn migrated(steps: &[&[Migration]]) -> Vec<String> {
        let mut db = Connection::open_in_memory().unwrap();
        for step in steps {
            migrate(&mut db, step).unwrap();
        }
        schema(&db)
    }

    #[test]
    fn an_upgraded_database_equals_a_fresh_one() {
        let next = Migration {
            version: known_version() + 1,
            name: "next",
            text: "create table added (id text not null primary key) strict; alter table meta add column note text;",
        };
        let with_next: Vec<Migration> = MIGRATIONS.iter().copied().chain([next]).collect();
        let fresh = migrated(&[&with_next]);
        assert!(fresh.iter().any(|line| line.starts_with("table added")), "{fresh:?}");
        for released in 1..=with_next.len() {
            assert_eq!(migrated(&[&with_next[..released], &with_next]), fresh, "upgraded from {released}");
        }
    }

    #[test]
    fn versions_go_up_by_one() {
        for (migration, expected) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, expected, "{}", migration.name);
        }
    }

    #[test]
    fn a_failed_migration_leaves_nothing() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        let before = schema(&db);
        let broken =
            Migration { version: 99, name: "broken", text: "create table half (a text); select nothing;" };
        assert!(migrate(&mut db, &[broken]).is_err());
        assert_eq!(schema(&db), before);
        assert_eq!(schema_version(&db).unwrap(), known_version());
    }

    #[test]
    fn every_account_table_starts_its_key_with_the_account() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        for table in ["accounts", "entities", "events", "last_use"] {
            let first: String = db
                .query_row("select name from pragma_table_info(?1) where pk = 1", [table], |row| row.get(0))
                .unwrap();
            assert_eq!(first, "account_id", "{table}");
        }
    }
}
