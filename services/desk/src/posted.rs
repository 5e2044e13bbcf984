//! A form that a person sent: it counts only when a page of ours was its sender.

use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    Desk,
    fault::Fault,
    visit::{Visit, is_from_our_page},
};

/// The fields of a form, with who sent it.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Who sent it.
    pub visit: Visit,
    fields: Fields,
}

/// Names and values in the order of the form.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a name; empty without one.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl Posted {
    /// The first value of a name, lines ended by LF alone; empty without one.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.fields.one(name).replace("\r\n", "\n")
    }

    /// The first value of a name; empty without one.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.fields.one(name)
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

impl FromRequest<Desk> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = <Visit as axum::extract::FromRequestParts<Desk>>::from_request_parts(&mut parts, desk).await?;
        let is_ours = is_from_our_page(&parts.headers);
        let form = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), desk).await;
        let fault = |status, zh: &str, en: &str| Fault::of(status, zh, en).page(visit.taste).into_response();
        let Ok(Form(fields)) = form else {
            return Err(fault(
                StatusCode::BAD_REQUEST,
                "表单无法读取或过大。",
                "The form cannot be read, or is too large.",
            ));
        };
        let fields = Fields(fields);
        if !is_ours || !visit.is_own_form(fields.one("csrf")) {
            let (zh, en) = (
                "此表单不是由本页发出的，未作任何更改。请返回刷新后重试。",
                "This form was not sent by a page of ours: nothing was changed. Reload the page and try again.",
            );
            return Err(fault(StatusCode::FORBIDDEN, zh, en));
        }
        Ok(Self { visit, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_field_that_is_there_twice_the_first_counts() {
        let fields = Fields([("to", "a"), ("to", "b")].map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!((fields.one("to"), fields.one("from")), ("a", ""));
        assert_eq!(fields.all("to").collect::<Vec<_>>(), ["a", "b"]);
    }
}
