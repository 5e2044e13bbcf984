//! The mails of `letters`: one a line of what the call for manuscripts (征稿启事) asks, and one a class.

use specimen::{
    Mail, Mp4, docx,
    mail::{Charset, NameEncoding, automatic_reply, bounce, newsletter},
    mp4, png,
};
use tests::{product::ADDRESS, world::at};

/// A mail and what must be decided of it.
pub struct Case {
    pub name: &'static str,
    pub folder: &'static str,
    pub received: &'static str,
    pub raw: Vec<u8>,
    /// As `oracle::decided` writes it.
    pub decided: &'static str,
    /// The decoded subject, where the case is about it.
    pub subject: Option<&'static str>,
    /// Names and bytes of files, where the case has some.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Case {
    fn received(mut self, received: &'static str) -> Self {
        self.received = received;
        self
    }

    fn folder(mut self, folder: &'static str) -> Self {
        self.folder = folder;
        self
    }

    fn subject(mut self, subject: &'static str) -> Self {
        self.subject = Some(subject);
        self
    }

    fn file(mut self, name: &'static str, bytes: Vec<u8>) -> Self {
        self.files.push((name, bytes));
        self
    }
}

fn case(name: &'static str, raw: Vec<u8>, decided: &'static str) -> Case {
    Case { name, folder: "INBOX", received: IN_TIME, raw, decided, subject: None, files: Vec::new() }
}

const IN_TIME: &str = "2023-03-01T09:00:00+08:00";

const CONTACT: &str = "姓名：李文博\n单位：浙江省财政厅\n联系电话：0571-87057615\n";

const SYNOPSIS: &str =
    "视频简介：本片记录我县财政干部走进乡村宣讲党的二十大精神的一天，展示惠民资金如何用在实处，时长两分钟。\n";

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A manuscript of more than 500 characters, of the first category.
fn manuscript() -> String {
    let sentence =
        "党的二十大报告对健全现代预算制度作出部署，本文从制度逻辑出发，系统研究预算绩效管理与财政可持续的关系。";
    format!("健全现代预算制度的理论逻辑研究\n\n{}", sentence.repeat(12))
}

/// A report of the second category (各级财政部门的做法和成效).
fn practice() -> Vec<String> {
    let sentence = "我市财政局深入学习宣传贯彻党的二十大精神，主要做法是集中财力保障民生支出，取得明显成效。";
    vec!["学习宣传贯彻党的二十大精神的做法和成效——来自市财政局的报告".into(), sentence.repeat(14)]
}

fn manuscript_docx() -> Vec<u8> {
    docx(&manuscript().split("\n\n").collect::<Vec<_>>(), 0)
}

/// A mail from an author of its own, with the tag in the subject.
fn mail(id: &str, subject: &str) -> Mail {
    Mail::new("李文博", &format!("{id}@author.example.cn"), ADDRESS)
        .subject(subject)
        .received_at(at(IN_TIME))
        .message_id(&format!("{id}@author.example.cn"))
}

/// A complete mail with a film and its introduction.
fn with_film(id: &str, film: Mp4) -> Mail {
    film_mail(id, &format!("{SYNOPSIS}\n{CONTACT}"), mp4(film))
}

fn film_mail(id: &str, text: &str, film: Vec<u8>) -> Mail {
    mail(id, "主题征稿：视频《宣讲》").text(text).attach("宣讲.mp4", "video/mp4", film)
}

fn complete(id: &str, subject: &str) -> Vec<u8> {
    mail(id, subject).text(CONTACT).attach("稿件.docx", DOCX, manuscript_docx()).to_bytes()
}

/// All cases, in the order of their delivery.
pub fn cases() -> Vec<Case> {
    let mut cases = classes();
    cases.extend(tags());
    cases.extend(deadline());
    cases.extend(contacts_and_manuscripts());
    cases.extend(films());
    cases.extend(charsets());
    cases
}

