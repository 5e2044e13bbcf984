//! The rules of a campaign: each said in plain words, and each as fields of a form. One table says which there are.

use maud::{Markup, html};
use proto::intake::v1::{
    ContactDetailsRule, ContactNameRule, ContactOrganisationRule, DeadlineRule, ManuscriptPresentRule,
    PublicityPicturesRule, Rule, Severity, SubjectTagRule, VideoDurationRule, VideoFormatRule, VideoResolutionRule,
    VideoSizeRule, VideoSynopsisRule, rule::Check,
};

use crate::{
    fault::FieldFault,
    html::{Tone, badge},
    posted::Fields,
    visit::Visit,
    words,
};

/// 1024 × 1024 bytes.
const MIB: f64 = 1_048_576.0;

/// A limit of a rule, as a form asks for it.
struct Limit {
    /// As the wire spells it.
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A whole number.
    Whole,
    /// Bytes, written in MB of 1024 × 1024.
    Megabytes,
    /// A short word.
    Word,
}

const fn whole(name: &'static str, zh: &'static str, en: &'static str) -> Limit {
    Limit { name, zh, en, kind: Kind::Whole }
}

const fn word(name: &'static str, zh: &'static str, en: &'static str) -> Limit {
    Limit { name, zh, en, kind: Kind::Word }
}

/// A rule that a campaign may have: its code, what it asks for, its limits. In the order of the form.
struct Known {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    limits: &'static [Limit],
}

const KNOWN: [Known; 12] = [
    Known {
        code: "subject-tag",
        zh: "邮件主题中有征稿标记，括号、空格、全半角、简繁体不限",
        en: "The subject holds the tag, whatever its brackets, spaces, width or script",
        limits: &[],
    },
    Known {
        code: "deadline",
        zh: "邮箱收到的时间不晚于截止日期（含当日，北京时间）；发信人自己写的日期不算数",
        en: "The mailbox received it by the end of the last day in Beijing; the sender's own date counts for nothing",
        limits: &[],
    },
    Known {
        code: "contact-name",
        zh: "邮件或稿件中写有作者姓名",
        en: "The mail or the manuscript names the author",
        limits: &[],
    },
    Known {
        code: "contact-organisation",
        zh: "邮件或稿件中写有工作单位",
        en: "The mail or the manuscript names an organisation",
        limits: &[],
    },
    Known {
        code: "contact-details",
        zh: "邮件或稿件中写有电话或邮箱",
        en: "The mail or the manuscript gives a phone or a mail address",
        limits: &[],
    },
    Known {
        code: "manuscript-present",
        zh: "有稿件：附件、超大附件，或足够长的正文",
        en: "There is a manuscript: attached, left in the cloud, or a body that is long enough",
        limits: &[whole("body_characters_min", "正文算作稿件的最少字数", "Characters from which a body counts")],
    },
    Known {
        code: "publicity-pictures",
        zh: "指定类别的文字稿配有图片（附件或插在文档中）",
        en: "A text of the category comes with pictures, attached or inside the document",
        limits: &[whole("category", "类别序号", "Number of the category")],
    },
    Known {
        code: "video-duration",
        zh: "视频不超过规定时长",
        en: "A video is not longer than the limit",
        limits: &[
            whole("seconds_max", "最长（秒）", "At most (seconds)"),
            whole("tolerance_ms", "容差（毫秒）", "Tolerance (milliseconds)"),
        ],
    },
    Known {
        code: "video-size",
        zh: "视频文件不超过规定大小",
        en: "A video file is not larger than the limit",
        limits: &[Limit { name: "bytes_max", zh: "最大（MB）", en: "At most (MB)", kind: Kind::Megabytes }],
    },
    Known {
        code: "video-resolution",
        zh: "视频画面（旋转后）足够大",
        en: "The picture, as it is displayed, is large enough",
        limits: &[
            whole("short_side_min", "短边最少像素", "Short side at least (pixels)"),
            whole(
                "cropped_long_side_min",
                "长边达到此像素时，短边不足只作建议",
                "Long side from which a shorter short side is only advice",
            ),
        ],
    },
    Known {
        code: "video-format",
        zh: "视频为规定的封装和编码",
        en: "A video is of this container and codec",
        limits: &[
            word("container", "封装，如 mp4", "Container, such as mp4"),
            word("codec", "编码，如 h264", "Codec, such as h264"),
        ],
    },
    Known {
        code: "video-synopsis",
        zh: "视频附有简介（正文或文档中）",
        en: "A video comes with an introduction, in the body or in a document",
        limits: &[whole("characters_min", "简介最少字数", "Characters at least")],
    },
];

