use expect_test::expect_file;
use intake::{
    campaign::Campaign,
    finding::{Finding, Outcome, RuleCode, Severity},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    particulars::{self, Particulars},
    standard::{self, Templates},
};

fn campaign() -> Campaign {
    Campaign::twentieth_congress(Uuid::nil())
}

fn finding(severity: Severity, outcome: Outcome, zh: &str) -> Finding {
    Finding {
        rule: RuleCode::ContactName,
        severity,
        outcome,
        measured: String::new(),
        limit: String::new(),
        evidence: vec![],
        zh: zh.into(),
        en: format!("en of {zh}"),
    }
}

fn told<'a>(campaign: &'a Campaign, subject: &'a str, findings: &'a [Finding], reason: &'a str) -> Particulars<'a> {
    Particulars {
        campaign,
        number: 7,
        subject,
        name: "张三",
        received_at: "2023-03-01T01:02:03Z".parse().unwrap(),
        findings,
        until_day: None,
        reason,
    }
}

fn written(kind: Kind, body: &str) -> Written {
    Written { kind, language: Language::Zh, subject: "收稿号 {{收稿号}}".into(), body: body.into() }
}

fn fill(kind: Kind, body: &str, told: &Particulars<'_>) -> String {
    Template::read(&written(kind, body)).unwrap().fill(told).body
}

/// What an editor sees of each letter that ships before a campaign writes its own.
#[test]
fn every_letter_that_ships_has_no_fault_and_reads_as_it_is_meant() {
    let templates = Templates::read(&[]).unwrap();
    let mut letters = String::new();
    for kind in Kind::ALL {
        for language in Language::ALL {
            assert_eq!(Template::read(&standard::written(kind, language)).err(), None, "{kind} {language:?}");
            let text = particulars::preview(templates.of(kind, language).unwrap(), &campaign());
            letters += &format!("━━━ {kind} {}\n{}\n───\n{}", language.tag(), text.subject, text.body);
        }
    }
    assert!(!letters.contains("{{") && !letters.contains("}}"));
    expect_file!["../standard/letters.txt"].assert_eq(&letters);
}

/// One template a line: its faults as line:column and the first words.
#[test]
fn what_is_wrong_with_a_template_is_told_with_its_place() {
    let long = "长".repeat(BODY_MAX + 1);
    let many = "{{称呼}}".repeat(PLACES_MAX + 1);
    for (kind, body, faults) in [
        (Kind::Adopted, "{{称呼}}：\n好。", vec![]),
        (Kind::Adopted, "{{ name }}:\ngood.", vec![]),
        (Kind::Adopted, "", vec!["1:1 不能为空"]),
        (Kind::Adopted, " \n ", vec!["1:1 不能为空"]),
        (Kind::Adopted, &long, vec!["1:1 不能为空"]),
        (Kind::Adopted, &many, vec!["1:601 占位符不能超过"]),
        (Kind::Adopted, "好\n甲乙{{作者姓名}}", vec!["2:3 没有名为“作者姓名”"]),
        (Kind::Adopted, "{{收稿号", vec!["1:1 “{{” 没有对应的"]),
        (Kind::Adopted, "收稿号}}", vec!["1:4 “}}” 没有对应的"]),
        (Kind::Adopted, "{{收稿号}} }} {{称呼}}", vec!["1:9 “}}” 没有对应的"]),
        (Kind::Adopted, "｛｛收稿号｝｝", vec!["1:1 占位符须用半角", "1:6 占位符须用半角"]),
        (Kind::Adopted, "{{}}", vec!["1:1 没有名为“”"]),
        (Kind::Adopted, "{{收稿\n号}}", vec!["1:1 没有名为"]),
        (Kind::Adopted, "{{#if 理由}}", vec!["1:1 没有名为“#if 理由”"]),
        (Kind::Adopted, "好\u{7}", vec!["1:2 不能有换行以外的控制字符"]),
        (Kind::Adopted, "意见：{{理由}}", vec!["1:4 “理由”会填入多行内容"]),
        (Kind::Adopted, "{{理由}}\n\n{{理由}}", vec!["3:1 “理由”会填入多行内容"]),
        (Kind::Adopted, "{{须补充}}", vec!["1:1 这封信没有可以填入"]),
        (Kind::Declined, "遗憾。", vec!["1:1 这封信的正文必须有 {{理由}}"]),
        (Kind::RevisionAsked, "请改。", vec!["1:1 这封信的正文必须有 {{截止日}}", "1:1 这封信的正文必须有 {{理由}}"]),
        (Kind::Acknowledgement, "收到。", vec!["1:1 这封信的正文必须有 {{收稿号}}"]),
        (Kind::Acknowledgement, "{{收稿号}}\n{{理由}}", vec!["2:1 这封信没有可以填入"]),
    ] {
        let found = Template::read(&written(kind, body)).err().unwrap_or_default();
        let short: Vec<String> =
            found.iter().map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.zh)).collect();
        assert_eq!(short.len(), faults.len(), "{body:?}: {short:?}");
        for (fault, expected) in short.iter().zip(&faults) {
            assert!(fault.starts_with(expected), "{body:?}: {fault} instead of {expected}");
        }
        assert!(found.iter().all(|fault| fault.part == Part::Body && !fault.en.is_empty()));
    }
}