fn classes() -> Vec<Case> {
    let first = "2023-03-01T10:00:00+08:00";
    vec![
        case("a submission", complete("complete", "主题征稿：健全现代预算制度"), "submission eligible")
            .received(first)
            .file("稿件.docx", manuscript_docx()),
        case(
            "a later version from the same author",
            mail("complete", "Re: 主题征稿：健全现代预算制度（修改稿）")
                .message_id("complete-2@author.example.cn")
                .in_reply_to("complete@author.example.cn")
                .text(&format!("编辑您好，附件为修改稿，请以此为准。\n{CONTACT}"))
                .attach("修改稿.docx", DOCX, manuscript_docx())
                .to_bytes(),
            "correction eligible",
        )
        .received("2023-03-02T10:00:00+08:00"),
        case(
            "an automatic reply",
            automatic_reply("王芳", "wangfang@example.cn", ADDRESS, "主题征稿收稿回执", at(first)),
            "automatic_reply",
        ),
        case("a bounce", bounce(ADDRESS, "nobody@example.cn", "主题征稿收稿回执", at(first)), "bounce"),
        case(
            "a newsletter",
            newsletter("weekly@news.example.com", ADDRESS, "财税资讯周刊第118期", at(first)),
            "list_mail",
        ),
        case(
            "a question about an invoice",
            mail("invoice", "关于杂志订阅发票").text("您好，请问去年的订阅发票何时寄出？谢谢。\n").to_bytes(),
            "not_a_submission",
        ),
        case(
            "a manuscript without the tag",
            mail("untagged", "投稿：健全现代预算制度的理论逻辑研究")
                .text(CONTACT)
                .attach("稿件.docx", DOCX, manuscript_docx())
                .to_bytes(),
            "near_miss eligible",
        ),
        case("a submission in the junk folder", complete("junk", "主题征稿：误入垃圾箱"), "submission eligible")
            .folder("Junk"),
    ]
}

fn tags() -> Vec<Case> {
    [
        ("tag in heavy brackets", "【主题征稿】预算制度研究"),
        ("tag with spaces", "主 题 征 稿 预算制度研究"),
        ("tag in full-width brackets", "［主题征稿］预算制度研究"),
        ("tag in traditional script", "主題徵稿：預算制度研究"),
        ("tag in a forwarded mail", "转发：主题征稿 预算制度研究"),
        ("tag behind Fw and at the end", "Fw: 预算制度研究（主题征稿）"),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (name, subject))| {
        case(name, complete(&format!("tag{number}"), subject), "submission eligible").subject(subject)
    })
    .collect()
}

fn deadline() -> Vec<Case> {
    let dated = |id: &str, date: &str| {
        mail(id, "主题征稿：截稿").date(date).text(CONTACT).attach("稿件.docx", DOCX, manuscript_docx()).to_bytes()
    };
    vec![
        case(
            "the last second of the last day, with a Date after it",
            dated("last-second", "Wed, 05 Apr 2023 08:00:00 +0800"),
            "submission eligible",
        )
        .received("2023-03-31T23:59:59+08:00"),
        case(
            "the first second after the last day, with a Date before it",
            dated("first-late", "Wed, 01 Mar 2023 08:00:00 +0800"),
            "submission late, failed deadline",
        )
        .received("2023-04-01T00:00:00+08:00"),
        case(
            "the same instant told in another zone",
            dated("zone", "Fri, 31 Mar 2023 23:00:00 +0800"),
            "submission late, failed deadline",
        )
        .received("2023-03-31T12:00:00-04:00"),
    ]
}

