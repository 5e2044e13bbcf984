//! 统计: what came in, counted by day, kind and state, and how long it waited; each number leads to the list behind it, and
//! each table can be kept as a file.

mod tables;

use axum::{
    Router,
    extract::{Path, Query},
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};
use proto::intake::v1::{Campaign, Day, GetIntakeStatisticsRequest, IntakeStatistics, ListCampaignsRequest};
use stdx::csv::{self, Cell};
use tonic::{Code, Status};

use self::tables::{Table, Waits, tables, waits};
use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, count, notice, url},
    posted::Fields,
    visit::Visit,
    words,
};

/// The routes of this directory.
pub fn routes() -> Router<Desk> {
    Router::new().route(PATH, get(show)).route("/statistics/{file}", get(download))
}

/// Where the page is.
const PATH: &str = "/statistics";

/// Campaigns that the form offers.
const CAMPAIGNS: i32 = 500;

/// Groups of organisations, channels and reasons that are shown.
const GROUPS: i32 = 20;

/// What is asked: the id of a campaign, and days in Beijing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Empty for all of them.
    pub campaign: String,
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day, inclusive.
    pub to: Option<NaiveDate>,
}

impl Asked {
    /// From the fields of an address; what it does not know is left out.
    fn read(fields: &Fields) -> Self {
        let day = |name| Some(fields.one(name)).filter(|day| day.len() == 10).and_then(|day| day.parse().ok());
        let campaign = fields.one("campaign");
        let is_id = campaign.len() == 36 && campaign.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        Self { campaign: if is_id { campaign.to_owned() } else { String::new() }, from: day("from"), to: day("to") }
    }

