//! 导出: the register of submissions as CSV or XLSX, and files as a ZIP, passed on as they come.

use axum::{
    Router,
    body::Body,
    extract::Query,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proto::intake::v1::{
    Campaign, ExportFilesRequest, ExportFormat, ExportRegisterRequest, ExportedFile, ListCampaignsRequest, ReviewRole,
};
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, hidden},
    posted::{Fields, Posted},
    visit::Visit,
    words,
};

/// Campaigns that the form offers.
const CAMPAIGNS: i32 = 500;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/exports", get(show))
        .route("/exports/register", post(register))
        .route("/exports/files", post(files))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    page(&visit, &Fields(query), None).await
}

async fn page(visit: &Visit, fields: &Fields, fault: Option<Fault>) -> Response {
    let asked = ListCampaignsRequest { page_size: CAMPAIGNS, ..Default::default() };
    let campaigns = match visit.api.campaigns().list_campaigns(asked).await {
        Ok(answer) => answer.into_inner().campaigns,
        Err(status) => return Fault::from(status).to(visit),
    };
    let body = html! {
        @if campaigns.is_empty() {
            p { (visit.say("还没有征稿，没有可以导出的内容。", "There is no campaign yet, and so nothing to export.")) }
        } @else {
            (register_form(visit, fields, &campaigns))
            @if visit.may(ReviewRole::Editor) { (files_form(visit, fields, &campaigns)) }
        }
    };
    let page = Page::new(visit, Here::Submissions, visit.say("导出", "Export"));
    match fault {
        Some(fault) => {
            let page = page.saying(Tone::Bad, fault.words(visit.language())).show(&body);
            (fault.status(), page).into_response()
        }
        None => page.show(&body),
    }
}

fn which(visit: &Visit, fields: &Fields, campaigns: &[Campaign]) -> Markup {
    html! {
        label { span { (visit.say("征稿", "Campaign")) }
            select name="campaign" required {
                @for campaign in campaigns {
                    option value=(campaign.name) selected[campaign.name == fields.one("campaign")] { (campaign.theme) }
                }
            }
        }
        label { span { (visit.say("审稿状态", "State of the review")) }
            select name="state" {
                option value="" { (visit.say("全部（含不审稿的来信）", "All, and mail that is not reviewed")) }
                @for state in words::STATES {
                    option value=(state.as_str_name()) selected[state.as_str_name() == fields.one("state")] { (words::state(state, visit.language())) }
                }
            }
        }
        label { span { (visit.say("责任编辑的用户名（可不填）", "User name of the editor (may be empty)")) }
            input name="editor" value=(fields.one("editor")) maxlength="40" autocomplete="off"; }
    }
}

fn register_form(visit: &Visit, fields: &Fields, campaigns: &[Campaign]) -> Markup {
    html! {
        section aria-labelledby="register" {
            h2 #register { (visit.say("收稿登记簿", "Register of submissions")) }
            form.column method="post" action="/exports/register" {
                (hidden(visit))
                (which(visit, fields, campaigns))
                fieldset {
                    legend { (visit.say("格式", "Format")) }
                    label.box { input type="radio" name="format" value="xlsx" checked[fields.one("format") != "csv"]; span { "Excel (XLSX)" } }
                    " "
                    label.box { input type="radio" name="format" value="csv" checked[fields.one("format") == "csv"]; span { "CSV" } }
                }
                @if visit.may(ReviewRole::Editor) {
                    label.box { input type="checkbox" name="with_contacts" value="1" checked[fields.has("with_contacts")];
                        span { (visit.say("包含完整的电话和邮箱（会留下记录）", "With whole phones and addresses (this is recorded)")) } }
                } @else {
                    p.detail { (visit.say("电话和邮箱只显示一部分。", "Phones and addresses are shown in part.")) }
                }
                button { (visit.say("导出登记簿", "Export the register")) }
            }
        }
    }
}

fn files_form(visit: &Visit, fields: &Fields, campaigns: &[Campaign]) -> Markup {
    let chosen: Vec<&str> = fields.all("submission").collect();
    html! {
        section aria-labelledby="files" {
            h2 #files { (visit.say("来稿文件", "Files of submissions")) }
            p.detail { (visit.say(
                "每件来稿一个文件夹，附文件清单（原文件名、大小、SHA-256）。一次最多 1000 件。",
                "A folder for each submission, with a list of the files (own names, sizes, SHA-256). At most 1,000 submissions at once.")) }
            form.column method="post" action="/exports/files" {
                (hidden(visit))
                @if chosen.is_empty() {
                    (which(visit, fields, campaigns))
                } @else {
                    @for submission in &chosen { input type="hidden" name="submission" value=(submission); }
                    p { (match visit.language() {
                        crate::Language::Zh => format!("已选 {} 件来稿。", chosen.len()),
                        crate::Language::En => format!("{} submissions are chosen.", chosen.len()),
                    }) }
                }
                label.box { input type="checkbox" name="with_raw_mail" value="1" checked[fields.has("with_raw_mail")];
                    span { (visit.say("包含原始邮件（.eml）", "With the raw mails (.eml)")) } }
                button { (visit.say("导出文件", "Export the files")) }
            }
        }
    }
}

