//! Resource names: `campaigns/{uuid}`, `submissions/{uuid}`, `messages/{uuid}`, `mailboxes/{uuid}`,
//! `contacts/{uuid}`, `replies/{uuid}`, `users/{uuid}`, `savedViews/{uuid}`, `erasures/{uuid}`.

use tonic::Status;
use uuid::Uuid;

use crate::errors;

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    plural: &'static str,
    /// Its Chinese word.
    pub zh: &'static str,
    /// What a missing one is called in an error's reason.
    pub reason_missing: &'static str,
}

/// 征稿.
pub const CAMPAIGN: Collection = Collection { plural: "campaigns", zh: "征稿", reason_missing: "CAMPAIGN_NOT_FOUND" };
/// 投稿.
pub const SUBMISSION: Collection =
    Collection { plural: "submissions", zh: "投稿", reason_missing: "SUBMISSION_NOT_FOUND" };
/// 来信.
pub const MESSAGE: Collection = Collection { plural: "messages", zh: "来信", reason_missing: "MESSAGE_NOT_FOUND" };
/// 邮箱.
pub const MAILBOX: Collection = Collection { plural: "mailboxes", zh: "邮箱", reason_missing: "MAILBOX_NOT_FOUND" };
/// 联系人.
pub const CONTACT: Collection = Collection { plural: "contacts", zh: "联系人", reason_missing: "CONTACT_NOT_FOUND" };
/// 回信.
pub const REPLY: Collection = Collection { plural: "replies", zh: "回信", reason_missing: "REPLY_NOT_FOUND" };
/// 删除记录.
pub const ERASURE: Collection =
    Collection { plural: "erasures", zh: "删除记录", reason_missing: "ERASURE_NOT_FOUND" };
/// 常用列表.
pub const SAVED_VIEW: Collection =
    Collection { plural: "savedViews", zh: "常用列表", reason_missing: "SAVED_VIEW_NOT_FOUND" };
/// 用户.
pub const USER: Collection = Collection { plural: "users", zh: "用户", reason_missing: "USER_NOT_FOUND" };

impl Collection {
    /// The name of one of them.
    #[must_use]
    pub fn name(self, id: Uuid) -> String {
        format!("{}/{}", self.plural, id.hyphenated())
    }

    /// The id in a name of this collection, if it is one.
    #[must_use]
    pub fn id(self, name: &str) -> Option<Uuid> {
        let id = name.strip_prefix(self.plural)?.strip_prefix('/')?;
        // One name for one thing: the other spellings that a UUID has are not names.
        Uuid::try_parse(id).ok().filter(|parsed| parsed.hyphenated().to_string() == id)
    }

    /// The id in a required field, or INVALID_ARGUMENT naming the field.
    pub fn required(self, field: &str, name: &str) -> Result<Uuid, Status> {
        self.id(name).ok_or_else(|| {
            errors::field(
                field,
                format!("a name of the form {}/{{uuid}} is needed", self.plural),
                format!("应为 {}/{{uuid}} 形式的名称", self.plural),
            )
        })
    }

    /// The id in a field that may be empty.
    pub fn optional(self, field: &str, name: &str) -> Result<Option<Uuid>, Status> {
        if name.is_empty() { Ok(None) } else { self.required(field, name).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_its_one_spelling_only() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab);
        assert_eq!(CAMPAIGN.id(&CAMPAIGN.name(id)), Some(id));
        for wrong in [
            "",
            "campaigns",
            "campaigns/",
            "campaigns/x",
            "submissions/01900000-0000-7000-8000-0000000000ab",
            "campaigns/01900000-0000-7000-8000-0000000000AB",
            "campaigns/019000000000700080000000000000ab",
            "campaigns/{01900000-0000-7000-8000-0000000000ab}",
            "campaigns/01900000-0000-7000-8000-0000000000ab/",
        ] {
            assert_eq!(CAMPAIGN.id(wrong), None, "{wrong}");
        }
    }
}
