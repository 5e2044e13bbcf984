//! The form of a campaign: its fields from a campaign, a campaign from its fields, and the fields as a page shows them.

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, CampaignContact, Day, ReviewDecision, ReviewRole, ReviewRound, ReviewRoundSettings, ReviewSettings,
};

use super::rules;
use crate::{
    fault::FieldFault,
    posted::Fields,
    visit::Visit,
    words::{self, code, spelled},
};

/// The fields that this form writes, as a mask names them.
pub const MASK: [&str; 11] = [
    "theme",
    "tag",
    "mailbox",
    "categories",
    "opens_day",
    "deadline_day",
    "contacts",
    "channels",
    "rules",
    "review",
    "retention_days",
];

const ROUNDS: [ReviewRound; 3] = [ReviewRound::First, ReviewRound::Second, ReviewRound::Final];
const DECISIONS: [ReviewDecision; 3] = [ReviewDecision::Adopt, ReviewDecision::Decline, ReviewDecision::AskRevision];
const DECIDERS: [ReviewRole; 3] = [ReviewRole::Editor, ReviewRole::ChiefEditor, ReviewRole::Administrator];

/// Empty lines for further contacts.
const CONTACTS_MORE: usize = 2;

/// Lines of a list that are read; the service takes fewer.
const LINES_MAX: usize = 200;

fn round_code(round: ReviewRound) -> String {
    code(round.as_str_name(), "REVIEW_ROUND_")
}

fn decision_code(decision: ReviewDecision) -> String {
    code(decision.as_str_name(), "REVIEW_DECISION_")
}

fn role_code(role: ReviewRole) -> String {
    code(role.as_str_name(), "REVIEW_ROLE_")
}

/// The fields that a campaign fills.
pub fn fields(campaign: &Campaign) -> Fields {
    let day = |day: Option<&Day>| {
        day.map_or_else(String::new, |day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day))
    };
    let mut fields: Vec<(String, String)> = [
        ("etag", campaign.etag.clone()),
        ("theme", campaign.theme.clone()),
        ("tag", campaign.tag.clone()),
        ("mailbox", campaign.mailbox.clone()),
        ("opens_day", day(campaign.opens_day.as_ref())),
        ("deadline_day", day(campaign.deadline_day.as_ref())),
        ("categories", campaign.categories.join("\n")),
        ("channels", campaign.channels.join("\n")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for contact in &campaign.contacts {
        fields.push(("contact.name".into(), contact.name.clone()));
        fields.push(("contact.phone".into(), contact.phone.clone()));
    }
    fields.extend(campaign.rules.iter().flat_map(rules::fields));
    fields.push(("retention_days".into(), campaign.retention_days.to_string()));
    if let Some(review) = &campaign.review {
        for round in &review.rounds {
            let name = |field: &str| format!("round.{}.{field}", round_code(round.round()));
            fields.push((name("on"), "1".into()));
            fields.push((name("recommendations_min"), round.recommendations_min.to_string()));
            fields.push((name("decides"), role_code(round.decides())));
            fields.extend(round.decisions().map(|decision| (name("decision"), decision_code(decision))));
        }
        if review.decider_differs {
            fields.push(("decider_differs".into(), "1".into()));
        }
        fields.push(("retract_minutes".into(), review.retract_minutes.to_string()));
        fields.push(("revision_days_max".into(), review.revision_days_max.to_string()));
    }
    Fields(fields)
}

/// What a new campaign starts from: 三审制, and the rules that every call has.
pub fn blank() -> Campaign {
    let round = |round: ReviewRound, decisions: &[ReviewDecision]| ReviewRoundSettings {
        round: round.into(),
        recommendations_min: 1,
        decisions: decisions.iter().map(|decision| (*decision).into()).collect(),
        decides: ReviewRole::ChiefEditor.into(),
    };
    let rounds = vec![
        round(ReviewRound::First, &DECISIONS[1..]),
        round(ReviewRound::Second, &DECISIONS[1..]),
        round(ReviewRound::Final, &DECISIONS),
    ];
    let review = ReviewSettings { rounds, decider_differs: true, retract_minutes: 30, revision_days_max: 60 };
    Campaign { rules: rules::common(), review: Some(review), ..Campaign::default() }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_MAX).map(str::to_owned).collect()
}

