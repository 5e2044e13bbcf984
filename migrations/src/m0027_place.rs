//! A contract carries the year and the region of its project, by which tables can be spread over machines. A program of
//! before writes neither: its contracts stand at year 0 until ours has looked.

use sea_orm_migration::{prelude::*, schema::big_integer};

use crate::{run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let year = big_integer("year").default(0).take();
        let region = text_column(manager, "region").default("").take();
        for column in [year, region] {
            manager.alter_table(Table::alter().table("contract").add_column(column).take()).await?;
        }
        run(manager, &[PLACED]).await
    }
}

const PLACED: &str = "UPDATE contract SET year = project.year, region = project.region FROM project \
                      WHERE project.id = contract.project";
