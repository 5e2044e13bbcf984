//! The mails of the demo: what a magazine's mailbox gets in the last weeks of a call for manuscripts that ends on
//! 2023-03-31 (征稿启事, 《中国财政》). Places, persons and telephone numbers are invented.

mod texts;

use chrono::{DateTime, FixedOffset};

use crate::{
    docx::docx,
    mail::{Charset, Mail, NameEncoding, automatic_reply, bounce, newsletter},
    mp4::{Mp4, mp4},
    picture::png,
};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// About two dozen mails to the mailbox `to` for a campaign with this tag, in the order of their receipt: a file name
/// that sorts in that order, the bytes, and what the mail shows.
#[must_use]
pub fn demo_mails(tag: &str, to: &str) -> Vec<(String, Vec<u8>, &'static str)> {
    let desk = Desk { tag, to };
    let mut mails = desk.texts();
    mails.extend(desk.films());
    mails.extend(desk.subjects_and_charsets());
    mails.extend(desk.machines_and_strangers());
    mails.extend(desk.deadline());
    mails.sort_by_key(|mail| mail.received_at);
    let numbered = mails.into_iter().enumerate();
    numbered.map(|(index, mail)| (format!("{:02}-{}.eml", index + 1, mail.name), mail.bytes, mail.shows)).collect()
}

/// A mail of the demo.
struct DemoMail {
    name: &'static str,
    received_at: DateTime<FixedOffset>,
    bytes: Vec<u8>,
    shows: &'static str,
}

/// Whom the mails go to, and under which tag.
struct Desk<'a> {
    tag: &'a str,
    to: &'a str,
}

fn instant(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).expect("an instant of RFC 3339")
}

/// The lines that the call asks for: 附作者或联系人姓名、单位、联系方式.
fn signature(name: &str, organisation: &str, phone: &str) -> String {
    format!("\n姓名：{name}\n单位：{organisation}\n联系电话：{phone}\n")
}

