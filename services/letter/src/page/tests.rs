//! What a page keeps, and that nothing gets past it.

use specimen::hostile_html;

use super::*;

fn pictures() -> HashMap<String, String> {
    HashMap::from([("a".to_owned(), "2".to_owned()), ("pic@b".to_owned(), "1.2".to_owned())])
}

fn made(html: &str) -> Option<Made> {
    make(html, &pictures()).unwrap_or_else(|failure| panic!("{failure}: {}", &html[..html.floor_char_boundary(200)]))
}

fn page(html: &str) -> Made {
    made(html).unwrap_or_default()
}

/// What a page must not hold, whatever it was made of: found by reading it as tags and attributes, since words of a
/// text may say anything.
fn forbidden(html: &str) -> Option<String> {
    let bare = html.replace("&nbsp;", " ").replace("&amp;", "&");
    if bare.contains("<!") || bare.contains("<?") {
        return Some("a declaration".into());
    }
    for tag in bare.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return Some(format!("a tag without an end: {tag}")) };
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if !ELEMENTS.iter().any(|element| element.name == name) {
            return Some(format!("<{tag}>"));
        }
        for (attribute, value) in crate::tags::attributes(tag.split_once(' ').map_or("", |(_, rest)| rest)) {
            let is_known = match attribute.as_str() {
                "href" => ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                "src" => value.strip_prefix("part/").is_some_and(|path| path == "2" || path == "1.2"),
                "style" => {
                    !value.replace("rgb(", "").replace("rgba(", "").contains(['(', '\\', '@', '{', '<'])
                        && !value.contains("position")
                }
                "target" | "rel" => name == "a" && LINK.contains(&(&*attribute, value)),
                "alt" => true,
                other => {
                    (GENERIC_ATTRIBUTES.contains(&other)
                        || ELEMENTS.iter().any(|element| element.name == name && element.attributes.contains(&other)))
                        && !value.contains([':', '(', ';', '/'])
                }
            };
            if !is_known {
                return Some(format!("{attribute}={value} of <{name}>"));
            }
        }
    }
    None
}

#[test]
fn no_attack_is_left_in_a_page_and_a_page_made_again_is_the_same() {
    for (class, html) in hostile_html::all() {
        let head = &html[..html.floor_char_boundary(200)];
        let Some(page) = made(&html) else { continue };
        assert_eq!(
            forbidden(&page.html),
            None,
            "{class}: {head}\n{}",
            &page.html[..page.html.floor_char_boundary(2_000)]
        );
        assert!(page.html.len() <= PAGE_BYTES_MAX, "{class}: {head}");
        if !page.truncated {
            assert_eq!(self::page(&page.html).html, page.html, "{class}: {head}");
        }
    }
}

#[test]
fn an_oracle_that_finds_nothing_is_none() {
    for html in [
        "<script>x</script>",
        "<p onclick=\"x\">y</p>",
        "<a href=\"javascript:x\">y</a>",
        "<a href=\"//x\">y</a>",
        "<img src=\"https://x/\">",
        "<img src=\"part/3\">",
        "<p style=\"background:url(x)\">y</p>",
        "<svg></svg>",
        "<!-- x -->",
        "<p",
        "<td background=\"x\">",
    ] {
        assert!(forbidden(html).is_some(), "{html}");
    }
}

#[test]
fn the_look_of_a_mail_stays() {
    let table = [
        ("<h1>标题</h1><p align=center>正文<b>重点</b></p>", "<h1>标题</h1><p align=\"center\">正文<b>重点</b></p>"),
        (
            "<html><head><title>t</title></head><body bgcolor=red><div class=x id=y>甲</div>乙</body></html>",
            "<div>甲</div>乙",
        ),
        (
            "<table border=1 width=\"100%\"><tr><td colspan=2 style=\"color:red;position:fixed\">一<td>二</table>",
            "<table border=\"1\" width=\"100%\"><tbody><tr><td colspan=\"2\" style=\"color:red\">一</td><td>二</td></tr></tbody></table>",
        ),
        (
            "<ul><li>一<li>二</ul><ol start=3><li>三</ol>",
            "<ul><li>一</li><li>二</li></ul><ol start=\"3\"><li>三</li></ol>",
        ),
    ];
    for (html, told) in table {
        let shown = page(html).html;
        assert!(shown.starts_with(told), "{html}\n{shown}");
    }
}

#[test]
fn a_link_keeps_its_target_and_gets_a_page_of_its_own() {
    let shown = page(
        "<a href='https://user:pw@a.example/x?a=1&b=2' onclick=x title=y target=_top>字</a><a href='javascript:x'>无</a>",
    );
    assert_eq!(
        shown.html,
        "<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" href=\"https://a.example/x?a=1&amp;b=2\">字</a>\
         <a target=\"_blank\" rel=\"noopener noreferrer nofollow\">无</a>"
    );
}

