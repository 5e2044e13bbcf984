//! One suite for both databases: every case runs on SQLite as a test of its own, and on one PostgreSQL in a row.

mod accounts;
mod campaigns;
mod chain;
mod concurrency;
mod contacts;
mod database;
mod erasure;
mod exports;
mod identities;
mod ledger;
mod letters;
mod lists;
mod mailbox_tests;
mod manuscripts;
mod outbox;
mod pages;
mod postgres;
mod reach;
mod recording;
mod registers;
mod remarks;
mod reviews;
mod rollups;
mod scene;
mod seeded;
mod similar;
mod statistics;
mod traces;
mod verify;

use std::{future::Future, pin::Pin};

use sea_orm::{ConnectionTrait, Database};

use scene::Scene;

type Case = fn(Scene) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! suite {
    ($($room:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let folder = tempfile::tempdir().unwrap();
                    let url = format!("sqlite:{}", folder.path().join("new/caibian.db").display());
                    super::$room::$case(super::Scene::new(&url).await).await;
                }
            )*
        }

        const CASES: &[(&str, Case)] = &[$((stringify!($case), |scene| Box::pin($room::$case(scene)))),*];
    };
}

suite! {
    accounts::a_session_ends_when_its_person_is_idle_and_after_twelve_hours_whatever_happens,
    accounts::an_invitation_is_used_once_also_by_many_at_once,
    accounts::what_changes_a_persons_rights_ends_the_sessions,
    accounts::of_many_sessions_of_one_person_the_newest_twenty_live,
    accounts::the_last_administrator_stays_one_also_when_two_put_each_other_out,
    accounts::a_name_is_taken_in_any_case_and_the_same_call_makes_one_account,
    accounts::what_was_done_with_accounts_can_only_be_added_to,
    campaigns::a_campaign_is_changed_only_from_the_revision_that_was_read,
    campaigns::campaigns_are_listed_by_their_deadline_page_by_page,
    campaigns::the_shipped_campaign_is_inserted_once_and_taken_by_its_mailbox,
    chain::a_days_digest_stays_what_it_was,
    chain::a_line_that_was_changed_removed_or_put_in_is_named,
    chain::every_line_of_every_history_is_linked_once_whoever_links,
    chain::words_can_be_erased_with_their_salt_and_nothing_else_can,
    concurrency::a_later_change_number_waits_for_an_earlier_one,
    concurrency::change_numbers_become_visible_in_their_order,
    concurrency::eight_writers_of_a_hundred_writes_never_find_the_database_locked,
    concurrency::of_many_messages_with_the_same_bytes_one_is_stored,
    concurrency::numbers_have_no_gap_under_concurrency_and_rollback,
    contacts::contacts_are_counted_over_all_their_versions_and_paged_newest_first,
    contacts::organisations_are_listed_with_who_wrote_for_them,
    database::a_cut_off_compares_instants_and_not_their_text,
    database::a_newer_database_is_refused,
    database::history_can_only_be_added_to,
    database::migrating_again_or_twice_at_once_changes_nothing,
    erasure::of_a_person_who_is_erased_no_word_is_left_and_every_count_is,
    erasure::a_rehearsal_and_an_erasure_of_nobody_leave_nothing,
    erasure::a_letter_that_is_being_sent_and_an_adopted_manuscript_are_refused_with_a_word,
    erasure::a_file_that_two_people_sent_stays_with_the_other,
    erasure::a_mail_that_was_erased_comes_back_neither_under_a_new_epoch_nor_after_a_restore,
    erasure::a_worker_in_the_middle_of_an_erased_mail_goes_no_further,
    erasure::what_came_back_from_an_address_goes_with_it_and_who_names_it_is_told,
    erasure::what_was_kept_long_enough_is_named_and_nothing_else,
    erasure::a_half_done_erasure_is_found,
    erasure::a_call_that_is_asked_again_erases_once,
    erasure::more_mails_than_one_erasure_takes_are_refused_and_none_is_touched,
    erasure::every_table_has_its_line_in_what_is_said_of_personal_data,
    exports::every_number_of_a_campaign_leaves_and_a_filter_leaves_whole_manuscripts,
    exports::the_decision_that_holds_leaves_with_its_reason_and_a_retracted_one_does_not,
    identities::a_sign_in_that_was_begun_ends_once_in_time_and_in_its_own_browser,
    identities::an_identity_is_tied_by_an_open_invitation_alone_and_then_by_its_subject,
    identities::who_is_unknown_is_refused_or_becomes_one_viewer_also_at_once,
    ledger::a_changed_epoch_binds_the_same_mail_again_without_doubling_it,
    ledger::a_copy_in_another_folder_is_repeated,
    ledger::a_mail_that_comes_to_an_address_by_two_ways_is_repeated_and_one_to_another_address_is_not,
    ledger::a_filed_message_is_filed_once_and_only_when_its_bytes_are_ours,
    ledger::a_lease_goes_to_another_holder_only_when_it_has_ended,
    ledger::a_message_out_of_quarantine_is_tried_again_or_released,
    ledger::a_message_that_moved_in_between_is_left_alone,
    ledger::a_stale_fence_changes_nothing,
    ledger::a_sweep_leaves_its_position_and_its_error,
    ledger::a_try_is_counted_before_it_begins_and_can_be_taken_back,
    ledger::due_messages_come_oldest_first_when_their_time_has_come,
    ledger::enrolling_again_keeps_the_first_contact_and_takes_new_folders,
    ledger::ten_thousand_mails_get_a_row_each_once,
    ledger::the_newest_question_is_answered_with_all_older_ones,
    letters::a_submission_and_its_letter_are_recorded_together_or_not_at_all,
    letters::a_letter_is_of_the_kind_and_the_language_that_the_mail_asks_for,
    letters::old_mail_and_what_is_no_submission_get_no_letter_and_nobody_does_without_a_policy,
    letters::every_silence_is_kept_by_name,
    letters::a_decision_is_told_when_its_window_has_ended_and_a_retraction_within_it_stops_the_letter,
    letters::a_letter_that_a_sender_has_when_its_decision_is_retracted_never_goes_again,
    letters::a_decline_waits_for_a_person_where_the_policy_says_so,
    letters::a_person_holds_cancels_and_retries_a_letter_and_never_on_what_others_changed,
    letters::what_our_own_side_cannot_do_costs_no_try_and_what_no_server_takes_fails_at_last,
    letters::an_answer_that_comes_late_is_taken_while_no_other_sender_has_the_letter,
    letters::a_bounce_is_tied_to_its_letter_and_stops_the_next_one_while_a_delay_stops_nothing,
    letters::no_more_letters_go_than_the_caps_allow,
    letters::letters_stop_while_too_many_fail_and_one_tries_after_the_pause,
    letters::a_letter_stands_once_in_the_tables_and_its_history_can_only_be_added_to,
    lists::a_page_neither_skips_nor_repeats_while_mail_arrives,
    lists::changes_come_whole_and_in_their_order,
    lists::every_blob_is_named_once,
    lists::every_filter_gives_what_it_says,
    lists::hashes_that_no_row_names_are_told,
    lists::the_page_of_a_mail_is_named_and_held_against_its_letter,
    lists::messages_are_found_by_class_and_by_what_subject_and_sender_hold,
    lists::messages_are_listed_newest_first_by_stage,
    lists::recorded_mail_comes_with_its_letter_from_all_mailboxes_of_an_address,
    mailbox_tests::a_test_is_asked_for_once_and_done_by_one_worker,
    mailbox_tests::the_mail_of_a_test_never_becomes_a_submission_and_one_that_only_says_so_does,
    manuscripts::a_page_a_count_and_the_neighbours_are_what_a_filter_says,
    manuscripts::a_page_of_reviews_neither_skips_nor_repeats_while_they_move,
    manuscripts::a_planted_fault_in_what_lists_read_is_found,
    manuscripts::what_a_list_cannot_answer_is_refused,
    manuscripts::what_an_older_program_left_is_listed_after_the_next_start,
    outbox::a_campaigns_own_words_are_written_and_broken_ones_hold_nothing_up,
    outbox::a_letter_goes_out_once_through_one_sender,
    outbox::a_letter_is_handed_over_once_or_where_the_settings_say_so_twice_whatever_dies,
    outbox::a_sender_that_lost_its_lease_goes_no_further,
    outbox::two_senders_never_take_the_same_letter,
    pages::a_page_of_a_register_neither_skips_nor_repeats_while_others_write,
    reach::letters_to_an_address_that_one_came_back_from_wait_until_a_person_has_looked,
    reach::a_mark_is_lifted_by_a_person_alone_and_an_old_bounce_sets_none_anew,
    reach::a_letter_that_waits_for_its_own_approval_stays_with_its_person_and_does_not_go_to_a_marked_address,
    recording::a_correction_joins_the_chain_of_what_it_corrects,
    recording::a_mail_of_no_judged_class_keeps_its_reason_and_no_submission,
    recording::a_submission_is_read_back_as_it_was_recorded,
    recording::characters_that_a_database_refuses_are_replaced,
    recording::earlier_submissions_are_found_by_their_sender_in_any_case,
    registers::a_call_that_was_made_gives_its_first_success_for_a_week,
    registers::a_change_happens_whole_or_not_at_all_and_a_rehearsal_leaves_nothing,
    registers::a_condition_says_the_same_on_both_databases,
    registers::a_load_leaves_alone_what_is_the_same_or_somebody_wrote,
    registers::a_reference_that_was_found_live_lives_until_the_commit,
    registers::an_entry_goes_from_version_to_version_and_can_be_deleted_and_undeleted,
    registers::of_many_updates_from_one_version_one_is_taken,
    registers::of_the_same_calls_made_at_once_one_writes_and_all_give_the_same,
    registers::terms_follow_their_entry,
    registers::values_that_only_one_may_hold_are_refused_to_a_second,
    registers::what_a_register_does_not_have_is_a_fault_of_ours_and_never_sql,
    remarks::tags_come_and_go_with_a_line_of_who_and_a_later_version_keeps_them,
    remarks::more_tags_than_fit_and_a_rehearsal_leave_nothing,
    remarks::a_comment_is_kept_once_and_never_changed,
    remarks::a_view_is_its_owners_and_a_shared_one_everybodys,
    reviews::a_recorded_submission_stands_as_judged_and_a_near_miss_has_no_review,
    reviews::a_correction_joins_the_review_of_what_it_corrects_and_opens_the_round_that_asked,
    reviews::a_refused_or_rehearsed_step_leaves_nothing,
    reviews::of_two_editors_who_decide_at_once_one_wins,
    reviews::a_correction_and_an_editors_step_at_once_are_both_kept_or_the_editor_is_told,
    reviews::the_same_call_again_gives_what_its_first_success_gave,
    reviews::reviews_are_listed_by_state_editor_day_and_campaign_page_by_page,
    reviews::what_was_recorded_before_there_were_reviews_stands_as_judged,
    reviews::the_history_of_a_review_can_only_be_added_to_and_a_planted_fault_is_found,
    rollups::a_falsified_total_is_found_and_a_rebuild_puts_it_right,
    rollups::a_contract_stands_where_its_project_does,
    rollups::a_load_forgets_what_it_touches,
    rollups::many_that_fill_at_once_while_somebody_writes_never_see_a_stale_total,
    rollups::nothing_adds_up_to_one_total_of_nothing,
    rollups::totals_are_exactly_what_the_records_add_up_to_after_any_writes,
    similar::a_text_taken_over_with_changes_is_found_and_an_unrelated_one_is_not,
    similar::the_same_file_is_found_whatever_stands_beside_it,
    similar::what_an_older_program_recorded_is_filled_in_once,
    statistics::each_number_is_the_count_of_the_list_behind_it,
    statistics::a_wait_is_one_that_a_manuscript_had_and_ends_with_the_decision_that_holds,
    traces::a_mails_way_keeps_its_place_in_a_trace_and_what_cannot_be_read_is_none,
    traces::a_letter_says_what_wrote_it_and_which_way_its_mail_came,
    verify::a_lived_in_database_agrees_with_itself,
    verify::every_planted_fault_is_found,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_on_postgresql() {
    let server = tokio::task::spawn_blocking(postgres::Server::start).await.unwrap();
    let admin = Database::connect(server.url("postgres")).await.unwrap();
    let mut failed = Vec::new();
    // `ONLY=contact,alike` runs those cases alone whose name holds one of the words.
    let only = std::env::var("ONLY").ok();
    for (number, (name, case)) in CASES.iter().enumerate() {
        if only.as_ref().is_some_and(|only| !only.split(',').any(|word| name.contains(word))) {
            continue;
        }
        let database = format!("case_{number}");
        admin.execute_unprepared(&format!("CREATE DATABASE {database}")).await.unwrap();
        let url = server.url(&database);
        let run = tokio::spawn(async move { case(Scene::new(&url).await).await });
        if run.await.is_err() {
            failed.push(*name);
        }
    }
    drop(admin);
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    assert!(failed.is_empty(), "on PostgreSQL failed: {failed:#?}");
}
