//! 信件模板: a campaign's own words for letters to authors, written beside a letter filled in with a made-up submission.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, PreviewReplyRequest, PreviewReplyResponse, ReplyKind, ReplyTemplate, TemplateFault,
    UpdateCampaignRequest, template_fault::Part,
};

use super::{CHANGES, get_campaign};
use crate::{
    Desk,
    fault::{Fault, FieldFault},
    html::{Here, Page, Tone, badge, hidden, id_of, sentence, told, wrong},
    posted::{Fields, Posted},
    visit::Visit,
    words::{self, REPLY_KINDS, code, spelled},
};

/// Bounds of the words, as the service takes them.
const SUBJECT_MAX: usize = 100;
const BODY_MAX: usize = 10_000;

/// The languages of letters.
const LANGUAGES: [(&str, &str, &str); 2] = [("zh", "中文", "Chinese"), ("en", "英文", "English")];

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/campaigns/{id}/letters", get(list))
        .route("/campaigns/{id}/letters/{kind}/{language}", get(show).post(save))
        .route("/campaigns/{id}/letters/{kind}/{language}/preview", post(preview))
}

/// Which letter of which campaign.
struct Letter {
    id: String,
    kind: ReplyKind,
    language: &'static str,
}

impl Letter {
    fn read((id, kind, language): (String, String, String)) -> Option<Self> {
        let kind =
            ReplyKind::from_str_name(&spelled(&kind, "REPLY_KIND_")).filter(|kind| *kind != ReplyKind::Unspecified)?;
        let (language, ..) = LANGUAGES.into_iter().find(|(word, ..)| *word == language)?;
        Some(Self { id, kind, language })
    }

    fn path(&self) -> String {
        path(&self.id, self.kind, self.language)
    }

    fn is_of(&self, template: &ReplyTemplate) -> bool {
        template.kind() == self.kind && template.language == self.language
    }

    fn title(&self, visit: &Visit) -> String {
        format!("{} · {}", words::reply_kind(self.kind, visit.language()), language_called(visit, self.language))
    }

    fn request(&self, subject: String, body: String) -> PreviewReplyRequest {
        PreviewReplyRequest {
            campaign: format!("campaigns/{}", self.id),
            kind: self.kind.into(),
            language: self.language.to_owned(),
            subject,
            body,
        }
    }
}

fn path(id: &str, kind: ReplyKind, language: &str) -> String {
    format!("/campaigns/{id}/letters/{}/{language}", code(kind.as_str_name(), "REPLY_KIND_"))
}

fn language_called<'a>(visit: &'a Visit, language: &str) -> &'a str {
    LANGUAGES.iter().find(|(word, ..)| *word == language).map_or("", |(_, zh, en)| visit.say(zh, en))
}

type Ids = Path<(String, String, String)>;

async fn list(visit: Visit, Path(id): Path<String>) -> Response {
    match get_campaign(&visit, &id).await {
        Ok(campaign) => {
            let body = list_body(&visit, &campaign);
            Page::new(&visit, Here::Campaigns, visit.say("信件模板", "Letters")).show(&body)
        }
        Err(status) => Fault::from(status).to(&visit),
    }
}

fn list_body(visit: &Visit, campaign: &Campaign) -> Markup {
    let id = id_of(&campaign.name);
    html! {
        p { a href={ "/campaigns/" (id) } { (campaign.theme) } }
        p { (visit.say(
            "每种信都有系统自带的文字；征稿可以另写。改动只影响此后写的信，发件箱中已写好的不变。",
            "Every letter has words that ship with the system; a campaign may write its own. A change concerns letters written from now \
             on; those in the outbox stay as they are.",
        )) }
        div.scroll tabindex="0" role="group" aria-label=(visit.say("信件模板", "Letters")) { table {
            thead { tr {
                th scope="col" { (visit.say("信", "Letter")) }
                @for (_, zh, en) in LANGUAGES { th scope="col" { (visit.say(zh, en)) } }
            } }
            tbody { @for kind in REPLY_KINDS { tr {
                th scope="row" { (words::reply_kind(kind, visit.language())) }
                @for (language, zh, en) in LANGUAGES {
                    @let own = campaign.templates.iter().any(|template| template.kind() == kind && template.language == language);
                    td { a href=(path(id, kind, language)) { (visit.say("查看、修改", "See, change"))
                            span.unseen { (words::reply_kind(kind, visit.language())) " · " (visit.say(zh, en)) } } " "
                        @if own { (badge(Tone::Good, visit.say("自写", "own words"))) }
                        @else { (badge(Tone::Plain, visit.say("系统文字", "as shipped"))) } }
                }
            } } }
        } }
    }
}

