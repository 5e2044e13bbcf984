//! What the page shows of a made-up submission.

use proto::intake::v1::{
    Address, Attachment, Class, CloudFile, Contact, Document, Editor, Evidence, Finding, Found, Judgement, Outcome,
    Picture, ReplyKind, ReplyState, ReviewDecision, ReviewNextAction, ReviewPlacement, ReviewRecommendation,
    ReviewRole, ReviewSettings, ReviewState, ReviewWords, Sentence, Severity, Verdict, Video, attachment::Content,
};

use super::*;
use crate::{
    Language,
    visit::tests::{visit, visit_of},
};

const NAME: &str = "submissions/0190a5f0-0000-7000-8000-000000000012";

fn at(text: &str) -> Option<prost_types::Timestamp> {
    let at: chrono::DateTime<Utc> = text.parse().unwrap();
    Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 })
}

fn attachment(path: &str, name: &str, media_type: &str, content: Option<Content>) -> Attachment {
    Attachment {
        path: path.into(),
        file_name: name.into(),
        media_type: media_type.into(),
        size_bytes: 35_651_584,
        sha256: "ab".repeat(32),
        content,
        ..Attachment::default()
    }
}

fn finding(rule: &str, outcome: Outcome, severity: Severity, zh: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity: severity.into(),
        outcome: outcome.into(),
        measured: "311.4 s".into(),
        limit: "≤ 300 s".into(),
        evidence: vec![Evidence { place: "part 3 “片子.mp4”".into(), excerpt: "311.4 s".into() }],
        sentence: Some(Sentence { zh: zh.into(), en: "It is too long.".into() }),
    }
}

fn submission() -> Submission {
    let video = Video {
        container: "mp4".into(),
        duration_seconds: Some(311.4),
        displayed_width: 1920,
        displayed_height: 1080,
        video_codec: "h264".into(),
        ..Video::default()
    };
    let text = "一、改革的背景\n　　近年来，全省政府购买服务支出由2015年的84亿元增加到2021年的321.70亿元。绩效评价随之成为关键。\n　　二、主要做法";
    let document =
        Document { format: "docx".into(), text: text.into(), truncated: true, characters: 4312, pictures: 2 };
    let found =
        |value: &str, place: &str| vec![Found { value: value.into(), place: place.into(), excerpt: String::new() }];
    Submission {
        name: NAME.into(),
        campaign: "campaigns/1".into(),
        number: 12,
        message: "messages/0190a5f0-0000-7000-8000-000000000099".into(),
        version: 2,
        class: Class::Correction.into(),
        class_reason: Some(Sentence { zh: "主题与第 12 号来稿相同".into(), en: "same subject".into() }),
        subject: "【主题征稿】绩效评价改革的实践与思考".into(),
        from: Some(Address { display_name: "王芳".into(), address: "wangfang@example.cn".into() }),
        date: "2023-03-31T23:50:00+08:00".into(),
        received_time: at("2023-03-31T23:59:59+08:00"),
        received_basis: "internal_date".into(),
        raw_sha256: "cd".repeat(32),
        raw_size_bytes: 48_000_000,
        text: "编辑您好：\n    附上修改稿，请审阅。\n王芳 敬上".into(),
        contact: Some(Contact {
            names: found("王芳", "body"),
            organisations: found("某省财政厅预算处", "part 2 “稿件.docx”"),
            phones: found("13800000000", "body"),
            addresses: vec![],
        }),
        attachments: vec![
            attachment(
                "2",
                "稿件\u{202e}xcod.docx",
                "application/vnd.openxmlformats",
                Some(Content::Document(document)),
            ),
            attachment("3", "片子.mp4", "video/mp4", Some(Content::Video(video))),
            attachment("4", "图一.png", "image/png", Some(Content::Picture(Picture {}))),
            attachment("5", "图二.svg", "image/svg+xml", Some(Content::Picture(Picture {}))),
            attachment("6", "数据.xlsx", "application/vnd.ms-excel", None),
        ],
        cloud_files: vec![CloudFile {
            provider: "netease".into(),
            file_name: "成片.mp4".into(),
            size_bytes_claimed: 734_003_200,
            expire_time: at("2023-04-05T00:00:00+08:00"),
            url: "javascript:alert(1)".into(),
            quoted: false,
        }],
        findings: vec![
            finding("subject-tag", Outcome::Passed, Severity::Routes, "主题含标记。"),
            finding("video-format", Outcome::Failed, Severity::Advice, "建议使用 H.264 编码。"),
            finding(
                "video-resolution",
                Outcome::Undetermined,
                Severity::Required,
                "云附件的分辨率无法测得，请编辑查看。",
            ),
            finding("video-duration", Outcome::Failed, Severity::Required, "视频时长 5 分 11 秒，超过 5 分钟的上限。"),
        ],
        judgement: Some(Judgement { verdict: Verdict::Incomplete.into(), ..Judgement::default() }),
        ..Submission::default()
    }
}