/// The rules that every call has: for whom a mail is, in time, from whom, and a manuscript.
pub fn common() -> Vec<Rule> {
    let rule = |severity: Severity, check| Rule { severity: severity.into(), check: Some(check) };
    vec![
        rule(Severity::Routes, Check::SubjectTag(SubjectTagRule {})),
        rule(Severity::Required, Check::Deadline(DeadlineRule {})),
        rule(Severity::Required, Check::ContactName(ContactNameRule {})),
        rule(Severity::Required, Check::ContactOrganisation(ContactOrganisationRule {})),
        rule(Severity::Required, Check::ContactDetails(ContactDetailsRule {})),
        rule(Severity::Required, Check::ManuscriptPresent(ManuscriptPresentRule { body_characters_min: 500 })),
    ]
}

/// Code of a rule and the values of its limits, in the order of the table.
fn values(check: &Check) -> (&'static str, Vec<String>) {
    match check {
        Check::SubjectTag(SubjectTagRule {}) => ("subject-tag", vec![]),
        Check::Deadline(DeadlineRule {}) => ("deadline", vec![]),
        Check::ContactName(ContactNameRule {}) => ("contact-name", vec![]),
        Check::ContactOrganisation(ContactOrganisationRule {}) => ("contact-organisation", vec![]),
        Check::ContactDetails(ContactDetailsRule {}) => ("contact-details", vec![]),
        Check::ManuscriptPresent(rule) => ("manuscript-present", vec![rule.body_characters_min.to_string()]),
        Check::PublicityPictures(rule) => ("publicity-pictures", vec![rule.category.to_string()]),
        Check::VideoDuration(rule) => {
            ("video-duration", vec![rule.seconds_max.to_string(), rule.tolerance_ms.to_string()])
        }
        Check::VideoSize(rule) => ("video-size", vec![megabytes(rule.bytes_max)]),
        Check::VideoResolution(rule) => {
            ("video-resolution", vec![rule.short_side_min.to_string(), rule.cropped_long_side_min.to_string()])
        }
        Check::VideoFormat(rule) => ("video-format", vec![rule.container.clone(), rule.codec.clone()]),
        Check::VideoSynopsis(rule) => ("video-synopsis", vec![rule.characters_min.to_string()]),
    }
}