async fn show(visit: Visit, Path(ids): Ids, Query(query): Query<Vec<(String, String)>>) -> Response {
    let Some(letter) = Letter::read(ids) else { return Fault::not_found().to(&visit) };
    let said = match Fields(query).one("done") {
        "save" => Some(visit.say("已保存，此后的信用这些文字。", "Saved: letters from now on use these words.")),
        "reset" => Some(visit.say("已恢复为系统文字。", "The words that ship are used again.")),
        _ => None,
    };
    match get_campaign(&visit, &letter.id).await {
        Ok(campaign) => {
            let own = campaign.templates.iter().find(|template| letter.is_of(template));
            let (subject, body) = own.map(|own| (own.subject.clone(), own.body.clone())).unwrap_or_default();
            page(&visit, &letter, &campaign, (subject, body), said, None).await
        }
        Err(status) => Fault::from(status).to(&visit),
    }
}

/// The page of a letter with these words; with those that ship when there are none.
async fn page(
    visit: &Visit,
    letter: &Letter,
    campaign: &Campaign,
    (subject, body): (String, String),
    said: Option<&str>,
    fault: Option<&Fault>,
) -> Response {
    let preview = match visit.api.campaigns().preview_reply(letter.request(subject, body)).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(visit),
    };
    let is_own = campaign.templates.iter().any(|template| letter.is_of(template));
    let shown = letter_body(visit, letter, &campaign.etag, is_own, &preview, fault);
    let page = Page::new(visit, Here::Campaigns, letter.title(visit));
    let page = match said {
        Some(said) => page.saying(Tone::Good, said),
        None => page,
    };
    told(fault, page.show(&shown))
}

