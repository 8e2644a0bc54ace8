//! What must be true between the tables. Each query lists what breaks its rule, so an empty answer is a sound one.

use super::Query;

/// Rules with the sentence that says what is wrong; each query answers with one text that names the culprit.
pub static RULES: [(&str, Query); 5] = [
    (
        "an account's events do not lead up to its revision without a gap",
        Query::new(
            "select a.account_id from accounts a left join events e on e.account_id = a.account_id \
             group by a.account_id, a.revision having count(distinct e.revision) <> a.revision \
             or coalesce(min(e.revision), 0) <> 1 or coalesce(max(e.revision), 0) <> a.revision \
             order by a.account_id limit 100",
        ),
    ),
    (
        "the events of a revision are not numbered without a gap",
        Query::new(
            "select account_id || ' at revision ' || revision from events group by account_id, revision \
             having min(sequence) <> 0 or max(sequence) <> count(*) - 1 order by account_id, revision limit 100",
        ),
    ),
    (
        "events of an account that does not exist",
        Query::new(
            "select distinct e.account_id from events e left join accounts a on a.account_id = e.account_id \
             where a.account_id is null order by e.account_id limit 100",
        ),
    ),
    (
        "entities of an account that does not exist or was deleted",
        Query::new(
            "select distinct n.account_id from entities n left join accounts a on a.account_id = n.account_id \
             where a.account_id is null or a.deleted_at is not null order by n.account_id limit 100",
        ),
    ),
    (
        "an entity is newer than its account",
        Query::new(
            "select n.account_id || ' ' || n.kind || ' ' || n.id from entities n \
             join accounts a on a.account_id = n.account_id where n.revision > a.revision \
             order by n.account_id, n.kind, n.id limit 100",
        ),
    ),
];