fn number(form: &Fields, name: &str, faults: &mut Vec<FieldFault>) -> u32 {
    form.one(name).trim().parse().unwrap_or_else(|_| {
        faults.push(FieldFault {
            field: name.into(), zh: "请填写整数".into(), en: "a whole number is needed".into()
        });
        0
    })
}

/// The campaign that a form holds, without name.
///
/// # Errors
/// Fields that cannot be read; whether they break a rule is for the service to say.
pub fn read(form: &Fields) -> Result<Campaign, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let day = |name: &str| {
        let day: NaiveDate = form.one(name).trim().parse().ok()?;
        let small = |number: u32| i32::try_from(number).unwrap_or_default();
        Some(Day { year: day.year(), month: small(day.month()), day: small(day.day()) })
    };
    let contacts = form.all("contact.name").zip(form.all("contact.phone")).take(LINES_MAX);
    let contacts =
        contacts.map(|(name, phone)| CampaignContact { name: name.trim().into(), phone: phone.trim().into() });
    let rules = rules::read(form, &mut faults);
    let rounds = ROUNDS.iter().filter(|round| form.has(&format!("round.{}.on", round_code(**round))));
    let rounds: Vec<ReviewRoundSettings> = rounds
        .map(|round| {
            let name = |field: &str| format!("round.{}.{field}", round_code(*round));
            let ticked =
                |decision: &&ReviewDecision| form.all(&name("decision")).any(|word| word == decision_code(**decision));
            let decides = ReviewRole::from_str_name(&spelled(form.one(&name("decides")), "REVIEW_ROLE_"));
            ReviewRoundSettings {
                round: (*round).into(),
                recommendations_min: number(form, &name("recommendations_min"), &mut faults),
                decisions: DECISIONS.iter().filter(ticked).map(|decision| (*decision).into()).collect(),
                decides: decides.unwrap_or_default().into(),
            }
        })
        .collect();
    let review = ReviewSettings {
        rounds,
        decider_differs: form.has("decider_differs"),
        retract_minutes: number(form, "retract_minutes", &mut faults),
        revision_days_max: number(form, "revision_days_max", &mut faults),
    };
    let retention_days = number(form, "retention_days", &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Campaign {
        etag: form.one("etag").to_owned(),
        theme: form.one("theme").trim().to_owned(),
        tag: form.one("tag").trim().to_owned(),
        mailbox: form.one("mailbox").trim().to_owned(),
        categories: lines(form.one("categories")),
        opens_day: day("opens_day"),
        deadline_day: day("deadline_day"),
        contacts: contacts.filter(|contact| !contact.name.is_empty() || !contact.phone.is_empty()).collect(),
        channels: lines(form.one("channels")),
        rules,
        review: Some(review),
        retention_days,
        ..Campaign::default()
    })
}

/// Inputs with a name of their own: as the services spell them, Chinese, English.
const NAMED: [(&str, &str, &str); 12] = [
    ("theme", "主题", "Theme"),
    ("tag", "征稿标记", "Tag"),
    ("mailbox", "征稿邮箱", "Mailbox"),
    ("opens_day", "开始日期", "First day"),
    ("deadline_day", "截止日期", "Last day"),
    ("categories", "征稿内容", "Categories"),
    ("contacts", "联系人", "Contacts"),
    ("channels", "刊发渠道", "Channels"),
    ("retract_minutes", "撤回期限", "Time to retract"),
    ("revision_days_max", "退修期限", "Time for a revision"),
    ("rounds", "审次", "Rounds"),
    ("retention_days", "保存期限", "Time to keep"),
];

