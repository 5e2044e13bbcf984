//! Callers whose tokens an issuer has signed. The issuer tells who calls and what the caller is there, the settings what
//! that is here, and [`rights`](crate::rights) what it may.

use chrono::{DateTime, Utc};
use identity::{Error, jwt::Token};
use tonic::{Code, Status};

use crate::{
    IssuerSetting, errors,
    gate::{Acting, Who, refused},
};

/// Who calls with a token of this form; UNAUTHENTICATED for one that is not believed, PERMISSION_DENIED for a caller who is
/// nothing here.
pub async fn caller(issuers: &[IssuerSetting], path: &str, token: &str, now: DateTime<Utc>) -> Result<Acting, Status> {
    let distrusted = |setting: &str, error: &dyn std::fmt::Display| {
        tracing::info!(issuer = setting, %error, "a signed token is not believed");
        refused(path)
    };
    let token = Token::read(token).map_err(|error| distrusted("", &error))?;
    // Which keys are meant; whether they have signed it comes next.
    let meant = issuers.iter().find(|setting| token.issuer() == Some(setting.issuer.issuer()));
    let setting = meant.ok_or_else(|| distrusted("", &"no issuer of the settings"))?;
    let claims = match setting.issuer.believe(token, now).await {
        Ok(claims) => claims,
        Err(Error::Unavailable(why)) => return Err(unavailable(setting, &why)),
        Err(error) => return Err(distrusted(&setting.name, &error)),
    };
    let there = claims.texts(&setting.role_claim);
    let here = setting.roles.iter().filter(|(word, _)| there.contains(&word.as_str())).map(|(_, role)| *role);
    let name = format!("{}:{}", setting.name, claims.text("sub"));
    let role = here.max().ok_or_else(|| without_role(path, &name))?;
    Ok(Acting { name, role, who: Who::Service })
}

fn unavailable(setting: &IssuerSetting, why: &str) -> Status {
    tracing::warn!(issuer = setting.name, why, "the keys of an issuer of tokens cannot be had");
    let en = "the keys of the token's issuer cannot be had at the moment; try again";
    errors::status(Code::Unavailable, "ISSUER_UNAVAILABLE", en, "暂时无法取得令牌签发方的公钥，请稍后再试")
}

fn without_role(path: &str, name: &str) -> Status {
    measure::sign_in_failed("role");
    tracing::warn!(path, name, "a caller with a good token and without a role was refused");
    let en = "the token is good, and its caller has no role here";
    errors::status(Code::PermissionDenied, "ROLE_MISSING", en, "令牌有效，但其持有者在此没有角色")
}