impl Desk<'_> {
    fn mail(&self, name: &str, address: &str, subject: &str, received: &str) -> Mail {
        let (local, _) = address.split_once('@').unwrap_or((address, ""));
        let received_at = instant(received);
        let stamp = received_at.format("%Y%m%d%H%M%S");
        Mail::new(name, address, self.to)
            .subject(subject)
            .received_at(received_at)
            .message_id(&format!("{stamp}.{local}@mail.example.cn"))
    }

    fn texts(&self) -> Vec<DemoMail> {
        let tag = self.tag;
        let first = "2023-03-06T09:12:40+08:00";
        let study = self
            .mail(
                "陈立新",
                "chenlx@czj.linjiang.example.cn",
                &format!("【{tag}】健全现代预算制度 增强财政治理效能的思考"),
                first,
            )
            .message_id("20230306091240.first@mail.example.cn")
            .text(&format!(
                "编辑老师：\n\n您好！现投上研究文章一篇，请审阅。文章为原创，未在其他刊物发表。\n{}",
                signature("陈立新", "临江市财政局预算科", "0570-8000126")
            ))
            .attach("健全现代预算制度的思考.docx", DOCX, docx(texts::BUDGET_STUDY, 0));
        let corrected = self
            .mail(
                "陈立新",
                "chenlx@czj.linjiang.example.cn",
                &format!("Re: 【{tag}】健全现代预算制度 增强财政治理效能的思考（修改稿）"),
                "2023-03-13T15:40:02+08:00",
            )
            .in_reply_to("20230306091240.first@mail.example.cn")
            .text(&format!(
                "编辑老师：\n\n上次所投文章又作了修改，补充了试点数据，附件为修改稿，请以此稿为准，谢谢！\n{}\n\
                 在 2023年3月6日 09:12，陈立新 写道：\n> 您好！现投上研究文章一篇，请审阅。\n",
                signature("陈立新", "临江市财政局预算科", "0570-8000126")
            ))
            .attach("健全现代预算制度的思考（修改稿）.docx", DOCX, docx(texts::BUDGET_STUDY_REVISED, 0));
        let pictured = self
            .mail(
                "方晓梅",
                "fangxm@qingxi.example.cn",
                &format!("{tag}：青溪县财政局学习宣传贯彻党的二十大精神的做法和成效"),
                "2023-03-08T16:05:11+08:00",
            )
            .charset(Charset::GbkLabelledGb2312)
            .name_encoding(NameEncoding::Rfc2047)
            .text(&format!(
                "各位老师好：\n    我局宣传稿件一篇，文中附配图两张，请查收。\n{}",
                signature("方晓梅", "青溪县财政局办公室", "13800002317")
            ))
            .attach("青溪县财政局做法和成效（含配图）.docx", DOCX, docx(texts::COUNTY_PRACTICE, 2));
        let bare = self
            .mail(
                "许文博",
                "xuwb@donghu.example.cn",
                &format!("{tag}+东湖区财政局“板凳课堂”的做法与成效"),
                "2023-03-09T10:30:00+08:00",
            )
            .text(&format!(
                "编辑同志：\n现报送我局学习宣传贯彻党的二十大精神的做法和成效一篇。\n{}",
                signature("许文博", "东湖区财政局机关党委", "0571-8000 4415")
            ))
            .attach("板凳课堂.docx", DOCX, docx(texts::DISTRICT_PRACTICE, 0));
        let body = self
            .mail(
                "周海燕",
                "zhouhy@example.com",
                &format!("{tag}-心得体会-在乡镇财政所读懂“人民”二字"),
                "2023-03-10T21:17:33+08:00",
            )
            .charset(Charset::GbkLabelledGb2312)
            .text(&format!("{}{}", texts::TOWNSHIP_NOTES, signature("周海燕", "安宁县石桥乡财政所", "13800007752")));
        let anonymous = self
            .mail(
                "",
                "a_reader_2023@example.com",
                &format!("{tag}：县域财政支持共同富裕的机制研究"),
                "2023-03-14T08:02:19+08:00",
            )
            .text("稿件见附件，请查收。\n")
            .attach("县域财政支持共同富裕的机制研究.docx", DOCX, docx(texts::COUNTY_STUDY, 0));
        let empty = self
            .mail("高志远", "gaozy@example.cn", &format!("{tag}投稿"), "2023-03-15T11:20:45+08:00")
            .text(&format!("老师好，稿件已发，请查收。\n{}", signature("高志远", "南浦区财政局", "13800003308")));
        [
            ("研究文章", study, "complete and in time: a study as DOCX"),
            ("修改稿", corrected, "a correction of the first, by In-Reply-To and subject"),
            (
                "做法成效含配图",
                pictured,
                "category 2 with pictures in the DOCX; GBK labelled gb2312, name as encoded words",
            ),
            ("做法成效无配图", bare, "category 2 without a picture: advice"),
            ("正文即稿件", body, "the body is the manuscript (more than 500 字), in GBK"),
            ("缺联系方式", anonymous, "no name, no organisation, no telephone: incomplete"),
            ("忘附稿件", empty, "the manuscript was forgotten: incomplete"),
        ]
        .map(demo_mail)
        .into()
    }

    fn films(&self) -> Vec<DemoMail> {
        let tag = self.tag;
        let passing = self
            .mail(
                "方晓梅",
                "fangxm@qingxi.example.cn",
                &format!("【{tag}】微视频《一张补贴明白卡》"),
                "2023-03-16T14:22:08+08:00",
            )
            .text(&format!(
                "老师好，投视频作品一部。\n\n{}\n{}",
                texts::FILM_SYNOPSIS,
                signature("方晓梅", "青溪县财政局办公室", "13800002317")
            ))
            .attach("一张补贴明白卡.mp4", "video/mp4", mp4(Mp4::default()));
        let failing = self
            .mail("罗建军", "luojj@example.cn", &format!("{tag} 视频投稿：我们的财政所"), "2023-03-17T17:48:51+08:00")
            .text(&format!("视频见附件。\n{}", signature("罗建军", "平川县财政局", "0576-8000931")))
            .attach(
                "我们的财政所.mp4",
                "video/mp4",
                mp4(Mp4 { width: 1280, height: 720, seconds: 311, ..Mp4::default() }),
            );
        let film = Mp4 { codec: *b"hvc1", brand: *b"qt  ", seconds: 95, moov_first: false, ..Mp4::default() };
        let apple = self
            .mail("沈 璐", "shenlu@yunling.example.cn", &format!("{tag}（视频）夜学"), "2023-03-20T09:33:00+08:00")
            .text(&format!(
                "附件为短片，请审看。\n\n{}\n{}",
                texts::NIGHT_SCHOOL_SYNOPSIS,
                signature("沈璐", "云岭市财政局人事教育科", "0574-8000620")
            ))
            .attach("夜学.MOV", "video/quicktime", mp4(film));
        let link = "https://mail.163.com/large-attachment-download/index.html?p=X-NETEASE-HUGE-ATTACHMENT-DEMO0001&file=Zm9yZGVtbw";
        let card = "账本里的民生（成片）.mp4 (386.52M, 2023年4月6日 10:15 到期)";
        let href = link.replace('&', "&amp;");
        let greeting = format!(
            "编辑老师好，视频较大，以超大附件发送，请及时下载。\n\n{}\n{}",
            texts::CLOUD_SYNOPSIS,
            signature("苏敏", "海洲市财政局", "0573-8000188")
        );
        let (title, paren) = card.rsplit_once(" (").unwrap_or((card, ""));
        let cloud = self
            .mail("苏敏", "sumin@example.com", &format!("{tag}：宣传片《账本里的民生》"), "2023-03-22T10:15:37+08:00")
            .text(&format!("{greeting}\n从网易163邮箱发来的超大附件\n{card}\n在线预览 | 下载 {link}\n"))
            .html(&format!(
                "<html><body><div>{}</div><div style=\"border:1px solid #ddd\"><div>从网易163邮箱发来的超大附件</div><a href=\"{href}\">\
                 <img src=\"https://mimg.127.net/xm/all/fj/ico-video.gif\"></a><div><a href=\"{href}\">{title}</a></div><div>({paren}</div>\
                 <a href=\"{href}\">下载</a></div><a href=\"http://u.163.com/demo\">网易邮箱大师</a></body></html>",
                greeting.replace('\n', "<br>")
            ));
        [
            ("视频合格", passing, "a film that meets every rule: MP4, H.264, 1920x1080, 120 s, with 简介"),
            ("视频不合格", failing, "a film of 1280x720 and 311 s without 简介: three rules fail"),
            ("视频HEVC", apple, "a MOV with HEVC and its header last: advice on the format"),
            ("超大附件", cloud, "a film left with 163 (超大附件): undetermined until somebody fetches it"),
        ]
        .map(demo_mail)
        .into()
    }

    fn subjects_and_charsets(&self) -> Vec<DemoMail> {
        let tag = self.tag;
        let spaced = tag.chars().map(String::from).collect::<Vec<_>>().join(" ");
        let traditional = tag.replace('题', "題").replace('征', "徵");
        let raw = self
            .mail(
                "韩冬",
                "handong@example.cn",
                &format!("{spaced} 让青春在财政岗位上闪光"),
                "2023-03-21T19:05:26+08:00",
            )
            .charset(Charset::Gb18030Raw8bit)
            .name_encoding(NameEncoding::Raw8bit)
            .text(&format!("编辑您好，投稿一篇。\n{}", signature("韩冬", "临江市财政局国库支付中心", "13800005561")))
            .attach("让青春在财政岗位上闪光.docx", DOCX, docx(texts::YOUNG_NOTES, 0));
        let plain = encoding_rs::GBK.encode(&texts::CITY_PRACTICE.join("\r\n    ")).0.into_owned();
        let old = self
            .mail(
                "林書恒",
                "linsh@example.com",
                &format!("{traditional}：以數字財政推動二十大精神落地見效的做法"),
                "2023-03-23T13:50:00+08:00",
            )
            .splitting_a_character()
            .text(&format!("稿件及照片見附件。\n{}", signature("林書恒", "云岭市财政局", "0574-8000613")))
            .attach("數字財政的做法.txt", "text/plain", plain)
            .attach("大屏.png", "image/png", png(320, 180, [180, 40, 40]))
            .attach("窗口.png", "image/png", png(320, 180, [40, 90, 160]));
        let forwarded = self
            .mail("青溪县财政局", "office@qingxi.example.cn", &format!("转发: {tag}——生态补偿资金管理机制研究"), "2023-03-24T08:45:10+08:00")
            .charset(Charset::GbkLabelledGb2312)
            .text(
                "老师好，代我县作者转发稿件，作者信息见下。\n\n姓名：冯国强\n单位：青溪县财政局预算股\n联系电话：13800009043\n\n\
                 -----原始邮件-----\n发件人: 冯国强\n发送时间: 2023年3月23日 18:01\n收件人: 青溪县财政局\n主题: 稿件\n\n请办公室帮助投稿，谢谢。\n",
            )
            .attach("生态补偿资金管理机制研究.docx", DOCX, docx(texts::ECOLOGY_STUDY, 0));
        [
            ("原始八位编码", raw, "bare GB18030 in header, text and name; the tag with spaces"),
            (
                "繁体标签",
                old,
                "the tag in traditional characters, encoded words that split a character, TXT in GBK, pictures",
            ),
            ("转发", forwarded, "forwarded by an office for its author"),
        ]
        .map(demo_mail)
        .into()
    }

    fn machines_and_strangers(&self) -> Vec<DemoMail> {
        let tag = self.tag;
        let near_miss = self
            .mail("蒋一鸣", "jiangym@example.cn", "投稿：一事一议办出民心路", "2023-03-18T20:11:05+08:00")
            .text(&format!(
                "老师好，投稿一篇，请审阅。\n{}",
                signature("蒋一鸣", "平川县财政局农村综改办", "13800004470")
            ))
            .attach("一事一议办出民心路.docx", DOCX, docx(texts::VILLAGE_PRACTICE, 0));
        let note = self
            .mail("小吴", "wuxiao@example.com", "周末聚一聚？", "2023-03-11T12:09:44+08:00")
            .text("老同学，好久不见！这周六晚上有空吗？老地方，我请客。收到回个话。\n");
        let question = self
            .mail("订阅部", "subscribe@example.org", "请问2023年杂志怎么订阅", "2023-03-12T09:00:12+08:00")
            .text("您好，请问2023年贵刊怎样订阅，可以开具发票吗？谢谢。\n");
        let ready =
            |name, received: &str, bytes, shows| DemoMail { name, received_at: instant(received), bytes, shows };
        let (bounced, away, weekly) =
            ("2023-03-06T09:30:18+08:00", "2023-03-09T10:31:02+08:00", "2023-03-20T07:00:00+08:00");
        let mut mails: Vec<DemoMail> = [
            ("无标签稿件", near_miss, "a manuscript whose subject lacks the tag: a near miss for an editor"),
            ("私人来信", note, "a personal note: not a submission"),
            ("订阅咨询", question, "a question about a subscription: not a submission"),
        ]
        .map(demo_mail)
        .into();
        mails.extend([
            ready(
                "退信",
                bounced,
                bounce(self.to, "chenlixin@nowhere.example.cn", &format!("{tag}收稿回执"), instant(bounced)),
                "a delivery report (RFC 3464): a bounce",
            ),
            ready(
                "自动回复",
                away,
                automatic_reply("许文博", "xuwb@donghu.example.cn", self.to, &format!("{tag}收稿回执"), instant(away)),
                "an automatic reply (RFC 3834), although its subject holds the tag",
            ),
            ready(
                "资讯周刊",
                weekly,
                newsletter("weekly@news.example.com", self.to, "财税资讯周刊第118期", instant(weekly)),
                "a newsletter with List-Id",
            ),
        ]);
        mails
    }

    fn deadline(&self) -> Vec<DemoMail> {
        let tag = self.tag;
        let subject = |title: &str| format!("【{tag}】{title}");
        let last = self
            .mail("赵明轩", "zhaomx@example.cn", &subject("算盘声里三十年"), "2023-03-31T23:59:59+08:00")
            .text(&format!("赶在截稿前投稿，请查收。\n{}", signature("赵明轩", "平川县财政局国库股", "0576-8000952")))
            .attach("心得体会.docx", DOCX, docx(texts::VETERAN_NOTES, 0));
        let late = self
            .mail(
                "钱思雨",
                "qiansy@example.cn",
                &subject("县级数字财政建设的探索与实践研究"),
                "2023-04-01T00:00:00+08:00",
            )
            .text(&format!("投稿一篇，请查收。\n{}", signature("钱思雨", "云岭市财政局绩效科", "13800006629")))
            .attach("数字财政研究.docx", DOCX, docx(texts::DIGITAL_STUDY, 1));
        let forged = self
            .mail("孙浩", "sunhao@example.com", &subject("以财会监督护航基层治理的思考"), "2023-04-03T10:26:41+08:00")
            .date("Thu, 30 Mar 2023 16:20:00 +0800")
            .text(&format!("投稿一篇，请查收。\n{}", signature("孙浩", "河口区财政局", "13800001185")))
            .attach("以财会监督护航基层治理的思考.docx", DOCX, docx(texts::SUPERVISION_STUDY, 0));
        [
            ("截稿前一秒", last, "received at 23:59:59 on the last day: in time"),
            ("截稿零点", late, "received at 00:00:00 on the next day: late"),
            ("伪造日期", forged, "its Date says 30 March, the server received it on 3 April: late"),
        ]
        .map(demo_mail)
        .into()
    }
}

