//! What a user of caibian can rely on, shown on a real Dovecot, on SQLite and on PostgreSQL.

/// A test for each database: the body takes the backend.
macro_rules! on_each_backend {
    ($($name:ident => $body:path;)+) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                $body(tests::Backend::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                $body(tests::Backend::Postgres).await;
            })+
        }
    };
}

mod asvs;
mod backup;
mod buckets;
mod campaigns;
mod commands;
mod corpus;
mod desk;
mod doctor;
mod draining;
mod erasure;
mod figures;
mod filing;
mod folders;
mod history;
mod jwt;
mod letters;
mod ops;
mod privacy;
mod python;
mod quarantine;
mod restart;
mod reviews;
mod rolling;
mod scanning;
mod secrets;
mod sending;
mod servers;
mod serving;
mod sign_in;
mod systems;
mod testing;
mod tls;
mod totals;
mod traces;
mod traps;
mod upgrade;