/// The input that a fault is about, with what it is called. `campaign` is what the form held.
pub fn input(visit: &Visit, fault: &FieldFault, campaign: Option<&Campaign>) -> Option<(String, String)> {
    let path = fault.field.strip_prefix("campaign.").unwrap_or(&fault.field);
    if let Some(called) = rules::called(path, visit) {
        return Some((path.to_owned(), called));
    }
    if path.starts_with("rules[") {
        return rules::input(path, campaign.map_or(&[][..], |campaign| &campaign.rules), visit);
    }
    let path = path.strip_prefix("review.").unwrap_or(path);
    if let Some(rest) = path.strip_prefix("rounds[") {
        let index: usize = rest.split(']').next()?.parse().ok()?;
        let round = campaign?.review.as_ref()?.rounds.get(index)?.round();
        return Some((format!("round.{}.on", round_code(round)), words::round(round, visit.language()).to_owned()));
    }
    if let Some(rest) = path.strip_prefix("round.") {
        let round = ROUNDS.into_iter().find(|round| rest.starts_with(&round_code(*round)))?;
        return Some((path.to_owned(), words::round(round, visit.language()).to_owned()));
    }
    let (name, index) = match path.split_once('[') {
        Some((name, rest)) => (name, rest.split(']').next().and_then(|index| index.parse::<usize>().ok())),
        None => (path, None),
    };
    let (_, zh, en) = NAMED.into_iter().find(|(known, ..)| *known == name)?;
    let called = match index {
        Some(index) => {
            visit.language().of(&format!("{zh}第 {} 项", index + 1), &format!("{en}, item {}", index + 1)).to_owned()
        }
        None => visit.say(zh, en).to_owned(),
    };
    Some((name.to_owned(), called))
}

