//! Signing in at an identity provider: who somebody is there, and sign-ins that were begun and have not come back.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{index, reference, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account_identity")
                    .col(text_column(manager, "issuer"))
                    .col(text_column(manager, "subject"))
                    .col(uuid("account_id"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("issuer").col("subject"))
                    .foreign_key(&mut reference(
                        ("account_identity", "account_id"),
                        ("account", "id"),
                        "account_identity_account",
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(index("account_identity_by_account", "account_identity", &["account_id"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("pending_sign_in")
                    .col(text("state_sha256").primary_key())
                    .col(text("binding_sha256"))
                    // Both are of use to nobody without the code, which comes to the browser.
                    .col(text("nonce"))
                    .col(text("verifier"))
                    .col(text("return_url"))
                    .col(text("next"))
                    .col(big_integer("expires_at"))
                    .take(),
            )
            .await?;
        manager.create_index(index("pending_sign_in_by_end", "pending_sign_in", &["expires_at"])).await
    }
}
