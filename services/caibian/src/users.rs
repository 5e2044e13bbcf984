//! `caibian users`: the people who sign in, for a machine without a browser and for the day when an invitation is lost; and
//! the first administrator's invitation.

use std::process::ExitCode;

use chrono::Utc;
use clap::Subcommand;
use intake::review::Role;
use stdx::beijing;
use store::{
    Store,
    account::{Account, AccountDraft, By, Invitation},
};

use crate::{Failure, ledger, settings::Settings, table::fit};

/// The first administrator.
const FIRST: &str = "admin";
/// Who made it, for the history.
const ACTOR: &str = "caibian";
/// Rows that one question to the tables may give.
const PAGE: u32 = 500;

/// What to do with users.
#[derive(Subcommand)]
pub enum Users {
    /// Every one, by name.
    List,
    /// Makes a user; prints the invitation to set a password with, this once.
    Create {
        /// 2 to 40 letters, digits, `.`, `_`, `-`.
        name: String,
        /// `viewer`, `editor`, `chief-editor` or `administrator`.
        #[arg(long, value_parser = role)]
        role: Role,
        /// What colleagues see; the name when unset.
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
    },
    /// A new invitation for a lost one or a lost password: password, older invitations and sessions of the user end.
    Invite {
        /// The user's name.
        name: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let role = Role::ALL.into_iter().find(|role| role.as_str().replace('_', "-") == text && *role != Role::Worker);
    role.ok_or_else(|| "expected `viewer`, `editor`, `chief-editor` or `administrator`".to_owned())
}

/// `caibian users`
pub async fn run(settings: &Settings, action: Users) -> Result<ExitCode, Failure> {
    let store = ledger::open(settings).await?;
    let by = By { actor: ACTOR.into(), now: Utc::now() };
    match action {
        Users::List => list(&store).await?,
        Users::Create { name, role, display_name } => {
            let name = api::session::user_name(&name).ok_or(
                "a user name has 2 to 40 letters, digits, `.`, `_`, `-`, and is not `local`, `worker`, `caibian`",
            )?;
            let (token, invitation) = invitation(&by)?;
            let display_name = display_name.unwrap_or_else(|| name.clone());
            let draft = AccountDraft { name: name.clone(), display_name, role, is_rehearsal: false };
            store.account_create(&draft, &invitation, None, &by).await?;
            tell(&name, &token, &invitation);
        }
        Users::Invite { name } => {
            let found = store.account_find(&name).await?;
            let (account, _) = found.ok_or_else(|| format!("there is no user {name}"))?;
            let (token, invitation) = invitation(&by)?;
            let account = store.account_invite(account.id, &invitation, &by).await?;
            tell(&account.name, &token, &invitation);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn invitation(by: &By) -> Result<(String, Invitation), Failure> {
    Ok(api::session::invitation(by.now).map_err(|error| format!("no random bytes: {error}"))?)
}

fn tell(name: &str, token: &str, invitation: &Invitation) {
    let until = beijing::format(invitation.expires_at);
    println!("用户 {name} 的邀请码（{until} 前有效，只能用一次，只在此显示）：");
    println!("The invitation of {name} (good once, until {until} in Beijing; shown this once):");
    println!("{token}");
}

async fn list(store: &Store) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    loop {
        let accounts = store.account_list(after.as_deref(), PAGE).await?;
        let Some(last) = accounts.last() else { return Ok(()) };
        after = Some(last.name.clone());
        for account in &accounts {
            println!("{}", row(account));
        }
    }
}

fn row(account: &Account) -> String {
    let state = match (account.disabled, account.has_password) {
        (true, _) => "disabled",
        (false, false) => "invited",
        (false, true) => "",
    };
    let signed_in = account.last_sign_in_at.map_or_else(|| "never".to_owned(), beijing::format);
    let name = fit(&account.name, 24);
    format!(
        "{name}  {}  {}  {}  {state}",
        fit(&account.display_name, 20),
        fit(account.role.as_str(), 14),
        fit(&signed_in, 20)
    )
    .trim_end()
    .to_owned()
}

/// Makes the first administrator when there is no account, and tells the invitation on standard error: never through the
/// log, which is kept and sent on.
pub async fn first(store: &Store) -> Result<(), Failure> {
    let by = By { actor: ACTOR.into(), now: Utc::now() };
    let (token, invitation) = invitation(&by)?;
    let draft = AccountDraft {
        name: FIRST.into(),
        display_name: "管理员".into(),
        role: Role::Administrator,
        is_rehearsal: false,
    };
    if store.account_ensure_first(&draft, &invitation, &by).await? {
        let until = beijing::format(invitation.expires_at);
        eprintln!(
            "还没有用户，已建立管理员 {FIRST}。请在编辑部网页的“接受邀请”页（/invitation）输入下面的邀请码并设置密码。\n\
             邀请码 {until} 前有效，只显示这一次；丢失后可用 `caibian users invite {FIRST}` 重新取得。\n\
             There was no user, so the administrator {FIRST} was made. Give the invitation below on the desk's page \
             /invitation and set a password.\n\
             It is good until {until} in Beijing and shown this once; `caibian users invite {FIRST}` gives another one.\n\
             {token}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_of_a_person() {
        assert_eq!(role("chief-editor"), Ok(Role::ChiefEditor));
        for wrong in ["worker", "chief_editor", "Editor", ""] {
            assert!(role(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_first_administrator_is_made_once_and_a_lost_invitation_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        first(&store).await.unwrap();
        first(&store).await.unwrap();
        let accounts = store.account_list(None, 10).await.unwrap();
        assert_eq!(accounts.len(), 1);
        assert_eq!(
            (accounts[0].name.as_str(), accounts[0].role, accounts[0].has_password),
            (FIRST, Role::Administrator, false)
        );
        assert!(row(&accounts[0]).ends_with("invited"));

        let by = By { actor: ACTOR.into(), now: Utc::now() };
        let (token, again) = invitation(&by).unwrap();
        store.account_invite(accounts[0].id, &again, &by).await.unwrap();
        let found = store.invitation_find(stdx::Sha256::of(token.as_bytes()), by.now).await.unwrap();
        assert_eq!(found.map(|account| account.name).as_deref(), Some(FIRST));
    }
}