#[test]
fn a_subject_is_one_line_without_blocks() {
    for (subject, sound) in [
        ("收稿号 {{收稿号}}", true),
        ("{{number}}: {{title}}", true),
        ("", false),
        ("a\nBcc: x@example.cn", false),
        ("a\r\nb", false),
        ("{{联系人}}", false),
        ("{{title", false),
    ] {
        let written = Written { subject: subject.into(), ..written(Kind::Adopted, "好。") };
        assert_eq!(Template::read(&written).is_ok(), sound, "{subject:?}");
    }
}

#[test]
fn all_findings_are_told_at_once_and_a_paragraph_without_any_goes_with_its_heading() {
    let campaign = campaign();
    let findings = [
        finding(Severity::Required, Outcome::Passed, "姓名：张三。"),
        finding(Severity::Required, Outcome::Failed, "没有工作单位。"),
        finding(Severity::Required, Outcome::Failed, "没有稿件。"),
        finding(Severity::Advice, Outcome::Failed, "建议配图。"),
        finding(Severity::Required, Outcome::Undetermined, "视频无法读取。"),
    ];
    let body = "收稿号 {{收稿号}}。\n\n须补充：\n{{须补充}}\n\n待核：\n{{待核}}\n\n建议：\n{{建议}}\n\n{{截止日}} 之前。\n\n完。";
    assert_eq!(
        fill(Kind::Findings, body, &told(&campaign, "x", &findings, "")),
        "收稿号 7。\n\n须补充：\n1. 没有工作单位。\n2. 没有稿件。\n\n待核：\n1. 视频无法读取。\n\n建议：\n1. 建议配图。\n\n完。\n"
    );
    assert_eq!(fill(Kind::Findings, body, &told(&campaign, "x", &findings[..1], "")), "收稿号 7。\n\n完。\n");
    let many = vec![finding(Severity::Required, Outcome::Failed, "没有稿件。"); 43];
    let text = fill(Kind::Findings, body, &told(&campaign, "x", &many, ""));
    assert!(text.contains("40. 没有稿件。\n另有 3 项") && !text.contains("41. "));
}

#[test]
fn what_an_author_wrote_is_no_template_no_second_line_and_no_link() {
    let campaign = campaign();
    let subject = "{{理由}}\r\nBcc: x@example.cn http://evil.example/ WwW.evil.example \u{202e}txt.exe";
    let told = told(&campaign, subject, &[], "甲\r\n{{标题}}\n乙");
    let written = Written { subject: "{{标题}}".into(), ..written(Kind::Declined, "“{{标题}}”\n\n{{理由}}") };
    let text = Template::read(&written).unwrap().fill(&told);
    let title = "{{理由}} Bcc: x@example.cn http： //evil.example/ WwW .evil.example txt.exe";
    assert_eq!(text.subject, title);
    assert_eq!(text.body, format!("“{title}”\n\n甲\n{{{{标题}}}}\n乙\n"));
}

#[test]
fn a_campaigns_own_words_take_the_place_of_those_that_ship() {
    let own = [written(Kind::Adopted, "贵稿采用。"), written(Kind::Adopted, "第二份。")];
    let templates = Templates::read(&own).unwrap();
    let campaign = campaign();
    let adopted = templates.of(Kind::Adopted, Language::Zh).unwrap().fill(&told(&campaign, "x", &[], ""));
    assert_eq!((adopted.subject.as_str(), adopted.body.as_str()), ("收稿号 7", "贵稿采用。\n"));
    assert!(templates.of(Kind::Adopted, Language::En).is_some());
    let faults = Templates::read(&[own[0].clone(), written(Kind::Declined, "遗憾。")]).unwrap_err();
    assert_eq!(faults.iter().map(|(index, faults)| (*index, faults.len())).collect::<Vec<_>>(), [(1, 1)]);
}

#[test]
fn a_campaigns_words_in_a_letter_or_language_that_is_not_known_are_left_out() {
    let kept = |kind: &str, language: &str| intake::campaign::ReplyTemplate {
        kind: kind.into(),
        language: language.into(),
        subject: "收稿号 {{收稿号}}".into(),
        body: "贵稿采用。".into(),
    };
    let mut campaign = campaign();
    campaign.templates = vec![kept("thanks", "zh"), kept("adopted", "fr"), kept("adopted", "zh")];
    assert_eq!(of_campaign(&campaign), [written(Kind::Adopted, "贵稿采用。")]);
}

#[test]
fn the_last_day_is_the_deadline_while_it_has_not_passed() {
    let campaign = campaign();
    let last_second = campaign.late_from() - chrono::TimeDelta::seconds(1);
    assert_eq!(particulars::until_day(&campaign, last_second), Some(campaign.deadline_day));
    assert_eq!(particulars::until_day(&campaign, campaign.late_from()), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_template_or_has_faults_and_what_is_filled_in_is_bounded(
        subject in any::<String>(), body in "(\\{\\{|\\}\\}|\\n|收稿号|理由|截止日|title|[ -~]|\\PC){0,60}", reason in any::<String>(),
    ) {
        let campaign = campaign();
        for kind in Kind::ALL {
            let written = Written { kind, language: Language::En, subject: subject.clone(), body: body.clone() };
            match Template::read(&written) {
                Ok(template) => {
                    let text = template.fill(&told(&campaign, &subject, &[], &reason));
                    prop_assert!(!text.subject.chars().any(char::is_control));
                    prop_assert!(text.subject.chars().count() <= 2 * SUBJECT_MAX);
                    prop_assert!(!text.body.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')));
                }
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }
}
