//! The sheet of keys that `?` opens.

use maud::{Markup, html};

use crate::visit::Visit;

/// Keys, Chinese, English.
const KEYS: [(&[&str], &str, &str); 15] = [
    (&["/"], "搜索", "Search"),
    (&["j", "k"], "下一行、上一行", "Next and previous line"),
    (&["o", "Enter"], "打开这一行", "Open the line"),
    (&["x"], "选择这一行", "Select the line"),
    (&["a"], "选择全部，再按取消", "Select all, or none"),
    (&["r"], "清除筛选", "Clear the conditions"),
    (&["[", "]"], "上一篇、下一篇", "Previous and next submission"),
    (&["d"], "作决定", "Decide"),
    (&["v"], "提出建议", "Recommend"),
    (&["c"], "写备注", "Comment"),
    (&["t"], "加标签", "Tag"),
    (&["e"], "分派", "Assign"),
    (&["Ctrl", "Enter"], "提交所在表单", "Send the form"),
    (&["g"], "再按一个字母到某一栏，例如 g s 到来稿", "Then a letter goes to a section: g s to submissions"),
    (&["Esc"], "离开输入框", "Leave a field"),
];

/// The sheet; nothing for a person who has switched the keys off.
#[must_use]
pub fn keys(visit: &Visit) -> Markup {
    html! {
        @if visit.taste.has_keys {
            dialog #keys aria-labelledby="keys-title" {
                h2 #keys-title { (visit.say("快捷键", "Keys")) }
                dl.facts {
                    @for (keys, zh, en) in KEYS {
                        dt { @for key in keys { kbd { (key) } " " } } dd { (visit.say(zh, en)) }
                    }
                }
                p.detail { (visit.say("可在页面底部关闭单键快捷。", "Single-letter keys can be switched off at the foot of the page.")) }
                form method="dialog" { button.quiet { (visit.say("关闭", "Close")) } }
            }
        }
    }
}
