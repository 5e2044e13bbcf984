//! A contract carries the year and the region of its project, by which tables can be spread over machines. The database
//! keeps them, so that they are right whoever writes, a program of before beside this one too: it knows nothing of them.

use sea_orm_migration::{prelude::*, schema::big_integer, sea_orm::DbBackend};

use crate::{run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A contract whose project nobody knows stands nowhere.
        let year = big_integer("year").default(0).take();
        let region = text_column(manager, "region").default("").take();
        for column in [year, region] {
            manager.alter_table(Table::alter().table("contract").add_column(column).take()).await?;
        }
        run(manager, &[PLACED]).await?;
        let kept = match manager.get_database_backend() {
            DbBackend::Postgres => ON_POSTGRES,
            _ => ON_SQLITE,
        };
        run(manager, kept).await
    }
}

const PLACED: &str = "UPDATE contract SET year = project.year, region = project.region FROM project \
                      WHERE project.id = contract.project";

/// Projects may come after their contracts: nothing here asks for an order.
const ON_POSTGRES: &[&str] = &[
    "CREATE FUNCTION contract_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
       SELECT project.year, project.region INTO NEW.year, NEW.region FROM project WHERE project.id = NEW.project; \
       NEW.year := COALESCE(NEW.year, 0); NEW.region := COALESCE(NEW.region, ''); RETURN NEW; END $$",
    "CREATE TRIGGER contract_place BEFORE INSERT OR UPDATE OF project ON contract \
     FOR EACH ROW EXECUTE FUNCTION contract_place()",
    "CREATE FUNCTION project_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
       UPDATE contract SET year = NEW.year, region = NEW.region WHERE contract.project = NEW.id; RETURN NULL; END $$",
    "CREATE TRIGGER project_place AFTER INSERT ON project FOR EACH ROW EXECUTE FUNCTION project_place()",
    "CREATE TRIGGER project_moved AFTER UPDATE OF year, region ON project FOR EACH ROW \
     WHEN (OLD.year <> NEW.year OR OLD.region <> NEW.region) EXECUTE FUNCTION project_place()",
];

const ON_SQLITE: &[&str] = &[
    "CREATE TRIGGER contract_place AFTER INSERT ON contract BEGIN \
       UPDATE contract SET year = project.year, region = project.region FROM project \
       WHERE contract.id = NEW.id AND project.id = NEW.project; END",
    "CREATE TRIGGER contract_moved AFTER UPDATE OF project ON contract WHEN OLD.project <> NEW.project BEGIN \
       UPDATE contract SET year = COALESCE((SELECT year FROM project WHERE id = NEW.project), 0), \
       region = COALESCE((SELECT region FROM project WHERE id = NEW.project), '') WHERE contract.id = NEW.id; END",
    "CREATE TRIGGER project_place AFTER INSERT ON project BEGIN \
       UPDATE contract SET year = NEW.year, region = NEW.region WHERE contract.project = NEW.id; END",
    "CREATE TRIGGER project_moved AFTER UPDATE OF year, region ON project \
     WHEN OLD.year <> NEW.year OR OLD.region <> NEW.region BEGIN \
       UPDATE contract SET year = NEW.year, region = NEW.region WHERE contract.project = NEW.id; END",
];
