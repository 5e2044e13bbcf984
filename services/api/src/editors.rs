//! Who may get a submission: callers of the settings and users whose role is editor at least, by name. A user and a caller
//! of one name are one person in histories.

use std::collections::BTreeMap;

use intake::review::Role;
use store::{LIST_MAX, Store};
use tonic::Status;

use crate::{Callers, errors, gate::LOCAL};

/// Callers and users who may get a submission. Cheap to clone.
#[derive(Clone)]
pub struct Editors {
    store: Store,
    /// Display name and role by name.
    services: BTreeMap<String, (String, Role)>,
}

impl Editors {
    /// `callers` are those of the settings; without any, `local` stands in for them.
    #[must_use]
    pub fn new(store: Store, callers: &Callers) -> Self {
        let tokens = callers.tokens.iter().map(|token| (&token.name, token.role));
        let certificates = callers.certificates.iter().map(|certificate| (&certificate.name, certificate.role));
        let named = tokens.chain(certificates).map(|(name, role)| (name.clone(), (name.clone(), role)));
        let mut services: BTreeMap<_, _> = named.collect();
        if callers.is_empty() {
            services.insert(LOCAL.to_owned(), (LOCAL.to_owned(), Role::Administrator));
        }
        services.retain(|_, (_, role)| *role >= Role::Editor);
        Self { store, services }
    }

    /// Whether a name is one of them.
    pub async fn has(&self, name: &str) -> Result<bool, Status> {
        if self.services.contains_key(name) {
            return Ok(true);
        }
        let found = self.store.account_find(name).await.map_err(errors::of_store)?;
        // The one spelling that histories have.
        Ok(found.is_some_and(|(user, _)| user.name == name && !user.disabled && user.role >= Role::Editor))
    }

    /// All of them, with display name and role, by name.
    pub async fn all(&self) -> Result<BTreeMap<String, (String, Role)>, Status> {
        let mut all = self.services.clone();
        let mut after: Option<String> = None;
        loop {
            let users = self.store.account_list(after.as_deref(), LIST_MAX).await.map_err(errors::of_store)?;
            let Some(last) = users.last() else { return Ok(all) };
            after = Some(last.name.clone());
            let able = users.into_iter().filter(|user| !user.disabled && user.role >= Role::Editor);
            all.extend(able.map(|user| (user.name, (user.display_name, user.role))));
        }
    }
}
