//! Who may get a submission, and what they are called.

use proto::intake::v1::{Editor, ListEditorsRequest};
use tonic::Status;

use crate::visit::Visit;

/// The editors, as the services list them.
#[derive(Clone, Debug, Default)]
pub struct Editors(pub Vec<Editor>);

impl Editors {
    /// Asks for them.
    ///
    /// # Errors
    /// What the service says.
    pub async fn ask(visit: &Visit) -> Result<Self, Status> {
        let answer = visit.api.users().list_editors(ListEditorsRequest {}).await?;
        Ok(Self(answer.into_inner().editors))
    }

    /// What an editor is called: the display name, or the name of a token or of somebody who left.
    #[must_use]
    pub fn called<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.0.iter().find(|editor| editor.editor == name).map(|editor| editor.display_name.as_str());
        known.filter(|called| !called.is_empty()).unwrap_or(name)
    }
}
