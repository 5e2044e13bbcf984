//! What goes wrong, as a page that says what it means and what to do.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{Language, html::bare, language::Taste, visit::Visit};

/// Something that went wrong, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    status: StatusCode,
    zh: String,
    en: String,
    fields: Vec<FieldFault>,
}

/// A field of a form or a request that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Its path, as the services spell it: `campaign.rules[3].severity`.
    pub field: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Fault {
    /// With words.
    #[must_use]
    pub fn of(status: StatusCode, zh: &str, en: &str) -> Self {
        Self { status, zh: zh.into(), en: en.into(), fields: Vec::new() }
    }

    /// A form with fields that break a rule.
    #[must_use]
    pub fn of_fields(fields: Vec<FieldFault>) -> Self {
        let words = Self::of(StatusCode::BAD_REQUEST, "填写的内容不符合要求。", "What was filled in breaks a rule.");
        Self { fields, ..words }
    }

    /// The fields that are to blame; none where it is no field's fault.
    #[must_use]
    pub fn fields(&self) -> &[FieldFault] {
        &self.fields
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found() -> Self {
        Self::of(
            StatusCode::NOT_FOUND,
            "没有这一页，或者它所指的内容不存在。",
            "There is no such page, or what it tells of does not exist.",
        )
    }

    /// The words.
    #[must_use]
    pub fn words(&self, language: Language) -> &str {
        language.of(&self.zh, &self.en)
    }

    /// What a browser is told.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// As a page of its own.
    #[must_use]
    pub fn page(&self, taste: Taste) -> impl IntoResponse + use<> {
        let title = taste.language.of("出错了", "Something went wrong");
        let body = html! {
            h1 { (title) }
            p.notice.bad role="alert" { (self.words(taste.language)) }
            p { a href="/" { (taste.language.of("回到今日工作", "Back to today")) } }
        };
        (self.status, bare(taste, title, &body))
    }

    /// As a page, for a person.
    #[must_use]
    pub fn to(self, visit: &Visit) -> Response {
        self.page(visit.taste).into_response()
    }
}

impl From<Status> for Fault {
    /// The services say in Chinese what is wrong beside their English message; without it, the kind of the failure says it.
    fn from(status: Status) -> Self {
        let (http, zh) = match status.code() {
            Code::NotFound => (StatusCode::NOT_FOUND, "没有找到。"),
            Code::InvalidArgument | Code::OutOfRange => (StatusCode::BAD_REQUEST, "填写的内容不符合要求。"),
            Code::AlreadyExists => (StatusCode::CONFLICT, "已经存在。"),
            Code::Aborted => (StatusCode::CONFLICT, "内容已被他人更改，请刷新后重试。"),
            Code::FailedPrecondition => (StatusCode::CONFLICT, "现在不能这样做。"),
            Code::PermissionDenied => (StatusCode::FORBIDDEN, "您的角色没有这项权限。"),
            Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "请重新登录。"),
            Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "请求过多，请稍后再试。"),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
                (StatusCode::SERVICE_UNAVAILABLE, "服务暂时没有回应，请稍后再试。")
            }
            _ => {
                tracing::error!(code = ?status.code(), message = status.message(), "a call of the desk failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "系统出错，未作更改。请稍后再试，或告知管理员。")
            }
        };
        let localized = status.get_details_localized_message();
        let zh =
            localized.filter(|said| said.locale.starts_with("zh")).map_or_else(|| zh.to_owned(), |said| said.message);
        let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
        let field = |violation: tonic_types::FieldViolation| FieldFault {
            zh: violation.localized_message.map_or_else(|| violation.description.clone(), |said| said.message),
            field: violation.field,
            en: violation.description,
        };
        let fields = violations.into_iter().map(field).collect();
        Self { status: http, zh, en: status.message().to_owned(), fields }
    }
}
