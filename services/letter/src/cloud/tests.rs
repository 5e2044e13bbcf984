//! Cards as 163 and QQ write them, and what only looks like one.

use proptest::prelude::*;

use super::*;

const NETEASE: &str =
    "https://mail.163.com/large-attachment-download/index.html?p=X-NETEASE-HUGE-ATTACHMENT-0001&file=aB1";
const QQ: &str = "http://mail.qq.com/cgi-bin/ftnExs_download?t=exs_ftn_download&k=0f3a&code=7c9e";

fn netease_html(url: &str, name: &str, says: &str) -> String {
    let url = url.replace('&', "&amp;");
    format!(
        "<div style=\"clear:both\"><div>从网易163邮箱发来的超大附件</div><div><a href=\"{url}\"><img src=\"https://mimg.127.net/i.png\"></a>\
         <div><a href='{url}' target=\"_blank\">{name}</a></div><div>({says})</div><a href={url}>下载</a></div>\
         <a href=\"http://u.163.com/phone\">网易邮箱大师，手机收发更方便 (5.2M)</a></div>"
    )
}

fn expect(card: &CloudFile, provider: &str, name: &str, megabytes: f64, expires_at: &str, url: &str) {
    assert_eq!((&*card.provider, &*card.name, &*card.url), (provider, name, url));
    assert_eq!(card.size_bytes_claimed, Some((megabytes * 1024.0 * 1024.0).round() as u64));
    assert_eq!(card.expires_at, Some(expires_at.parse().unwrap()));
}

#[test]
fn a_card_of_163_is_read_once_from_its_three_links_and_its_text() {
    let html = netease_html(NETEASE, "微视频 成片.mp4", "80.96M, 2026年8月17日 0:49 到期");
    let text = format!(
        "从网易163邮箱发来的超大附件\n微视频 成片.mp4 (80.96M, 2026年8月17日 0:49 到期)\n在线预览 | 下载 {NETEASE}\n"
    );
    for (text, html) in [("", Some(&*html)), (&*text, None), (&*text, Some(&*html))] {
        let found = cards(text, html, None);
        assert_eq!(found.len(), 1, "{found:?}");
        expect(&found[0], "netease", "微视频 成片.mp4", 80.96, "2026-08-16T16:49:00Z", NETEASE);
        assert!(!found[0].quoted);
    }
}

#[test]
fn a_card_of_qq_is_read_in_both_forms() {
    let text = format!("从QQ邮箱发来的超大附件\n\n片子.mp4 (128.03M, 2020年11月27日 21:59 到期)进入下载页面：{QQ}");
    let html = format!(
        "<P>从QQ邮箱发来的超大附件</P><div><div>片子.mp4<span> (128.03M, 2020年11月27日 21:59 到期)</span></div><A \
         HREF=\"{QQ}\">进入下载页面</A></div>"
    );
    for (text, html) in [(&*text, None), ("", Some(&*html)), (&*text, Some(&*html))] {
        let found = cards(text, html, None);
        assert_eq!(found.len(), 1, "{found:?}");
        expect(&found[0], "qq", "片子.mp4", 128.03, "2020-11-27T13:59:00Z", QQ);
    }
}

#[test]
fn a_card_whose_two_forms_hold_two_links_is_one_file() {
    let text = format!("从QQ邮箱发来的超大附件\n\n片子.mp4 (128.03M, 2020年11月27日 21:59 到期)进入下载页面：{QQ}");
    let other = QQ.replace("http://", "https://");
    let html = format!("<div>片子.mp4 (128.03M, 2020年11月27日 21:59 到期)</div><a href=\"{other}\">进入下载页面</a>");
    let found = cards(&text, Some(&html), None);
    assert_eq!(found.len(), 1, "{found:?}");
    expect(&found[0], "qq", "片子.mp4", 128.03, "2020-11-27T13:59:00Z", &other);
}

#[test]
fn a_link_of_a_network_disk_takes_the_name_from_the_words_before_it() {
    let found = cards("通过网盘分享的文件：片子.mp4\n链接: https://pan.baidu.com/s/1abc 提取码: 8a2k", None, None);
    assert_eq!((&*found[0].name, &*found[0].url), ("片子.mp4", "https://pan.baidu.com/s/1abc"));
}

#[test]
fn each_of_two_cards_keeps_its_own_words() {
    let second = "https://mail.163.com/large-attachment-download/index.html?p=X-NETEASE-HUGE-ATTACHMENT-0002";
    let html = netease_html(NETEASE, "一.mp4", "3.61M, 2022年11月25日 13:35 到期")
        + &netease_html(second, "二.mov", "1.5G, 2022年11月26日 13:35 到期");
    let text = format!(
        "一.mp4 (3.61M, 2022年11月25日 13:35 到期)\n下载 {NETEASE}\n二.mov (1.5G, 2022年11月26日 13:35 到期)\n下载 {second}\n"
    );
    let behind = format!(
        "{NETEASE}\n一.mp4 (3.61M, 2022年11月25日 13:35 到期)\n{second}\n二.mov (1.5G, 2022年11月26日 13:35 到期)\n"
    );
    for (text, html) in [("", Some(&*html)), (&*text, None), (&*behind, None)] {
        let found = cards(text, html, None);
        assert_eq!(found.len(), 2, "{found:?}");
        expect(&found[0], "netease", "一.mp4", 3.61, "2022-11-25T05:35:00Z", NETEASE);
        expect(&found[1], "netease", "二.mov", 1536.0, "2022-11-26T05:35:00Z", second);
    }
}

