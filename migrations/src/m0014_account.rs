//! Accounts: who signs in, invitations and sessions (known by the hash of their token alone), and what was done with
//! accounts and personal data, to which lines can only be added.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, reference, run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account")
                    .col(uuid("id").primary_key())
                    // In lower case.
                    .col(text_column(manager, "name").unique_key())
                    .col(text("display_name"))
                    .col(text("role"))
                    .col(text_null("password_hash"))
                    .col(boolean("disabled"))
                    .col(big_integer("row_version"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_sign_in_at"))
                    .col(text_null("request_id").unique_key())
                    .col(text_null("request_sha256"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("account_invitation")
                    .col(text("token_sha256").primary_key())
                    .col(uuid("account_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("used_at"))
                    .foreign_key(&mut reference(
                        ("account_invitation", "account_id"),
                        ("account", "id"),
                        "account_invitation_account",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(text("token_sha256").primary_key())
                    .col(uuid("account_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("seen_at"))
                    .col(big_integer("expires_at"))
                    .col(text("peer"))
                    .foreign_key(&mut reference(("session", "account_id"), ("account", "id"), "session_account"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("access_event")
                    .col(big_pk_auto("id"))
                    .col(big_integer("at"))
                    .col(text("actor"))
                    .col(text("action"))
                    .col(text("subject"))
                    .col(text("peer"))
                    .col(text("detail"))
                    .take(),
            )
            .await?;
        let ordered: [(&'static str, &'static str, &'static [&'static str]); 4] = [
            ("account_invitation_by_account", "account_invitation", &["account_id"]),
            ("session_by_account", "session", &["account_id"]),
            ("access_event_by_actor", "access_event", &["actor", "id"]),
            ("access_event_by_action", "access_event", &["action", "id"]),
        ];
        for (name, table, columns) in ordered {
            manager.create_index(index(name, table, columns)).await?;
        }
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &["CREATE TRIGGER access_event_append_only \
                 BEFORE UPDATE OR DELETE OR TRUNCATE ON access_event \
                 FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"],
            _ => &[
                "CREATE TRIGGER access_event_no_update BEFORE UPDATE ON access_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                "CREATE TRIGGER access_event_no_delete BEFORE DELETE ON access_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            ],
        };
        run(manager, triggers).await
    }
}
