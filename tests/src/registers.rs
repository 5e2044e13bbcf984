//! A caibian whose registers are filled: by `import seed`, and by `generate` for the years asked for. No mail.

use std::{fs, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

use crate::{Asker, Backend, Postgres, Product, Settings};

/// The running service. Fields are dropped in this order: the product before its database and folder.
#[derive(Debug)]
pub struct Registers {
    /// `caibian api`.
    pub product: Product,
    /// The settings that it runs with.
    pub settings: Settings,
    _postgres: Option<Postgres>,
    _home: TempDir,
}

impl Registers {
    /// Fills the registers of a database of its own and serves them.
    ///
    /// # Panics
    /// When a command fails or the service does not start.
    #[must_use]
    pub fn start(backend: Backend, years: &[i32]) -> Self {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("our own folder");
        let postgres = (backend == Backend::Postgres).then(Postgres::start);
        let store_url = match &postgres {
            None => format!("sqlite:{}", home.path().join("data/caibian.db").display()),
            Some(server) => server.database("caibian"),
        };
        let settings = Settings::write(home.path(), &store_url, &[]);
        run(&settings, &["import", "seed"]);
        for year in years {
            run(&settings, &["generate", "--region", "330000", "--year", &year.to_string(), "--seed", "1"]);
        }
        let product = Product::start_api(&settings);
        Self { product, settings, _postgres: postgres, _home: home }
    }

    /// A client of every service.
    #[must_use]
    pub fn asker(&self) -> Asker {
        Asker::new(self.product.channel())
    }
}

/// Runs a command that must succeed; what it printed.
///
/// # Panics
/// With what it said, when it does not.
pub fn run(settings: &Settings, arguments: &[&str]) -> String {
    let output = settings.run(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "caibian {}: {}\n{said}{complained}", arguments.join(" "), output.status);
    said
}