#[test]
fn only_the_providers_own_places_count() {
    let cases = [
        (NETEASE, Some("netease")),
        ("https://dashi.163.com/html/cloud-attachment-download?key=abc", Some("netease")),
        ("https://wx.mail.qq.com/ftn/download?func=3&k=1", Some("qq")),
        ("HTTPS://mail.qq.com/ftn/download?k=1", None),
        ("https://MAIL.QQ.COM/ftn/download?k=1", Some("qq")),
        ("https://mail.sina.com.cn/filecenter/download.php?id=1", Some("other")),
        ("https://download.cloud.189.cn/file/downloadFile.action?d=1", Some("other")),
        ("https://pan.baidu.com/s/1abc", Some("other")),
        ("https://mail.163.com:443/large-attachment-download/index.html?p=1", Some("netease")),
        ("https://mail.163.com.evil.example/large-attachment-download/index.html?p=1", None),
        ("https://evilmail.163.com/large-attachment-download/index.html?p=1", None),
        ("https://mail.163.com@evil.example/large-attachment-download/", None),
        ("https://evil.example/https://mail.163.com/large-attachment-download/", None),
        ("https://evil.example\\@mail.163.com/large-attachment-download/", None),
        ("https://mail.163.com/js6/main.jsp", None),
        ("http://u.163.com/phone", None),
        ("ftp://mail.163.com/large-attachment-download/index.html", None),
        ("https://", None),
    ];
    for (url, expected) in cases {
        assert_eq!(provider(url), expected, "{url}");
    }
}

#[test]
fn a_card_in_quoted_mail_is_told_from_one_of_its_own() {
    let own = format!("新片.mp4 (3.61M, 2022年11月25日 13:35 到期) {NETEASE}\n");
    let quoted = format!("旧片.mp4 (5M, 2022年11月20日 13:35 到期) {QQ}\n");
    let text = format!("{own}\n---- 回复的原邮件 ----\n{quoted}");
    let quoted_from = text.find("---- 回复");
    let found = cards(&text, None, quoted_from);
    assert_eq!(found.iter().map(|card| card.quoted).collect::<Vec<_>>(), [false, true]);

    let html = format!(
        "<p>请查收</p><blockquote><div>旧片.mp4 (5M, 2022年11月20日 13:35 到期)</div><a href=\"{QQ}\">下载</a></blockquote>"
    );
    assert!(cards("请查收", Some(&html), None)[0].quoted, "by the blockquote");
    let shown = "请查收\n旧片.mp4 (5M, 2022年11月20日 13:35 到期)\n下载";
    assert!(cards(shown, Some(&html.replace("blockquote", "div")), Some("请查收".len()))[0].quoted, "by the text");
}

#[test]
fn a_card_whose_link_was_lost_is_still_told() {
    let found =
        cards("从网易163邮箱发来的超大附件\n片.mp4 (3.61M, 2022年11月25日 13:35 到期)\n在线预览 | 下载", None, None);
    assert_eq!(found.len(), 1);
    expect(&found[0], "netease", "片.mp4", 3.61, "2022-11-25T05:35:00Z", "");
    assert_eq!(cards("片.mp4 (3.61M)", None, None), []);
}

#[test]
fn a_link_without_a_description_takes_the_name_of_its_anchor() {
    let found = cards("", Some(&format!("<a href=\"{NETEASE}\">简介.docx</a>")), None);
    assert_eq!((&*found[0].name, found[0].size_bytes_claimed), ("简介.docx", None));
}

#[test]
fn at_most_a_hundred_cards_are_taken() {
    let text: String = (0..300).map(|number| format!("{NETEASE}{number}\n")).collect();
    let html: String = (0..300).map(|number| format!("<a href=\"{QQ}{number}\">x</a>")).collect();
    assert_eq!(cards(&text, Some(&html), None).len(), CARDS_MAX);
}

proptest! {
    #[test]
    fn no_text_or_html_makes_it_panic(text in "(?s)[<>/aA href=\"'&;#x0-9().,年月日到期M超大附件\n.]{0,200}", quoted_from in 0usize..300) {
        let _ = cards(&text, Some(&text), Some(quoted_from));
        let linked = text.replace("a", NETEASE).replace("x", "<a href=");
        let _ = cards(&linked, Some(&linked), Some(quoted_from));
    }
}