/// Bytes in MB. A division by a power of two loses nothing, and a double is written so that it is read back as it was.
#[allow(clippy::cast_precision_loss)] // exact below 2⁵³ bytes, which is 9 PB
fn megabytes(bytes: u64) -> String {
    (bytes as f64 / MIB).to_string()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded before
fn bytes(megabytes: &str) -> Option<u64> {
    let bytes: f64 = megabytes.trim().parse::<f64>().ok()? * MIB;
    (0.0..9e15).contains(&bytes).then(|| bytes.round() as u64)
}

fn field(code: &str, name: &str) -> String {
    format!("rule.{code}.{name}")
}

/// The fields of a form that a rule fills.
pub fn fields(rule: &Rule) -> Vec<(String, String)> {
    let Some((code, values)) = rule.check.as_ref().map(values) else { return Vec::new() };
    let known = KNOWN.iter().find(|known| known.code == code);
    let limits = known.map_or(&[][..], |known| known.limits);
    let mut fields = vec![
        (field(code, "on"), "1".to_owned()),
        (field(code, "severity"), words::code(rule.severity().as_str_name(), "SEVERITY_")),
    ];
    fields.extend(limits.iter().zip(values).map(|(limit, value)| (field(code, limit.name), value)));
    fields
}

/// The rules that a form holds; what cannot be read is a fault of its field.
pub fn read(form: &Fields, faults: &mut Vec<FieldFault>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for known in KNOWN.iter().filter(|known| form.has(&field(known.code, "on"))) {
        let mut amounts = Vec::new();
        for limit in known.limits.iter().filter(|limit| limit.kind != Kind::Word) {
            let written = form.one(&field(known.code, limit.name));
            let read = match limit.kind {
                Kind::Megabytes => bytes(written),
                _ => written.trim().parse().ok(),
            };
            if read.is_none() {
                faults.push(FieldFault {
                    field: field(known.code, limit.name),
                    zh: "请填写数字".into(),
                    en: "a number is needed".into(),
                });
            }
            amounts.push(read.unwrap_or_default());
        }
        let severity = Severity::from_str_name(&words::spelled(form.one(&field(known.code, "severity")), "SEVERITY_"));
        let severity = if known.code == "subject-tag" { Severity::Routes } else { severity.unwrap_or_default() };
        rules.push(Rule { severity: severity.into(), check: check(known.code, &amounts, form) });
    }
    rules
}

fn check(code: &str, amounts: &[u64], form: &Fields) -> Option<Check> {
    let amount = |index: usize| amounts.get(index).copied().unwrap_or_default();
    // A number that is too large for the wire is too large for the rule, which says so.
    let small = |index: usize| u32::try_from(amount(index)).unwrap_or(u32::MAX);
    let word = |name: &str| form.one(&field(code, name)).trim().to_owned();
    Some(match code {
        "subject-tag" => Check::SubjectTag(SubjectTagRule {}),
        "deadline" => Check::Deadline(DeadlineRule {}),
        "contact-name" => Check::ContactName(ContactNameRule {}),
        "contact-organisation" => Check::ContactOrganisation(ContactOrganisationRule {}),
        "contact-details" => Check::ContactDetails(ContactDetailsRule {}),
        "manuscript-present" => Check::ManuscriptPresent(ManuscriptPresentRule { body_characters_min: amount(0) }),
        "publicity-pictures" => Check::PublicityPictures(PublicityPicturesRule { category: small(0) }),
        "video-duration" => Check::VideoDuration(VideoDurationRule { seconds_max: small(0), tolerance_ms: small(1) }),
        "video-size" => Check::VideoSize(VideoSizeRule { bytes_max: amount(0) }),
        "video-resolution" => {
            Check::VideoResolution(VideoResolutionRule { short_side_min: small(0), cropped_long_side_min: small(1) })
        }
        "video-format" => Check::VideoFormat(VideoFormatRule { container: word("container"), codec: word("codec") }),
        "video-synopsis" => Check::VideoSynopsis(VideoSynopsisRule { characters_min: amount(0) }),
        _ => return None,
    })
}

/// The input that a fault of the services is about, with what it is called: `rules[3].video_duration.seconds_max`.
pub fn input(path: &str, rules: &[Rule], visit: &Visit) -> Option<(String, String)> {
    let (index, rest) = path.strip_prefix("rules[")?.split_once(']')?;
    let (code, _) = values(rules.get(index.parse::<usize>().ok()?)?.check.as_ref()?);
    let rule = words::rule(code, visit.language());
    let last = rest.rsplit('.').next().unwrap_or_default();
    let limits = KNOWN.iter().find(|known| known.code == code)?.limits;
    Some(match limits.iter().find(|limit| limit.name == last) {
        Some(limit) => (field(code, last), format!("{rule} · {}", visit.say(limit.zh, limit.en))),
        None => (field(code, "on"), rule.to_owned()),
    })
}

/// What the input of a form is called, by its name.
pub fn called(name: &str, visit: &Visit) -> Option<String> {
    let (code, limit) = name.strip_prefix("rule.")?.split_once('.')?;
    let known = KNOWN.iter().find(|known| known.code == code)?;
    let limit = known.limits.iter().find(|known| known.name == limit)?;
    Some(format!("{} · {}", words::rule(code, visit.language()), visit.say(limit.zh, limit.en)))
}

/// The fields of a form, one rule a box.
pub fn form(visit: &Visit, form: &Fields) -> Markup {
    let severities = [Severity::Required, Severity::Advice];
    html! {
        @for known in &KNOWN {
            @let on = field(known.code, "on");
            @let severity = field(known.code, "severity");
            fieldset {
                legend { label.box { input type="checkbox" id=(on) name=(on) value="1" checked[form.has(&on)];
                    span { (words::rule(known.code, visit.language())) } } }
                p { (visit.say(known.zh, known.en)) }
                div.line {
                    @if known.code != "subject-tag" {
                        label { span { (visit.say("不符合时", "When it is not met")) }
                            select name=(severity) {
                                @for choice in severities {
                                    @let code = words::code(choice.as_str_name(), "SEVERITY_");
                                    option value=(code) selected[form.one(&severity) == code] {
                                        (words::severity(choice, visit.language())) }
                                }
                            } }
                    }
                    @for limit in known.limits {
                        @let name = field(known.code, limit.name);
                        label { span { (visit.say(limit.zh, limit.en)) }
                            @if limit.kind == Kind::Word { input id=(name) name=(name) value=(form.one(&name)) maxlength="20"; }
                            @else { input type="number" id=(name) name=(name) value=(form.one(&name)) min="0"
                                step=(if limit.kind == Kind::Megabytes { "any" } else { "1" }); } }
                    }
                }
            }
        }
    }
}

/// A rule with its limits in plain words.
pub fn sentence(visit: &Visit, rule: &Rule, categories: &[String]) -> String {
    let say = |zh: String, en: String| visit.language().of(&zh, &en).to_owned();
    let known = |code: &str| {
        let known = KNOWN.iter().find(|known| known.code == code);
        known.map_or_else(String::new, |known| visit.say(known.zh, known.en).to_owned())
    };
    match &rule.check {
        None => visit.say("此版本不认识的规则", "A rule that this version does not know").to_owned(),
        Some(Check::ManuscriptPresent(rule)) => say(
            format!("有稿件：附件、超大附件，或不少于 {} 字的正文", rule.body_characters_min),
            format!(
                "There is a manuscript: attached, left in the cloud, or a body of {} characters at least",
                rule.body_characters_min
            ),
        ),
        Some(Check::PublicityPictures(rule)) => {
            let at = usize::try_from(rule.category).ok().and_then(|number| number.checked_sub(1));
            let category = at.and_then(|at| categories.get(at)).map_or("", String::as_str);
            say(
                format!("第 {} 类（{category}）的文字稿配有图片，附件或插在文档中都算", rule.category),
                format!(
                    "A text of category {} ({category}) comes with pictures, attached or inside the document",
                    rule.category
                ),
            )
        }
        Some(Check::VideoDuration(rule)) => {
            let (minutes, seconds) = (rule.seconds_max / 60, rule.seconds_max % 60);
            let tolerance = f64::from(rule.tolerance_ms) / 1000.0;
            say(
                format!("视频不超过 {minutes} 分 {seconds} 秒（容差 {tolerance} 秒）"),
                format!("A video is not longer than {minutes} min {seconds} s (tolerance {tolerance} s)"),
            )
        }
        Some(Check::VideoSize(rule)) => {
            let size = words::size(rule.bytes_max);
            say(format!("视频文件不超过 {size}"), format!("A video file is not larger than {size}"))
        }
        Some(Check::VideoResolution(rule)) => say(
            format!(
                "视频画面（旋转后）短边不少于 {} 像素；长边达到 {} 像素的，短边不足只作建议",
                rule.short_side_min, rule.cropped_long_side_min
            ),
            format!(
                "The short side of the picture, as it is displayed, has {} pixels at least; when the long side has {}, a shorter one \
                 is only advice",
                rule.short_side_min, rule.cropped_long_side_min
            ),
        ),
        Some(Check::VideoFormat(rule)) => {
            let (container, codec) = (rule.container.to_uppercase(), rule.codec.to_uppercase());
            say(format!("视频为 {container} 封装、{codec} 编码"), format!("A video is {container} with {codec}"))
        }
        Some(Check::VideoSynopsis(rule)) => say(
            format!("视频附有不少于 {} 字的简介（正文或文档中）", rule.characters_min),
            format!(
                "A video comes with an introduction of {} characters at least, in the body or in a document",
                rule.characters_min
            ),
        ),
        Some(check) => known(values(check).0),
    }
}

/// The rules as a page tells them.
pub fn table(visit: &Visit, rules: &[Rule], categories: &[String]) -> Markup {
    let language = visit.language();
    html! {
        @if rules.is_empty() { p { (visit.say("没有规则：来稿不作检查。", "No rules: nothing is checked.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("规则", "Rules")) { table {
            thead { tr {
                th scope="col" { (visit.say("规则", "Rule")) }
                th scope="col" { (visit.say("要求", "What it asks for")) }
                th scope="col" { (visit.say("级别", "Severity")) }
            } }
            tbody { @for rule in rules { tr {
                th scope="row" { (rule.check.as_ref().map_or("", |check| words::rule(values(check).0, language))) }
                td { (sentence(visit, rule, categories)) }
                td { (badge(if rule.severity() == Severity::Advice { Tone::Plain } else { Tone::Warn },
                    words::severity(rule.severity(), language))) }
            } } }
        } } }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::ReviewRole;

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    /// Every rule with limits of its own.
    pub fn all() -> Vec<Rule> {
        let rule = |severity: Severity, check| Rule { severity: severity.into(), check: Some(check) };
        vec![
            rule(Severity::Routes, Check::SubjectTag(SubjectTagRule {})),
            rule(Severity::Required, Check::Deadline(DeadlineRule {})),
            rule(Severity::Required, Check::ContactName(ContactNameRule {})),
            rule(Severity::Advice, Check::ContactOrganisation(ContactOrganisationRule {})),
            rule(Severity::Required, Check::ContactDetails(ContactDetailsRule {})),
            rule(Severity::Required, Check::ManuscriptPresent(ManuscriptPresentRule { body_characters_min: 500 })),
            rule(Severity::Advice, Check::PublicityPictures(PublicityPicturesRule { category: 2 })),
            rule(Severity::Required, Check::VideoDuration(VideoDurationRule { seconds_max: 300, tolerance_ms: 1500 })),
            rule(Severity::Advice, Check::VideoSize(VideoSizeRule { bytes_max: 500 * 1024 * 1024 + 1 })),
            rule(
                Severity::Required,
                Check::VideoResolution(VideoResolutionRule { short_side_min: 1080, cropped_long_side_min: 1920 }),
            ),
            rule(
                Severity::Advice,
                Check::VideoFormat(VideoFormatRule { container: "mp4".into(), codec: "h264".into() }),
            ),
            rule(Severity::Required, Check::VideoSynopsis(VideoSynopsisRule { characters_min: 15 })),
        ]
    }

    #[test]
    fn every_rule_comes_back_from_its_form_to_the_last_byte() {
        let form = Fields(all().iter().flat_map(fields).collect());
        let mut faults = Vec::new();
        assert_eq!(read(&form, &mut faults), all());
        assert_eq!(faults, []);
        assert_eq!(KNOWN.map(|known| known.code), words::RULES.map(|(code, ..)| code), "the table knows every rule");
    }

    #[test]
    fn what_is_no_number_is_a_fault_of_its_field() {
        let form = Fields(vec![
            ("rule.video-duration.on".into(), "1".into()),
            ("rule.video-duration.seconds_max".into(), "五分钟".into()),
            ("rule.video-size.on".into(), "1".into()),
            ("rule.video-size.bytes_max".into(), "-1".into()),
        ]);
        let mut faults = Vec::new();
        read(&form, &mut faults);
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["rule.video-duration.seconds_max", "rule.video-duration.tolerance_ms", "rule.video-size.bytes_max"]
        );
    }

    #[test]
    fn a_rule_is_said_with_its_limits_and_a_fault_leads_to_its_input() {
        let visit = visit_of(ReviewRole::Viewer, Language::Zh);
        let shown = table(&visit, &all(), &["研究".into(), "做法".into()]).into_string();
        for expected in [
            "视频不超过 5 分 0 秒（容差 1.5 秒）",
            "第 2 类（做法）的文字稿",
            "不少于 500 字的正文",
            "视频文件不超过 500 MB",
            "MP4 封装、H264 编码",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let (id, called) = input("rules[7].video_duration.seconds_max", &all(), &visit).unwrap();
        assert_eq!((id.as_str(), called.as_str()), ("rule.video-duration.seconds_max", "视频时长 · 最长（秒）"));
        assert_eq!(input("rules[1].severity", &all(), &visit).unwrap().0, "rule.deadline.on");
        assert_eq!(input("rules[99]", &all(), &visit), None);
    }
}