/// The fields, without the form around them.
pub fn show(visit: &Visit, form: &Fields, mailboxes: &[String]) -> Markup {
    html! {
        input type="hidden" name="etag" value=(form.one("etag"));
        fieldset.column {
            legend { h2 { (visit.say("基本信息", "The call")) } }
            label { span { (visit.say("主题", "Theme")) } input #theme name="theme" required maxlength="200" value=(form.one("theme")); }
            label { span { (visit.say("征稿标记（邮件主题中要写的字样）", "Tag (what a subject must hold)")) }
                input #tag name="tag" required maxlength="100" value=(form.one("tag")); }
            label { span { (visit.say("征稿邮箱", "Mailbox")) }
                input #mailbox name="mailbox" type="email" required maxlength="254" list="mailboxes" value=(form.one("mailbox")); }
            datalist #mailboxes { @for mailbox in mailboxes { option value=(mailbox) {} } }
            label { span { (visit.say("开始日期（北京时间，含当日）", "First day (Beijing, inclusive)")) }
                input #opens_day name="opens_day" type="date" required value=(form.one("opens_day")); }
            label { span { (visit.say("截止日期（北京时间，含当日；次日零点起为逾期）", "Last day (Beijing, inclusive; late from the midnight that ends it)")) }
                input #deadline_day name="deadline_day" type="date" required value=(form.one("deadline_day")); }
            label { span { (visit.say("征稿内容（每行一类，按顺序编号）", "Categories (one a line, numbered in this order)")) }
                textarea #categories name="categories" rows="5" { "\n" (form.one("categories")) } }
            label { span { (visit.say("刊发渠道（每行一个）", "Channels (one a line)")) }
                textarea #channels name="channels" rows="4" { "\n" (form.one("channels")) } }
        }
        fieldset #contacts {
            legend { h2 { (visit.say("联系人", "Contacts")) } }
            p { (visit.say("留空的行不保存。", "Empty lines are left out.")) }
            @for (name, phone) in form.all("contact.name").zip(form.all("contact.phone"))
                .chain(std::iter::repeat_n(("", ""), CONTACTS_MORE)) {
                div.line {
                    label { span { (visit.say("姓名", "Name")) } input name="contact.name" maxlength="50" value=(name); }
                    label { span { (visit.say("电话", "Phone")) } input name="contact.phone" maxlength="50" value=(phone); }
                }
            }
        }
        fieldset {
            legend { h2 { (visit.say("规则", "Rules")) } }
            p { (visit.say("勾选的规则才检查。改动之前可先在往来信上试一试。", "Only ticked rules are checked. A change can be tried on past mail first.")) }
            (rules::form(visit, form))
        }
        (review(visit, form))
    }
}

fn review(visit: &Visit, form: &Fields) -> Markup {
    let language = visit.language();
    html! {
        fieldset #rounds {
            legend { h2 { (visit.say("审稿", "Review")) } }
            @for round in ROUNDS {
                @let name = |field: &str| format!("round.{}.{field}", round_code(round));
                fieldset {
                    legend { label.box { input type="checkbox" id=(name("on")) name=(name("on")) value="1" checked[form.has(&name("on"))];
                        span { (words::round(round, language)) } } }
                    div.line {
                        label { span { (visit.say("至少几份建议", "Recommendations at least")) }
                            input type="number" min="0" max="5" id=(name("recommendations_min")) name=(name("recommendations_min"))
                                value=(if form.has(&name("recommendations_min")) { form.one(&name("recommendations_min")) } else { "1" }); }
                        label { span { (visit.say("由谁决定（最低角色）", "Who decides (least role)")) }
                            select name=(name("decides")) {
                                @for role in DECIDERS {
                                    @let word = role_code(role);
                                    option value=(word) selected[form.one(&name("decides")) == word
                                        || (!form.has(&name("decides")) && role == ReviewRole::ChiefEditor)] { (words::role(role, language)) }
                                }
                            } }
                        span role="group" aria-label=(visit.say("可作的决定", "What may be decided")) {
                            @for decision in DECISIONS {
                                @let word = decision_code(decision);
                                label.box { input type="checkbox" name=(name("decision")) value=(word)
                                        checked[form.all(&name("decision")).any(|ticked| ticked == word)];
                                    span { (words::decision(decision, language)) } } " "
                            }
                        }
                    }
                }
            }
            label.box { input type="checkbox" name="decider_differs" value="1" checked[form.has("decider_differs")];
                span { (visit.say("自己的建议不算作自己决定的依据", "An own recommendation does not count for an own decision")) } }
            div.line {
                label { span { (visit.say("决定可在几分钟内撤回（0–10080）；通知作者的信也等到那时", "Minutes to retract a decision (0–10080); its letter waits so long")) }
                    input #retract_minutes name="retract_minutes" type="number" min="0" max="10080" required value=(form.one("retract_minutes")); }
                label { span { (visit.say("退修最多给几天（1–366）", "Days for a revision at most (1–366)")) }
                    input #revision_days_max name="revision_days_max" type="number" min="1" max="366" required value=(form.one("revision_days_max")); }
            }
            label { span { (visit.say("未采用的稿件在截止后保存几天，到期删除全部内容（30–36500；0 为一直保留）", "Days that manuscripts not adopted are kept after the deadline, then all of them is erased (30–36500; 0 keeps them)")) }
                input #retention_days name="retention_days" type="number" min="0" max="36500" required value=(form.one("retention_days")); }
        }
    }
}

/// How a campaign reviews, in plain words.
pub fn review_words(visit: &Visit, settings: &ReviewSettings) -> Markup {
    let language = visit.language();
    html! {
        ul {
            @for round in &settings.rounds {
                @let decisions = round.decisions().map(|decision| words::decision(decision, language)).collect::<Vec<_>>();
                @let (count, role) = (round.recommendations_min, words::role(round.decides(), language));
                li { b { (words::round(round.round(), language)) } (visit.say("：", ": "))
                    (language.of(
                        &format!("至少 {count} 份建议；{role}及以上可决定{}", decisions.join("、")),
                        &format!("{count} recommendations at least; decided by a {} or higher: {}", role.to_lowercase(), decisions.join(", ").to_lowercase()))) }
            }
            @if settings.decider_differs {
                li { (visit.say("自己的建议不算作自己决定的依据", "An own recommendation does not count for an own decision")) } }
            li { (language.of(
                &format!("决定和撤稿可在 {} 分钟内撤回", settings.retract_minutes),
                &format!("A decision or withdrawal can be retracted within {} minutes", settings.retract_minutes))) }
            li { (language.of(
                &format!("退修最多给作者 {} 天", settings.revision_days_max),
                &format!("An author is given {} days for a revision at most", settings.revision_days_max))) }
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{Language, visit::tests::visit_of};

    /// 三审制, one rule.
    pub fn campaign() -> Campaign {
        let round = |round: ReviewRound, decisions: &[ReviewDecision]| ReviewRoundSettings {
            round: round.into(),
            recommendations_min: 1,
            decisions: decisions.iter().map(|decision| (*decision).into()).collect(),
            decides: ReviewRole::ChiefEditor.into(),
        };
        Campaign {
            etag: "r3".into(),
            theme: "学习“二十大”精神".into(),
            tag: "主题征稿".into(),
            mailbox: "czzhengwen@163.com".into(),
            categories: vec!["研究".into(), "做法".into()],
            opens_day: Some(Day { year: 2022, month: 10, day: 1 }),
            deadline_day: Some(Day { year: 2023, month: 3, day: 31 }),
            contacts: vec![
                CampaignContact { name: "张小莉".into(), phone: "010-88227050".into() },
                CampaignContact { name: "吕怡慧".into(), phone: "010-88227055".into() },
            ],
            channels: vec!["杂志".into(), "微信".into()],
            rules: Vec::new(),
            review: Some(ReviewSettings {
                rounds: vec![
                    round(ReviewRound::First, &[ReviewDecision::Decline]),
                    round(ReviewRound::Final, &DECISIONS),
                ],
                decider_differs: true,
                retract_minutes: 30,
                revision_days_max: 60,
            }),
            ..Campaign::default()
        }
    }

    #[test]
    fn a_campaign_comes_back_from_its_form_as_it_went() {
        assert_eq!(read(&fields(&campaign())), Ok(campaign()));
        let mut sent = fields(&campaign());
        sent.0.push(("contact.name".into(), " ".into()));
        sent.0.push(("contact.phone".into(), String::new()));
        assert_eq!(read(&sent), Ok(campaign()), "an empty line is no contact");
    }

    #[test]
    fn what_was_typed_stands_in_the_form_and_faults_lead_to_their_inputs() {
        let visit = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        let mut typed = fields(&campaign());
        for (name, value) in &mut typed.0 {
            match name.as_str() {
                "retract_minutes" => *value = "半小时".into(),
                "theme" => *value = "\"><script>".into(),
                _ => {}
            }
        }
        let faults = read(&typed).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["retract_minutes"]);
        let shown = show(&visit, &typed, &[]).into_string();
        assert!(
            shown.contains("value=\"半小时\"")
                && shown.contains("&quot;&gt;&lt;script&gt;")
                && !shown.contains("<script>")
        );

        let told = |path: &str| {
            let fault = FieldFault { field: path.into(), zh: String::new(), en: String::new() };
            let (id, called) = input(&visit, &fault, Some(&campaign())).unwrap();
            assert!(shown.contains(&format!("id=\"{id}\"")), "{id} is an input of the form");
            called
        };
        for (path, called) in [
            ("campaign.theme", "主题"),
            ("campaign.categories[1]", "征稿内容第 2 项"),
            ("campaign.contacts[0].phone", "联系人第 1 项"),
            ("campaign.review.rounds[1].decisions", "终审"),
            ("campaign.review.retract_minutes", "撤回期限"),
            ("retract_minutes", "撤回期限"),
            ("round.first.recommendations_min", "初审"),
            ("rule.video-size.bytes_max", "视频大小 · 最大（MB）"),
        ] {
            assert_eq!(told(path), called, "{path}");
        }
    }

    #[test]
    fn each_input_has_a_label_and_no_id_stands_twice() {
        let visit = visit_of(ReviewRole::ChiefEditor, Language::En);
        let shown = show(&visit, &fields(&campaign()), &["a@163.com".into()]).into_string();
        let mut ids: Vec<&str> = shown.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for input in shown.split("<input ").skip(1).filter(|input| !input.starts_with("type=\"hidden\"")) {
            let before = &shown[..shown.find(input).unwrap()];
            let label = before.rfind("<label").expect("a label");
            assert!(before.rfind("</label>").is_none_or(|closed| closed < label), "{input}");
        }
    }
}