fn next(action: ReviewAction, words: ReviewWords) -> ReviewNextAction {
    ReviewNextAction { action: action.into(), words: words.into() }
}

fn review() -> Review {
    Review {
        submission: NAME.into(),
        etag: "\"7\"".into(),
        number: 12,
        state: ReviewState::FinalReview.into(),
        verdict: Verdict::Incomplete.into(),
        editor: "li.na".into(),
        recommendations: vec![ReviewRecommendation {
            editor: "li.na".into(),
            decision: ReviewDecision::Adopt.into(),
            time: at("2023-04-02T09:00:00+08:00"),
        }],
        next_actions: vec![
            next(ReviewAction::Assign, ReviewWords::Free),
            next(ReviewAction::Recommend, ReviewWords::TellColleagues),
            next(ReviewAction::SendBack, ReviewWords::TellColleagues),
            next(ReviewAction::Adopt, ReviewWords::MayTellAuthor),
            next(ReviewAction::Decline, ReviewWords::TellAuthor),
            next(ReviewAction::AskRevision, ReviewWords::TellAuthor),
            next(ReviewAction::Withdraw, ReviewWords::TellColleagues),
        ],
        ..Review::default()
    }
}

fn event(number: u32, action: ReviewAction, after: ReviewState) -> ReviewEvent {
    ReviewEvent {
        number,
        time: at("2023-04-02T09:00:00+08:00"),
        actor: "li.na".into(),
        role: ReviewRole::Editor.into(),
        action: action.into(),
        state_before: ReviewState::FirstReview.into(),
        state_after: after.into(),
        ..ReviewEvent::default()
    }
}

fn loaded() -> Loaded {
    let editor = |name: &str, called: &str| Editor { editor: name.into(), display_name: called.into(), role: 3 };
    let opinion = ReviewEvent {
        decision: ReviewDecision::Adopt.into(),
        note: "数据翔实，建议采用。".into(),
        ..event(5, ReviewAction::Recommend, ReviewState::FirstReview)
    };
    let older = ReviewEvent {
        decision: ReviewDecision::AskRevision.into(),
        time: at("2023-04-01T09:00:00+08:00"),
        ..opinion.clone()
    };
    let letter = Reply {
        name: "replies/0190a5f0-0000-7000-8000-000000000005".into(),
        kind: ReplyKind::Acknowledgement.into(),
        state: ReplyState::Sent.into(),
        to: "wangfang@example.cn".into(),
        sent_time: at("2023-04-01T00:05:00+08:00"),
        bounce_time: at("2023-04-01T00:06:00+08:00"),
        bounce_detail: "550 5.1.1 no such user".into(),
        ..Reply::default()
    };
    Loaded {
        submission: submission(),
        revealed: None,
        review: Some(review()),
        campaign: Some(Campaign {
            theme: "深入学习宣传贯彻党的二十大精神".into(),
            channels: vec!["杂志".into(), "微信".into()],
            review: Some(ReviewSettings { revision_days_max: 60, ..ReviewSettings::default() }),
            ..Campaign::default()
        }),
        editors: Editors(vec![editor("zhang.li", "张丽"), editor("li.na", "李娜")]),
        letters: Some(vec![letter]),
        as_sent: None,
        neighbours: GetReviewNeighboursResponse {
            previous: "submissions/0190a5f0-0000-7000-8000-000000000011".into(),
            next: "submissions/0190a5f0-0000-7000-8000-000000000013".into(),
        },
        events: vec![older, opinion, event(6, ReviewAction::Pass, ReviewState::FinalReview)],
        remarks: Vec::new(),
        chain: versions::Chain::default(),
    }
}