fn letter_body(
    visit: &Visit,
    letter: &Letter,
    etag: &str,
    is_own: bool,
    preview: &PreviewReplyResponse,
    fault: Option<&Fault>,
) -> Markup {
    let path = letter.path();
    let written = preview.template.clone().unwrap_or_default();
    let input = |field: &FieldFault| {
        let part = field.field.rsplit('.').next().unwrap_or_default();
        let inputs = [("subject", "主题", "Subject"), ("body", "正文", "Body")];
        let (name, zh, en) = inputs.into_iter().find(|(name, ..)| *name == part)?;
        Some((name.to_owned(), visit.say(zh, en).to_owned()))
    };
    html! {
        (wrong(visit, fault, &input))
        p { a href={ "/campaigns/" (letter.id) "/letters" } { (visit.say("全部信件模板", "All letters")) } }
        div.split {
            @if visit.may(CHANGES) {
                form.column.wide method="post" action=(path) data-live={ (path) "/preview" } {
                    (hidden(visit))
                    input type="hidden" name="etag" value=(etag);
                    h2 { (visit.say("文字", "Words")) }
                    label { span { (visit.say("主题", "Subject")) }
                        input #subject name="subject" required maxlength=(SUBJECT_MAX) value=(written.subject); }
                    label { span { (visit.say("正文（空行分段；整段的占位符都没有内容时，该段略去）",
                            "Body (a blank line ends a paragraph; one whose places are all empty is left out)")) }
                        textarea #body name="body" rows="22" required maxlength=(BODY_MAX) { "\n" (written.body) } }
                    div.line {
                        button data-save { (visit.say("保存", "Save")) }
                        button.quiet formaction={ (path) "/preview#preview" } { (visit.say("预览", "Preview")) }
                        @if is_own { button.quiet name="reset" value="1" formnovalidate { (visit.say("恢复为系统文字", "Back to the words that ship")) } }
                    }
                    (places(visit, preview))
                }
            } @else {
                section aria-labelledby="words" {
                    h2 #words { (visit.say("文字", "Words")) }
                    p { b { (written.subject) } }
                    pre.manuscript { (written.body) }
                }
            }
            section aria-labelledby="preview" {
                h2 #preview { (visit.say("预览（虚构的来稿）", "Preview (a made-up submission)")) }
                (filled_in(visit, letter, preview))
            }
        }
    }
}

/// The letter filled in, and what is wrong; a script renews these texts as one types.
fn filled_in(visit: &Visit, letter: &Letter, preview: &PreviewReplyResponse) -> Markup {
    let faults = preview.faults.iter().map(|fault| fault_words(visit, fault)).collect::<Vec<_>>().join("\n");
    let language = if letter.language == "en" { "en" } else { "zh-CN" };
    html! {
        p.notice.bad.lines #preview-faults data-live-part role="status" hidden[faults.is_empty()] { (faults) }
        p { b #preview-subject data-live-part lang=(language) { (preview.subject) } }
        pre.manuscript #preview-body data-live-part lang=(language) { (preview.body) }
    }
}

fn fault_words(visit: &Visit, fault: &TemplateFault) -> String {
    let (line, column) = (fault.line, fault.column);
    let (zh, en) = match fault.part() {
        Part::Subject => ("主题".to_owned(), "Subject".to_owned()),
        Part::Body | Part::Unspecified => ("正文".to_owned(), "Body".to_owned()),
    };
    let told = sentence(fault.sentence.as_ref(), visit.language());
    let at = visit
        .language()
        .of(&format!("{zh}第 {line} 行第 {column} 字："), &format!("{en}, line {line}, character {column}: "))
        .to_owned();
    at + told
}

fn places(visit: &Visit, preview: &PreviewReplyResponse) -> Markup {
    html! {
        details open {
            summary { (visit.say("可用的占位符", "Places that can be filled in")) }
            ul { @for place in &preview.places {
                @let name = place.name.clone().unwrap_or_default();
                li { code { "{{" (name.zh) "}}" } (visit.say(" 或 ", " or ")) code { "{{" (name.en) "}}" }
                    @if place.needed { " " (badge(Tone::Warn, visit.say("正文必须有", "the body needs it"))) }
                    @if place.block { " " span.detail { (visit.say("单独成行", "alone on its line")) } } }
            } }
        }
    }
}

fn typed(posted: &Posted) -> (String, String) {
    (posted.text("subject"), posted.text("body"))
}

async fn preview(Path(ids): Ids, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(letter) = Letter::read(ids) else { return Fault::not_found().to(visit) };
    match get_campaign(visit, &letter.id).await {
        Ok(campaign) => {
            // What was read stays what is compared: a preview renews no etag.
            let campaign = Campaign { etag: posted.one("etag").to_owned(), ..campaign };
            page(visit, &letter, &campaign, typed(&posted), None, None).await
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

async fn save(Path(ids): Ids, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(letter) = Letter::read(ids) else { return Fault::not_found().to(visit) };
    let campaign = match get_campaign(visit, &letter.id).await {
        Ok(campaign) => Campaign { etag: posted.one("etag").to_owned(), ..campaign },
        Err(status) => return Fault::from(status).to(visit),
    };
    let is_reset = posted.fields().has("reset");
    let templates = changed(&campaign, &letter, (!is_reset).then(|| typed(&posted)));
    let asked = UpdateCampaignRequest {
        campaign: Some(Campaign { templates, ..campaign.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["templates".into()] }),
        validate_only: false,
    };
    match visit.api.campaigns().update_campaign(asked).await {
        Ok(_) => {
            let done = if is_reset { "reset" } else { "save" };
            Redirect::to(&format!("{}?done={done}", letter.path())).into_response()
        }
        Err(status) => page(visit, &letter, &campaign, typed(&posted), None, Some(&Fault::from(status))).await,
    }
}

/// The campaign's own words with those of one letter changed, or taken away.
fn changed(campaign: &Campaign, letter: &Letter, words: Option<(String, String)>) -> Vec<ReplyTemplate> {
    let mut templates = campaign.templates.clone();
    let at = templates.iter().position(|template| letter.is_of(template)).unwrap_or(templates.len());
    let own = words.map(|(subject, body)| ReplyTemplate {
        kind: letter.kind.into(),
        language: letter.language.to_owned(),
        subject,
        body,
    });
    templates.splice(at..(at + 1).min(templates.len()), own);
    templates
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{ReviewRole, Sentence, TemplatePlace};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn letter() -> Letter {
        Letter::read(("c1".into(), "revision-asked".into(), "zh".into())).unwrap()
    }

    fn template(language: &str, body: &str) -> ReplyTemplate {
        let kind = ReplyKind::RevisionAsked.into();
        ReplyTemplate { kind, language: language.into(), subject: "请修改".into(), body: body.into() }
    }

    #[test]
    fn one_letter_is_changed_or_taken_away_and_the_others_stay() {
        let campaign = Campaign { templates: vec![template("en", "a"), template("zh", "b")], ..Campaign::default() };
        let words = Some(("请修改".to_owned(), "c".to_owned()));
        assert_eq!(changed(&campaign, &letter(), words.clone()), [template("en", "a"), template("zh", "c")]);
        assert_eq!(changed(&campaign, &letter(), None), [template("en", "a")]);
        assert_eq!(changed(&Campaign::default(), &letter(), words), [template("zh", "c")]);
        assert_eq!(changed(&Campaign::default(), &letter(), None), []);
        assert!(Letter::read(("c1".into(), "unspecified".into(), "zh".into())).is_none());
    }

    #[test]
    fn words_stand_beside_the_letter_and_what_is_wrong_has_its_place() {
        let chief = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        let name = Some(Sentence { zh: "理由".into(), en: "reason".into() });
        let preview = PreviewReplyResponse {
            template: Some(template("zh", "请改：\n{{理由}}\n</textarea><script>")),
            subject: "请修改来稿 128".into(),
            body: "请改：\n补充数据来源".into(),
            faults: vec![TemplateFault {
                part: Part::Body.into(),
                line: 2,
                column: 3,
                sentence: Some(Sentence { zh: "没有名为“号”的占位符".into(), en: String::new() }),
            }],
            places: vec![TemplatePlace { name, needed: true, block: true }],
        };
        let shown = letter_body(&chief, &letter(), "r3", true, &preview, None).into_string();
        for expected in [
            "data-live=\"/campaigns/c1/letters/revision-asked/zh/preview\"",
            "正文第 2 行第 3 字：没有名为“号”的占位符",
            "请修改来稿 128",
            "<code>{{理由}}</code>",
            "name=\"etag\" value=\"r3\"",
            "恢复为系统文字",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        assert!(!shown.contains("<script>"));
        let viewer = visit_of(ReviewRole::Viewer, Language::Zh);
        assert!(!letter_body(&viewer, &letter(), "r3", true, &preview, None).into_string().contains("<form"));
    }
}