/// The filter of the fields, as ListReviews reads it.
fn filter(fields: &Fields) -> String {
    let quoted = |value: &str| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let state = fields.one("state").strip_prefix("REVIEW_STATE_").map(|state| format!("state = {}", quoted(state)));
    let editor = Some(fields.one("editor").trim()).filter(|editor| !editor.is_empty());
    let editor = editor.map(|editor| format!("editor = {}", quoted(editor)));
    state.into_iter().chain(editor).collect::<Vec<_>>().join(" AND ")
}

async fn register(posted: Posted) -> Response {
    let (visit, fields) = (&posted.visit, posted.fields());
    let format = if fields.one("format") == "csv" { ExportFormat::Csv } else { ExportFormat::Xlsx };
    let asked = ExportRegisterRequest {
        campaign: fields.one("campaign").to_owned(),
        filter: filter(fields),
        format: format.into(),
        with_contacts: fields.has("with_contacts"),
    };
    match visit.api.exports().export_register(asked).await {
        Ok(answer) => {
            file(visit, fields, answer.into_inner().map(|said| said.map(|said| (said.data, said.file)))).await
        }
        Err(status) => page(visit, fields, Some(status.into())).await,
    }
}

async fn files(posted: Posted) -> Response {
    let (visit, fields) = (&posted.visit, posted.fields());
    let submissions: Vec<String> = fields.all("submission").map(str::to_owned).collect();
    let by_campaign = submissions.is_empty();
    let asked = ExportFilesRequest {
        submissions,
        campaign: if by_campaign { fields.one("campaign").to_owned() } else { String::new() },
        filter: if by_campaign { filter(fields) } else { String::new() },
        with_raw_mail: fields.has("with_raw_mail"),
    };
    match visit.api.exports().export_files(asked).await {
        Ok(answer) => {
            file(visit, fields, answer.into_inner().map(|said| said.map(|said| (said.data, said.file)))).await
        }
        Err(status) => page(visit, fields, Some(status.into())).await,
    }
}

async fn file(
    visit: &Visit,
    fields: &Fields,
    pieces: impl Stream<Item = Result<(Vec<u8>, Option<ExportedFile>), Status>> + Send + Unpin + 'static,
) -> Response {
    match passed_on(pieces).await {
        Ok(file) => file,
        Err(status) => page(visit, fields, Some(status.into())).await,
    }
}

/// A file as it comes. What fails before its first bytes is told; what breaks later breaks the download, so that what was cut
/// never looks whole.
///
/// # Errors
/// What failed before the first bytes.
pub async fn passed_on(
    mut pieces: impl Stream<Item = Result<(Vec<u8>, Option<ExportedFile>), Status>> + Send + Unpin + 'static,
) -> Result<Response, Status> {
    let (first, file) = match pieces.next().await {
        Some(Ok((first, file))) => (first, file.unwrap_or_default()),
        Some(Err(status)) => return Err(status),
        None => (Vec::new(), ExportedFile::default()),
    };
    let rest = pieces.map(|piece| {
        piece.map(|(data, _)| data).inspect_err(|status| {
            tracing::warn!(code = ?status.code(), message = status.message(), "an export broke off while it was sent");
        })
    });
    let mut answer = Body::from_stream(tokio_stream::once(Ok(first)).chain(rest)).into_response();
    let media_type = HeaderValue::from_str(&file.media_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition(&file.file_name));
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(answer)
}

/// A file to be kept under a name in any script (RFC 6266, RFC 8187), and under a plain one for old browsers.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    let full = utf8_percent_encode(name, NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_under_its_own_name_and_nothing_in_it_ends_the_header() {
        assert_eq!(
            disposition("收稿登记簿_2023-03-01.csv"),
            "attachment; filename=\"_2023-03-01.csv\"; filename*=UTF-8''%E6%94%B6%E7%A8%BF%E7%99%BB%E8%AE%B0%E7%B0%BF%5F2023%2D03%2D01%2Ecsv"
        );
        assert_eq!(disposition("a\"\r\nX: y"), "attachment; filename=\"aXy\"; filename*=UTF-8''a%22%0D%0AX%3A%20y");
    }

    #[test]
    fn what_a_form_asks_for_becomes_a_filter_that_nobody_breaks_out_of() {
        let of = |state: &str, editor: &str| {
            filter(&Fields(vec![("state".into(), state.into()), ("editor".into(), editor.into())]))
        };
        assert_eq!(of("", " "), "");
        assert_eq!(of("REVIEW_STATE_ADOPTED", ""), "state = \"ADOPTED\"");
        assert_eq!(of("X OR 1", "zhang"), "editor = \"zhang\"");
        assert_eq!(
            of("REVIEW_STATE_ADOPTED", "a\" AND state != \"\\"),
            "state = \"ADOPTED\" AND editor = \"a\\\" AND state != \\\"\\\\\""
        );
    }
}