fn asked(tab: &str) -> Asked {
    let query = [("tab", tab), ("list", "state=open&q=a%26b")];
    let query = Fields(query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    Asked::read(&NAME["submissions/".len()..], &query).unwrap()
}

fn shown(visit: &Visit, tab: &str) -> String {
    body(visit, &asked(tab), &loaded(), None).into_string()
}

#[test]
fn a_form_is_there_for_each_step_that_is_open_and_for_no_other() {
    let html = shown(&visit(), "");
    for open in ["ASSIGN", "RECOMMEND", "SEND_BACK", "ADOPT", "DECLINE", "ASK_REVISION", "WITHDRAW"] {
        assert_eq!(html.matches(&format!("name=\"action\" value=\"{open}\"")).count(), 1, "{open}");
    }
    for closed in ["BEGIN", "PASS", "SCHEDULE", "PUBLISH", "UNSCHEDULE", "RETRACT", "RESUME", "JUDGE"] {
        assert!(!html.contains(&format!("name=\"action\" value=\"{closed}\"")), "{closed}");
    }
    // Each bears the etag that was read, and every form, that of the tags too, what tells that it is ours.
    assert_eq!(html.matches("name=\"etag\" value=\"&quot;7&quot;\"").count(), 7);
    assert_eq!(html.matches("name=\"csrf\"").count(), 8);
}

#[test]
fn a_form_asks_for_the_words_that_the_step_needs() {
    let html = shown(&visit(), "");
    let form = |action: &str| {
        let from = html.find(&format!("name=\"action\" value=\"{action}\"")).unwrap();
        html[from..].split("</form>").next().unwrap().to_owned()
    };
    let reason = "name=\"reason\" maxlength=\"2000\"";
    assert!(form("DECLINE").contains(&format!("{reason} required")));
    assert!(form("ADOPT").contains(reason) && !form("ADOPT").contains(&format!("{reason} required")));
    assert!(!form("ASSIGN").contains(reason));
    // What was not judged eligible is adopted with a word to colleagues.
    assert!(form("ADOPT").contains("name=\"note\" maxlength=\"2000\" required"));
    assert!(!form("DECLINE").contains("name=\"note\" maxlength=\"2000\" required"));
    assert!(form("ASK_REVISION").contains("type=\"date\" name=\"until_day\" required"));
    assert!(form("ASSIGN").contains("<option value=\"li.na\" selected>李娜</option>"));
}

#[test]
fn a_refused_form_comes_back_open_with_what_was_typed_and_what_was_said() {
    let typed = [("reason", "请补充数据"), ("until_day", "2023-05-01"), ("note", "已电话沟通")];
    let fields = Fields(typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    let fault = Fault::from(Status::aborted("the review went on since it was read"));
    let refused = Refused { action: ReviewAction::AskRevision, fields: &fields, fault };
    let html = body(&visit(), &asked(""), &loaded(), Some(&refused)).into_string();
    assert!(html.contains("内容已被他人更改"));
    assert_eq!(html.matches("name=\"step\" open").count(), 1);
    for (_, value) in typed {
        assert_eq!(html.matches(value).count(), 1, "{value}");
    }
}

#[test]
fn the_way_to_the_neighbours_and_back_keeps_the_list() {
    let html = shown(&visit(), "");
    let list = "list=q%3Da%2526b%26state%3Dopen";
    assert!(
        html.contains(&format!("href=\"/submissions/0190a5f0-0000-7000-8000-000000000013?{list}\" data-key=\"]\""))
    );
    assert!(html.contains("href=\"/submissions?q=a%26b&amp;state=open\""));
    assert!(html.contains(&format!("?{list}&amp;tab=files\"")));
}

#[test]
fn findings_are_told_with_what_was_measured_and_the_troubles_first() {
    let html = shown(&visit(), "");
    let at = |words: &str| html.find(words).unwrap_or_else(|| panic!("{words}"));
    assert!(at("超过 5 分钟的上限") < at("云附件的分辨率无法测得"));
    assert!(at("云附件的分辨率无法测得") < at("建议使用 H.264"));
    assert!(at("建议使用 H.264") < at("符合的规则"));
    assert!(html.contains("附件 3 “片子.mp4”") && !html.contains("实测"), "what programs read is in English");
    let english = shown(&visit_of(ReviewRole::ChiefEditor, Language::En), "");
    assert!(english.contains("measured <bdi>311.4 s</bdi>"));
}

#[test]
fn files_are_shown_by_what_their_bytes_are_and_every_one_can_be_kept() {
    let html = shown(&visit(), "files");
    assert_eq!(html.matches("?download=1").count(), 5);
    assert!(html.contains(&format!("<video controls preload=\"metadata\" src=\"/{NAME}/files/3\"")));
    assert!(html.contains("时长 5:11 · 1920×1080 · mp4 · h264"));
    assert!(html.contains(&format!("<img loading=\"lazy\" src=\"/{NAME}/files/4\"")));
    assert!(!html.contains("files/5\" alt"), "an SVG can hold a script");
    // The trick of direction is gone from the name and spelt out on demand.
    assert!(html.contains("稿件xcod.docx") && html.contains("稿件\\u{202e}xcod.docx") && !html.contains('\u{202e}'));
    assert!(!html.contains("href=\"javascript:") && html.contains("声称大小 700 MB"));
}

#[test]
fn opinions_of_the_open_round_stand_before_earlier_ones() {
    let html = shown(&visit(), "opinions");
    let (open, before) = (html.find("数据翔实").unwrap(), html.find("此前的建议").unwrap());
    assert!(open < before);
    assert!(html[before..].contains("退修"));
}

#[test]
fn the_history_tells_who_did_what_and_letters_that_came_back() {
    let html = shown(&visit(), "history");
    for told in ["送下一审", "李娜", "初审 → ", "数据翔实，建议采用。", "退信", "550 5.1.1 no such user"]
    {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn comments_and_tags_stand_between_the_steps_and_an_editor_adds_to_them() {
    use proto::intake::v1::ReviewRemarkKind;
    let mut loaded = loaded();
    let remark = |kind: ReviewRemarkKind, words: &str, time| ReviewRemark {
        number: 1,
        time: at(time),
        actor: "li.na".into(),
        role: ReviewRole::Editor.into(),
        kind: kind.into(),
        words: words.into(),
    };
    loaded.review.as_mut().unwrap().tags = vec!["浙江".into()];
    loaded.remarks = vec![
        remark(ReviewRemarkKind::Tagged, "浙江", "2020-01-01T00:00:00Z"),
        remark(ReviewRemarkKind::Commented, "已电话联系<b>作者</b>。", "2030-01-01T00:00:00Z"),
    ];
    let html = |tab, role| body(&visit_of(role, Language::Zh), &asked(tab), &loaded, None).into_string();
    let history = html("history", ReviewRole::Viewer);
    let place = |words: &str| history.find(words).unwrap_or_else(|| panic!("{words}"));
    assert!(place("已电话联系&lt;b&gt;作者") < place("送下一审") && place("送下一审") < place("<b>加标签</b>"));
    let (editor, viewer) = (html("opinions", ReviewRole::Editor), html("opinions", ReviewRole::Viewer));
    for form in [format!("action=\"/{NAME}/comment?"), format!("action=\"/{NAME}/tags?"), "value=\"浙江\"".into()] {
        assert!(editor.contains(&form) && !viewer.contains(&form), "{form}");
    }
    assert!(viewer.contains("已电话联系") && viewer.contains("href=\"/submissions?tag=%E6%B5%99%E6%B1%9F\""));
    // One place for each key, wherever one is.
    for (tab, ..) in TABS {
        let html = html(tab, ReviewRole::Editor);
        for key in ["c", "t"] {
            assert_eq!(html.matches(&format!("data-key=\"{key}\"")).count(), 1, "{key} at {tab}");
        }
    }
}

#[test]
fn two_versions_stand_beside_each_other() {
    let mut loaded = loaded();
    let other = Submission { name: NAME.replace("12", "11"), version: 1, ..submission() };
    let lines = crate::diff::compare("支出为84亿元。", "支出为321亿元。");
    loaded.chain = versions::Chain { versions: vec![other.clone(), submission()], compared: Some((other, lines)) };
    let html = body(&visit(), &asked("versions"), &loaded, None).into_string();
    assert!(html.contains("第 1 版 ↔ 第 2 版"));
    assert!(html.contains("<del>84</del>亿元。") && html.contains("<ins>321</ins>亿元。"));
}

#[test]
fn a_mail_that_is_not_reviewed_has_no_steps() {
    let mut loaded = loaded();
    loaded.review = None;
    let html = body(&visit(), &asked("mail"), &loaded, None).into_string();
    assert!(!html.contains("id=\"steps\"") && html.contains("/raw"));
}

#[test]
fn headings_go_down_one_by_one_on_every_tab() {
    for (tab, ..) in TABS {
        let html = shown(&visit_of(ReviewRole::ChiefEditor, Language::En), tab);
        let mut last = 1;
        for (at, _) in html.match_indices("<h") {
            if let Some(level) = html[at + 2..].chars().next().and_then(|c| c.to_digit(10)) {
                assert!(level <= last + 1, "{tab}: h{level} after h{last}");
                last = level;
            }
        }
    }
}

#[test]
fn a_published_place_is_told_and_can_be_published_once() {
    let mut loaded = loaded();
    let review = loaded.review.as_mut().unwrap();
    let place =
        |channel: &str, at| ReviewPlacement {
            channel: channel.into(), slot: "2023年第5期".into(), publish_time: at
        };
    review.placements = vec![place("杂志", at("2023-05-01T00:00:00+08:00")), place("微信", None)];
    review.next_actions = vec![next(ReviewAction::Publish, ReviewWords::Free)];
    let html = body(&visit(), &asked(""), &loaded, None).into_string();
    assert!(html.contains("<option value=\"微信\">") && !html.contains("<option value=\"杂志\">"));
    assert!(html.contains("刊发于"));
}

#[test]
fn a_masked_contact_is_shown_whole_to_an_editor_who_asks_and_to_nobody_else() {
    let mut loaded = loaded();
    let whole = loaded.submission.contact.clone().unwrap();
    loaded.submission.contact.as_mut().unwrap().phones[0].value = "138****0000".into();
    let html = |loaded: &Loaded, role| body(&visit_of(role, Language::Zh), &asked("mail"), loaded, None).into_string();
    let button = format!("action=\"/{NAME}/contact?list=q%3Da%2526b%26state%3Dopen&amp;tab=mail\"");
    assert!(html(&loaded, ReviewRole::Editor).contains(&button));
    assert!(!html(&loaded, ReviewRole::Viewer).contains("/contact?"));
    loaded.revealed = Some(whole);
    let shown = html(&loaded, ReviewRole::Editor);
    assert!(shown.contains("13800000000") && !shown.contains("138****0000") && !shown.contains("/contact?"));
}