fn contacts_and_manuscripts() -> Vec<Case> {
    let nameless = |id: &str, text: &str| {
        Mail::new("", &format!("{id}@author.example.cn"), ADDRESS)
            .subject("主题征稿：预算制度研究")
            .received_at(at(IN_TIME))
            .message_id(&format!("{id}@author.example.cn"))
            .text(text)
            .attach("稿件.docx", DOCX, manuscript_docx())
            .to_bytes()
    };
    let practice = practice();
    let practice: Vec<&str> = practice.iter().map(String::as_str).collect();
    let report = |id: &str| mail(id, "主题征稿：学习宣传贯彻二十大精神的做法和成效").text(CONTACT);
    vec![
        case(
            "nobody says who wrote it",
            nameless("no-name", "单位：浙江省财政厅\n联系电话：0571-87057615\n"),
            "submission incomplete, failed contact-name",
        ),
        case(
            "no organisation",
            nameless("no-organisation", "姓名：李文博\n联系电话：0571-87057615\n"),
            "submission incomplete, failed contact-organisation",
        ),
        case(
            "neither phone nor address",
            nameless("no-details", "姓名：李文博\n单位：浙江省财政厅\n"),
            "submission incomplete, failed contact-details",
        ),
        case(
            "an address instead of a phone",
            nameless("address", "姓名：李文博\n单位：浙江省财政厅\n邮箱：liwenbo@czt.zj.example.cn\n"),
            "submission eligible",
        ),
        case(
            "the contact stands in the document",
            mail("in-document", "主题征稿：预算制度研究")
                .text("稿件见附件。\n")
                .attach(
                    "稿件.docx",
                    DOCX,
                    docx(&[&manuscript(), "作者姓名：李文博", "工作单位：浙江省财政厅", "联系电话：0571-87057615"], 0),
                )
                .to_bytes(),
            "submission eligible",
        ),
        case(
            "no manuscript",
            mail("no-manuscript", "主题征稿").text(&format!("稿件随后寄上。\n{CONTACT}")).to_bytes(),
            "submission incomplete, failed manuscript-present",
        ),
        case(
            "the manuscript is the body",
            mail("body", "主题征稿：预算制度研究").text(&format!("{}\n\n{CONTACT}", manuscript())).to_bytes(),
            "submission eligible",
        ),
        case(
            "the manuscript is a text file",
            mail("txt", "主题征稿：预算制度研究")
                .text(CONTACT)
                .attach("稿件.txt", "text/plain", manuscript().into_bytes())
                .to_bytes(),
            "submission eligible",
        )
        .file("稿件.txt", manuscript().into_bytes()),
        case(
            "a report of practice without pictures",
            report("no-pictures").attach("做法和成效.docx", DOCX, docx(&practice, 0)).to_bytes(),
            "submission eligible, advice publicity-pictures",
        ),
        case(
            "a report of practice with pictures in the document",
            report("pictures-inside").attach("做法和成效.docx", DOCX, docx(&practice, 3)).to_bytes(),
            "submission eligible",
        ),
        case(
            "a report of practice with pictures beside the document",
            report("pictures-beside")
                .attach("做法和成效.docx", DOCX, docx(&practice, 0))
                .attach("现场.png", "image/png", png(640, 480, [30, 120, 200]))
                .to_bytes(),
            "submission eligible",
        )
        .file("现场.png", png(640, 480, [30, 120, 200])),
        case(
            "a large file left with the provider",
            cloud_card(),
            // What the card claims is more than the lowered limit.
            "submission undetermined, undetermined video-duration video-resolution, advice video-size",
        ),
    ]
}

/// A film as 163.com sends it: a link, a size and a last day, in HTML (stack.md section 4).
fn cloud_card() -> Vec<u8> {
    let link = "https://mail.163.com/large-attachment-download/index.html?p=X-NETEASE-HUGE-ATTACHMENT-QWxhZGRpbg";
    mail("cloud", "主题征稿：视频《宣讲》")
        .text(&format!(
            "{SYNOPSIS}\n{CONTACT}\n从网易163邮箱发来的超大附件\n宣讲.mp4 (380.96M, 2023年3月17日 0:49 到期)\n在线预览 | 下载\n{link}\n"
        ))
        .html(&format!(
            "<html><body><div>{}</div><div>{}</div><div id=\"divNeteaseBigAttach\"><div>从网易163邮箱发来的超大附件</div>\
             <div><a href=\"{link}\"><img src=\"http://mimg.127.net/xm/all/fj.png\"></a>\
             <a href=\"{link}\">宣讲.mp4</a> (380.96M, 2023年3月17日 0:49 到期)</div>\
             <div><a href=\"{link}\">在线预览</a> | <a href=\"{link}\">下载</a></div></div></body></html>",
            SYNOPSIS,
            CONTACT.replace('\n', "<br>")
        ))
        .to_bytes()
}