#[test]
fn pictures_of_the_mail_are_shown_and_others_are_counted() {
    let shown = page(
        "<img src=\"cid:A\" width=10><IMG SRC='CID:pic%40b' alt='图'><img src=cid:none><img src=data:image/png;base64,AA>\
         <img src=https://a.example/1.png><img src=//a.example/2.png width=1 height=1><img srcset='x 1x'><img>",
    );
    assert_eq!(
        shown.html,
        "<img src=\"part/2\" width=\"10\"><img src=\"part/1.2\" alt=\"图\">〔图片未显示〕〔图片未显示〕〔远程图片未加载〕〔远程图片未加载〕"
    );
    assert_eq!((shown.pictures, shown.remote_pictures), (vec!["2".to_owned(), "1.2".to_owned()], 3));
}

#[test]
fn character_references_stay_what_they_are() {
    let table = [
        ("1 &lt; 2 &amp; 3 &#20013;&#x6587;&nbsp;\u{a0}&copy;", "1 &lt; 2 &amp; 3 中文&nbsp;&nbsp;©"),
        ("&&lt&#60&#x;&#;&a b;&;&foo;", "&amp;&amp;lt&amp;#60&amp;#x;&amp;#;&amp;a b;&amp;;&amp;foo;"),
        ("<pre>&#10;\r\n\n一\n二</pre>", "<pre> \n\n一\n二</pre>"),
        ("<pre>\r\n</i>\n一\n二</pre>", "<pre>一\n二</pre>"),
        ("<pre><img>\n\n一</pre>", "<pre>一</pre>"),
        ("<pre>\u{1}\n\n一</pre>", "<pre>一</pre>"),
        ("<pre><b>\n一</b></pre>", "<pre><b>\n一</b></pre>"),
        ("甲&#13;\n乙\u{0}\u{7}", "甲 \n乙"),
    ];
    for (html, told) in table {
        assert_eq!(page(html).html, told, "{html:?}");
    }
}

#[test]
fn a_page_without_anything_to_see_is_none_and_one_picture_is_enough() {
    assert_eq!(made("<p> <br></p><script>x</script>"), None);
    assert_eq!(made(""), None);
    assert!(made("<p><img src=cid:a></p>").is_some());
}

#[test]
fn a_page_that_is_cut_says_so_and_is_whole_all_the_same() {
    let shown = page(&"<p>正文</p>".repeat(100_000));
    assert!(shown.truncated && shown.html.len() <= PAGE_BYTES_MAX && shown.html.ends_with("</p>"));
    let shown = page(&"字".repeat(400_000));
    assert!(shown.truncated && shown.html.len() <= PAGE_BYTES_MAX && shown.html.len() > PAGE_BYTES_MAX / 2);
    assert!(!page("<p>正文</p>").truncated);
}

/// Markup that parsers disagree about: made of the pieces that matter to them.
fn markup() -> impl proptest::strategy::Strategy<Value = String> {
    let pieces = [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<a href=https://a.example/>",
        "</a>",
        "<table>",
        "</table>",
        "<tr>",
        "</tr>",
        "<td>",
        "</td>",
        "<th>",
        "<tbody>",
        "<thead>",
        "</thead>",
        "<caption>",
        "</caption>",
        "<colgroup>",
        "<col>",
        "<ul>",
        "</ul>",
        "<ol>",
        "<li>",
        "</li>",
        "<dl>",
        "<dt>",
        "<dd>",
        "<h1>",
        "</h1>",
        "<h2>",
        "<pre>",
        "</pre>",
        "\n",
        " ",
        "文",
        "x",
        "<br>",
        "<hr>",
        "<img src=cid:a>",
        "<img src=https://x/>",
        "<font color=red>",
        "</font>",
        "<center>",
        "<svg>",
        "</svg>",
        "<math>",
        "<mtext>",
        "<style>",
        "</style>",
        "<script>",
        "<!--",
        "-->",
        "<select>",
        "<option>",
        "<form>",
        "<template>",
        "</template>",
        "<noscript>",
        "<textarea>",
        "<plaintext>",
        "&lt;",
        "&",
        "&amp;",
        "&nbsp;",
        "&#60;",
        "&#10;",
        "\u{1}",
        "\"",
        "'",
        ">",
        "<",
        "<img title=\"",
        "<p style=\"color:red;",
        "<p style='font:",
        "\">",
        "onerror=alert(1)",
        "</br>",
        "<button>",
        "<nobr>",
        "<s>",
        "<blockquote>",
        "</blockquote>",
        "<body>",
        "</body>",
    ];
    use proptest::strategy::Strategy;
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1_000))]

    #[test]
    fn making_a_page_again_changes_nothing_and_no_markup_gets_past_it(html in markup()) {
        if let Some(page) = made(&html) {
            proptest::prop_assert_eq!(forbidden(&page.html), None, "{}", page.html);
            let again = made(&page.html).map(|page| page.html);
            proptest::prop_assert_eq!(again.as_ref(), Some(&page.html), "{}", html);
        }
    }
}
