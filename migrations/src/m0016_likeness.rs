//! What stands beside a submission for look-ups of other submissions: the sketch of its text, with a row a band to find
//! what is like it, and who sent it, to find what the same person or organisation sent. Filled by the program for what
//! was recorded before, and gone with what it describes.

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
                    .table("likeness")
                    .col(uuid("submission_id").primary_key())
                    .col(big_integer("shingles"))
                    .col(blob("minima"))
                    .foreign_key(
                        reference(("likeness", "submission_id"), ("submission", "id"), "likeness_submission")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("likeness_band")
                    .col(big_integer("band"))
                    .col(uuid("submission_id"))
                    .primary_key(Index::create().col("band").col("submission_id"))
                    .foreign_key(
                        reference(
                            ("likeness_band", "submission_id"),
                            ("likeness", "submission_id"),
                            "likeness_band_likeness",
                        )
                        .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager.create_index(index("likeness_band_of", "likeness_band", &["submission_id"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("submission_contact")
                    .col(uuid("submission_id").primary_key())
                    .col(uuid("contact_id"))
                    .col(uuid("root_id"))
                    .col(text_column(manager, "address"))
                    .col(text_column(manager, "name"))
                    .col(text_column(manager, "organisation"))
                    .col(big_integer("received_at"))
                    .foreign_key(
                        reference(
                            ("submission_contact", "submission_id"),
                            ("submission", "id"),
                            "submission_contact_submission",
                        )
                        .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        let ordered: [(&'static str, &[&'static str]); 3] = [
            ("submission_contact_by_receipt", &["received_at", "submission_id", "contact_id"]),
            ("submission_contact_by_contact", &["contact_id", "received_at", "submission_id"]),
            ("submission_contact_by_organisation", &["organisation", "received_at", "submission_id"]),
        ];
        for (name, columns) in ordered {
            manager.create_index(index(name, "submission_contact", columns)).await?;
        }
        Ok(())
    }
}