fn films() -> Vec<Case> {
    let film = |id: &str, film: Mp4| with_film(id, film).to_bytes();
    let usual = Mp4::default();
    vec![
        case("a film as asked", film("film", usual), "submission eligible").file("宣讲.mp4", mp4(usual)),
        case(
            "a film with its header at the end",
            film("moov-last", Mp4 { moov_first: false, ..usual }),
            "submission eligible",
        ),
        case("a film of 301 s, within the rounding", film("301", Mp4 { seconds: 301, ..usual }), "submission eligible"),
        case(
            "a film of 302 s",
            film("302", Mp4 { seconds: 302, ..usual }),
            "submission incomplete, failed video-duration",
        ),
        case(
            "a film larger than the campaign advises",
            film("large", Mp4 { padding_bytes: 1024 * 1024, ..usual }),
            "submission eligible, advice video-size",
        ),
        case(
            "a film of 1280×720",
            film("720p", Mp4 { width: 1280, height: 720, ..usual }),
            "submission incomplete, failed video-resolution",
        ),
        case("a film held upright", film("upright", Mp4 { rotation_degrees: 90, ..usual }), "submission eligible"),
        case(
            "a film with a cropped picture",
            film("cropped", Mp4 { height: 800, ..usual }),
            "submission eligible, advice video-resolution",
        ),
        case(
            "a film in HEVC",
            film("hevc", Mp4 { codec: *b"hvc1", ..usual }),
            "submission eligible, advice video-format",
        ),
        case(
            "a film in a MOV file",
            mail("mov", "主题征稿：视频《宣讲》")
                .text(&format!("{SYNOPSIS}\n{CONTACT}"))
                .attach("宣讲.mov", "video/quicktime", mp4(Mp4 { brand: *b"qt  ", ..usual }))
                .to_bytes(),
            "submission eligible, advice video-format",
        ),
        case(
            "a film without an introduction",
            film_mail("no-synopsis", CONTACT, mp4(usual)).to_bytes(),
            "submission incomplete, failed video-synopsis",
        ),
        case(
            "a film that cannot be read",
            film_mail("broken", &format!("{SYNOPSIS}\n{CONTACT}"), mp4(usual)[..600].to_vec()).to_bytes(),
            "submission undetermined, undetermined video-duration video-resolution",
        ),
    ]
}

fn charsets() -> Vec<Case> {
    // 镕 and 堃 are in GBK and not in GB2312.
    let subject = "主题征稿：朱镕基、陶堃与预算制度改革——一项跨越三十年的系统的历史考察与理论研究";
    let name = "预算制度改革的历史考察（陶堃）终稿——请编辑老师以此版本为准.docx";
    let text = format!("{CONTACT}陶堃同志参与了本文的写作。\n");
    let written = |id: &str, charset, names| {
        let mail = mail(id, subject).charset(charset).name_encoding(names).text(&text);
        mail.attach(name, DOCX, manuscript_docx())
    };
    use {Charset as C, NameEncoding as N};
    [
        ("UTF-8, name by RFC 2231", written("utf8-2231", C::Utf8, N::Rfc2231)),
        ("UTF-8, name by RFC 2047", written("utf8-2047", C::Utf8, N::Rfc2047)),
        ("UTF-8, name in bare bytes", written("utf8-raw", C::Utf8, N::Raw8bit)),
        ("UTF-8, a character split across words", written("split", C::Utf8, N::Rfc2047).splitting_a_character()),
        ("GBK labelled gb2312, name by RFC 2047", written("gbk-2047", C::GbkLabelledGb2312, N::Rfc2047)),
        ("GBK labelled gb2312, name by RFC 2231", written("gbk-2231", C::GbkLabelledGb2312, N::Rfc2231)),
        ("bare GB18030 in header, text and name", written("raw8bit", C::Gb18030Raw8bit, N::Raw8bit)),
    ]
    .into_iter()
    .map(|(label, mail)| {
        case(label, mail.to_bytes(), "submission eligible").subject(subject).file(name, manuscript_docx())
    })
    .collect()
}