    /// The conditions, as the address of the page and that of a list say them.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        vec![("campaign", self.campaign.clone()), ("from", day(self.from)), ("to", day(self.to))]
    }

    fn url(&self, path: &str) -> String {
        let pairs = self.pairs();
        url(path, &pairs.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    fn request(&self) -> GetIntakeStatisticsRequest {
        let day =
            |day: NaiveDate| Day { year: day.year(), month: day.month().cast_signed(), day: day.day().cast_signed() };
        GetIntakeStatisticsRequest {
            campaign: if self.campaign.is_empty() { String::new() } else { format!("campaigns/{}", self.campaign) },
            from_day: self.from.map(day),
            until_day: self.to.map(day),
            limit: GROUPS,
        }
    }
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let fields = Fields(query);
    let asked = Asked::read(&fields);
    // A form sends its empty fields too; what people copy from the address bar stays short.
    if fields.0.iter().any(|(_, value)| value.is_empty()) {
        return Redirect::to(&asked.url(PATH)).into_response();
    }
    let (mut statistics, mut campaigns) = (visit.api.intake_statistics(), visit.api.campaigns());
    let (told, campaigns) = tokio::join!(
        statistics.get_intake_statistics(asked.request()),
        campaigns.list_campaigns(ListCampaignsRequest { page_size: CAMPAIGNS, page_token: String::new() }),
    );
    let campaigns = match campaigns {
        Ok(campaigns) => campaigns.into_inner().campaigns,
        Err(status) => return Fault::from(status).to(&visit),
    };
    let page = Page::new(&visit, Here::Statistics, visit.say("统计", "Statistics"));
    match told {
        Ok(told) => page.show(&body(&visit, &asked, &campaigns, &told.into_inner())),
        Err(status) => refused(&visit, page, &asked, &campaigns, status),
    }
}

/// What cannot be counted is told above the form that asked for it.
fn refused(visit: &Visit, page: Page<'_>, asked: &Asked, campaigns: &[Campaign], status: Status) -> Response {
    let is_ours = matches!(status.code(), Code::InvalidArgument | Code::NotFound);
    let fault = Fault::from(status);
    if !is_ours {
        return fault.to(visit);
    }
    let field = fault.fields().first().map(|field| visit.say(&field.zh, &field.en).to_owned());
    let words = field.unwrap_or_else(|| fault.words(visit.language()).to_owned());
    let body = html! { (notice(Tone::Bad, &words)) (form(visit, asked, campaigns)) };
    (fault.status(), page.show(&body)).into_response()
}

fn form(visit: &Visit, asked: &Asked, campaigns: &[Campaign]) -> Markup {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    html! {
        form.line action=(PATH) aria-label=(visit.say("统计范围", "What is counted")) {
            label { span { (visit.say("征稿", "Campaign")) }
                select name="campaign" {
                    option value="" { (visit.say("全部征稿", "All campaigns")) }
                    @for campaign in campaigns {
                        @let id = campaign.name.strip_prefix("campaigns/").unwrap_or_default();
                        option value=(id) selected[asked.campaign == id] { (words::cut(&campaign.theme, 30)) }
                    }
                } }
            label { span { (visit.say("收到（自）", "Received from")) } input type="date" name="from" value=(day(asked.from)); }
            label { span { (visit.say("收到（至，含当日）", "to (inclusive)")) } input type="date" name="to" value=(day(asked.to)); }
            button { (visit.say("统计", "Count")) }
        }
    }
}

fn body(visit: &Visit, asked: &Asked, campaigns: &[Campaign], told: &IntakeStatistics) -> Markup {
    let language = visit.language();
    let all = i64::try_from(told.manuscript_count).unwrap_or(i64::MAX);
    html! {
        (form(visit, asked, campaigns))
        p.count { (match language {
            crate::Language::Zh => format!("共 {} 篇。同一稿件的各版本只计一次，日期为首次收到的北京日期。", count(all)),
            crate::Language::En => format!("{} manuscripts. All versions of one are counted once; days are those of the first receipt, in Beijing.", count(all)),
        }) }
        @if told.manuscript_count == 0 {
            p.nothing { (visit.say("所选范围内没有来稿。", "Nothing was received in these days.")) }
        } @else {
            @for table in tables(asked, told, language) { (section(visit, asked, &table)) }
            (waiting(visit, asked, &waits(told, language)))
        }
    }
}

fn section(visit: &Visit, asked: &Asked, table: &Table) -> Markup {
    html! {
        section aria-labelledby=(table.id) {
            h2 id=(table.id) { (table.title) }
            @if let Some(note) = table.note { p.detail { (note) } }
            @if table.rows.is_empty() { p.nothing { (visit.say("没有数据。", "No data.")) } }
            @else {
                div.pair {
                    (table.picture(visit.language()))
                    div { (table.markup(visit.language())) (kept(visit, asked, table.id)) }
                }
            }
        }
    }
}

/// The way to a table as a file.
fn kept(visit: &Visit, asked: &Asked, id: &str) -> Markup {
    html! { p { a href=(asked.url(&format!("{PATH}/{id}.csv"))) { (visit.say("下载 CSV", "Download CSV")) } } }
}

fn waiting(visit: &Visit, asked: &Asked, waits: &Waits) -> Markup {
    html! {
        section aria-labelledby=(Waits::ID) {
            h2 id=(Waits::ID) { (waits.title) }
            p.detail { (waits.note) }
            (waits.markup())
            (kept(visit, asked, Waits::ID))
        }
    }
}

async fn download(visit: Visit, Path(file): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let Some(id) = file.strip_suffix(".csv") else { return Fault::not_found().to(&visit) };
    let asked = Asked::read(&Fields(query));
    let told = match visit.api.intake_statistics().get_intake_statistics(asked.request()).await {
        Ok(told) => told.into_inner(),
        Err(status) => return Fault::from(status).to(&visit),
    };
    let language = visit.language();
    let lines = if id == Waits::ID {
        Some(waits(&told, language).lines())
    } else {
        tables(&asked, &told, language).iter().find(|table| table.id == id).map(|table| table.lines(language))
    };
    match lines {
        Some(lines) => as_file(&file, &lines),
        None => Fault::not_found().to(&visit),
    }
}

fn as_file(name: &str, lines: &[Vec<Cell>]) -> Response {
    let mut bytes = csv::BYTE_ORDER_MARK.as_bytes().to_vec();
    for line in lines {
        // A Vec takes whatever is written.
        let _ = csv::write_line(&mut bytes, line);
    }
    // The name is one of ours: letters and a dash.
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests;