fn demo_mail((name, mail, shows): (&'static str, Mail, &'static str)) -> DemoMail {
    let received_at = mail.receipt().expect("each mail of the demo says when it was received");
    DemoMail { name, received_at, bytes: mail.to_bytes(), shows }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_demo_has_two_dozen_mails_in_order_of_receipt_with_names_and_ids_of_their_own() {
        let mails = demo_mails("主题征稿", "czzhengwen@163.com");
        assert!((20..=26).contains(&mails.len()), "{}", mails.len());
        let names: Vec<&String> = mails.iter().map(|(name, ..)| name).collect();
        assert!(names.is_sorted());
        let ids: BTreeSet<String> = mails
            .iter()
            .filter_map(|(_, bytes, _)| {
                String::from_utf8_lossy(bytes)
                    .split("Message-ID: ")
                    .nth(1)
                    .map(|rest| rest.lines().next().unwrap_or_default().to_owned())
            })
            .collect();
        assert_eq!(ids.len(), mails.len());
        let place = |name: &str| names.iter().position(|it| it.contains(name)).unwrap();
        assert!(place("研究文章") < place("修改稿"));
        assert!(mails.iter().all(|(_, bytes, _)| bytes.len() < 1_000_000), "the demo stays small");
    }

    #[test]
    fn the_manuscript_that_is_a_body_has_more_than_500_characters() {
        let characters = texts::TOWNSHIP_NOTES.chars().filter(|character| !character.is_whitespace()).count();
        assert!(characters > 520, "{characters}");
    }
}
