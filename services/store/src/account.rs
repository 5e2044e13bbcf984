//! Accounts, invitations, sessions and what was done with personal data, as values. Tokens come here as hashes and
//! passwords as their maker left them: this room neither makes nor compares a secret.

pub(crate) mod access;
pub(crate) mod identity;
pub(crate) mod read;
pub(crate) mod session;
pub(crate) mod write;

use chrono::{DateTime, TimeDelta, Utc};
use intake::review::Role;
use serde::{Deserialize, Serialize};
use stdx::Sha256;
use uuid::Uuid;

/// How long a session lasts without a call of its person (OWASP Session Management, idle timeout).
pub const IDLE_MAX: TimeDelta = TimeDelta::minutes(30);

/// How long a session lasts at most.
pub const SESSION_MAX: TimeDelta = TimeDelta::hours(12);

/// How long an invitation can be used.
pub const INVITATION_MAX: TimeDelta = TimeDelta::days(7);

/// Sign-ins at an identity provider that have not come back; a further one ends the oldest.
pub const PENDING_SIGN_INS_MAX: u64 = 10_000;

/// Activity is noted this often at most.
pub const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Sessions of one account at once; a further one ends the oldest.
pub const SESSIONS_MAX: u64 = 20;

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// The user name, in lower case.
    pub name: String,
    /// 姓名.
    pub display_name: String,
    /// The person's right.
    pub role: Role,
    /// Cannot sign in.
    pub disabled: bool,
    /// A password was set.
    pub has_password: bool,
    /// Counts changes, from 1.
    pub row_version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the person signed in last.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// An account to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDraft {
    /// Kept in lower case.
    pub name: String,
    /// 姓名.
    pub display_name: String,
    /// The person's right.
    pub role: Role,
    /// Only tell whether it could be made.
    pub is_rehearsal: bool,
}

/// A call that gives what its first success gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The caller's id.
    pub request_id: String,
    /// Of the whole request.
    pub body_sha256: Sha256,
}

/// What came of a call that makes an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was made, with the invitation.
    Made(Account),
    /// The same call made it before.
    Before(Account),
}

/// What is changed of an account; none leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// 姓名.
    pub display_name: Option<String>,
    /// The right.
    pub role: Option<Role>,
    /// Cannot sign in.
    pub disabled: Option<bool>,
}

/// The right to set a password once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Of its token.
    pub token: Sha256,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
}

/// Who does something with an account, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// A user's or a token's name, or a word for the program itself.
    pub actor: String,
    /// When.
    pub now: DateTime<Utc>,
}

/// A session to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDraft {
    /// Of its token.
    pub token: Sha256,
    /// Whence the person comes.
    pub peer: String,
    /// When it begins.
    pub now: DateTime<Utc>,
}

/// An invitation that is used.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationUse {
    /// Of the invitation's token.
    pub token: Sha256,
    /// Of the new password.
    pub password_hash: String,
    /// The session that follows.
    pub session: SessionDraft,
}

/// A sign-in that was begun at an identity provider.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    /// Of what comes back in the address.
    pub state: Sha256,
    /// Of what the browser keeps.
    pub binding: Sha256,
    /// What the token must name.
    pub nonce: String,
    /// What the provider asks for beside the code (PKCE).
    pub verifier: String,
    /// Where the browser comes back to.
    pub return_url: String,
    /// Where the person was going.
    pub next: String,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
}

/// Who somebody is at an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Names the person there, for ever.
    pub subject: String,
    /// What the person is called there, if it can be a user name here; in lower case.
    pub user_name: Option<String>,
    /// 姓名; may be empty.
    pub display_name: String,
}

/// What comes of somebody whom a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Signed in.
    SignedIn(Session),
    /// The account is disabled.
    Disabled,
    /// The user name has an account that no open invitation waits for: it is not tied to somebody for a name alone.
    NotInvited,
    /// Nobody here has this name.
    Unknown,
}

/// A person signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Of its token.
    pub token: Sha256,
    /// Whose it is.
    pub account: Account,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When the person was last seen, up to [`SEEN_EVERY`].
    pub seen_at: DateTime<Utc>,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// Whence the person came.
    pub peer: String,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessAction {
    /// Signed in with a password, or at an identity provider.
    SignIn,
    /// A wrong password of an account.
    SignInFailed,
    /// Signed out.
    SignOut,
    /// Set a password by an invitation, or came with it from an identity provider.
    InvitationAccepted,
    /// Changed the own password.
    PasswordChanged,
    /// Made an account.
    UserCreated,
    /// Changed an account.
    UserUpdated,
    /// Invited anew.
    UserInvited,
    /// Saw an author's contact whole.
    ContactRevealed,
    /// Took data out.
    Exported,
    /// Reported what is held of a person.
    PersonReported,
    /// Erased what was held of a person, or single mails.
    PersonErased,
    /// Opened a campaign.
    CampaignCreated,
    /// Changed a campaign's rules, days, words or people.
    CampaignUpdated,
}

/// A line of what was done with accounts, personal data and campaigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a user's or a token's name.
    pub actor: String,
    /// What.
    pub action: AccessAction,
    /// To what, as the wire names it; empty for a sign-in.
    pub subject: String,
    /// Whence, if known.
    pub peer: String,
    /// For an administrator; never a secret, never personal data of an author.
    pub detail: String,
}

/// A page of such lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessQuery {
    /// Only these; empty for all.
    pub actions: Vec<AccessAction>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// The number of the last line of the page before.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}
