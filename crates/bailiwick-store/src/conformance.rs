//! The laws of [`Store`](crate::Store), to be run on every implementation by [`store_laws!`](crate::store_laws).
//!
//! Each law is a function that takes an empty store. A law that does not hold panics with what it found.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "laws are tests")]
#![expect(clippy::indexing_slicing, reason = "laws are tests")]

pub mod commits;
pub mod directory;
pub mod events;
pub mod given;
pub mod loading;
pub mod messages;
pub mod model;
pub mod sessions;
pub mod travel;
pub mod usage;

/// Makes a test of each law for one implementation. The factory is an async function that answers with something to keep (such
/// as a temporary directory) and an empty store as an `Arc<dyn Store>`.
#[macro_export]
macro_rules! store_laws {
    ($factory:path) => {
        $crate::store_laws!(@laws $factory,
            commits::an_account_grows_by_one_revision_with_every_commit
            commits::a_stale_commit_is_refused_whole
            commits::one_of_two_commits_at_a_revision_wins
            commits::commits_are_written_in_the_order_of_calls
            commits::what_follows_a_refused_commit_is_refused
            commits::a_refused_commit_does_not_hurt_its_neighbours
            commits::an_account_commit_needs_an_event_and_keeps_the_limits
            commits::a_deleted_account_keeps_its_events_only
            commits::an_idempotency_key_is_recorded_once
            commits::old_answers_are_pruned
            directory::an_email_belongs_to_one_user
            directory::users_change_and_count_their_changes
            directory::users_are_found_by_id_and_by_text
            directory::memberships_are_listed_by_user
            directory::keys_and_facts_are_kept
            directory::the_catalog_of_a_moment_is_found
            directory::a_forgotten_account_leaves_no_trace
            sessions::what_was_decided_by_a_password_needs_that_password
            sessions::what_was_decided_by_a_session_needs_that_session
            sessions::a_link_works_once
            sessions::a_link_is_not_used_up_by_a_refused_commit
            sessions::links_end_together
            sessions::sessions_end_alone_and_together
            sessions::sessions_end_with_the_last_active_membership
            sessions::what_has_expired_is_pruned
            events::filters_combine
            events::nothing_in_a_text_is_a_wildcard
            events::pages_join_without_gap_or_repetition
            events::an_account_sees_its_own_events_only
            events::filters_have_limits
            events::a_search_is_bounded_and_goes_on
            travel::a_range_of_events_is_read_both_ways
            travel::a_commit_is_found_by_time_and_by_revision
            loading::an_account_loads_in_key_order
            loading::a_load_sees_one_moment
            loading::a_load_need_not_be_taken_to_its_end
            loading::a_load_never_mixes_revisions
            loading::accounts_are_listed_by_page
            messages::a_message_is_claimed_by_one_until_its_lease_ends
            messages::a_failed_message_waits_and_a_given_up_one_stays
            messages::given_up_messages_are_pruned
            messages::messages_are_counted_and_listed
            messages::a_sound_store_has_no_findings_and_answers
            usage::the_last_use_is_kept
            usage::accounts_come_due
            messages::a_closed_store_has_written_what_was_queued
        );
    };
    (@laws $factory:path, $($module:ident::$law:ident)*) => {
        $(
            #[tokio::test]
            async fn $law() {
                let (_kept, store) = $factory().await;
                $crate::conformance::$module::$law(&*store).await;
            }
        )*
    };
}
