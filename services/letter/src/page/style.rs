//! Which declarations of a `style` attribute stay: a grammar that says what is kept, never what is dropped. There is no
//! escape in it and no function but a colour's, so that nothing can load (`url`, `image-set`), refer (`var`, `attr`) or
//! compute; and no property that takes an element out of its place.

use super::values::is_colour;

/// Properties that stay.
pub const PROPERTIES: [&str; 53] = [
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "color",
    "direction",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Bytes of an attribute that is read.
const BYTES_MAX: usize = 4 << 10;
/// Characters of one value.
const VALUE_CHARACTERS_MAX: usize = 200;
/// Digits in a row.
const DIGITS_MAX: usize = 4;

/// The declarations that stay, or none.
#[must_use]
pub fn kept(style: &str) -> Option<String> {
    if style.len() > BYTES_MAX {
        return None;
    }
    let mut kept = String::new();
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim();
        let value = value.split_once('!').map_or(value, |(value, _)| value.trim_end());
        let name = match name.as_str() {
            // The short form of a colour alone.
            "background" if is_colour(value) || is_colour_function(value) => "background-color",
            name => name,
        };
        if PROPERTIES.binary_search(&name).is_ok() && is_value(value) {
            kept.push_str(if kept.is_empty() { "" } else { ";" });
            kept.extend([name, ":", value]);
        }
    }
    (!kept.is_empty()).then_some(kept)
}

/// A list of fonts: names in any script, with or without quotation marks.
#[must_use]
pub fn is_font_list(text: &str) -> bool {
    is_value(text) && !text.contains(['(', '#', '%', '/'])
}

fn is_value(value: &str) -> bool {
    let outside = without_colour_functions(value);
    !value.is_empty()
        && value.chars().count() <= VALUE_CHARACTERS_MAX
        && outside.chars().all(|it| it.is_alphanumeric() || matches!(it, ' ' | '#' | '.' | ',' | '%' | '-' | '/' | '\'' | '"'))
        && outside.matches('"').count().is_multiple_of(2)
        && outside.matches('\'').count().is_multiple_of(2)
        // Which of the two begins a string is not looked at: only one of them may be there.
        && !(outside.contains('"') && outside.contains('\''))
        && numbers_are_small(&outside)
}

/// No number is below zero, has an exponent, or more digits than a length needs.
fn numbers_are_small(value: &str) -> bool {
    let words = value.split(|it: char| !(it.is_alphanumeric() || matches!(it, '.' | '-' | '#' | '%')));
    words.filter(|word| !word.starts_with('#')).all(|word| {
        let number = word.trim_start_matches('-');
        let is_number = number.starts_with(|it: char| it.is_ascii_digit() || it == '.');
        let unit = number.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
        let is_unit = unit == "%" || unit.len() <= 4 && unit.bytes().all(|it| it.is_ascii_alphabetic());
        let digits = number.split(|it: char| !it.is_ascii_digit()).map(str::len).max().unwrap_or(0);
        !is_number || !word.starts_with('-') && is_unit && digits <= DIGITS_MAX && number.matches('.').count() <= 1
    })
}

fn is_colour_function(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let inner = lower.strip_prefix("rgb").map(|rest| rest.strip_prefix('a').unwrap_or(rest));
    let inner = inner.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    inner.is_some_and(|inner| {
        inner.len() <= 40
            && inner.bytes().all(|it| it.is_ascii_digit() || matches!(it, b' ' | b',' | b'.' | b'%'))
            && numbers_are_small(inner)
    })
}

/// The value with a plain word for each colour that is written as a function.
fn without_colour_functions(value: &str) -> String {
    let mut outside = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(end) = rest.find(')') {
        let (head, after) = rest.split_at(end + 1);
        let begin = head.to_ascii_lowercase().rfind("rgb").filter(|at| is_colour_function(&head[*at..]));
        let Some(begin) = begin else { break };
        outside.push_str(&head[..begin]);
        outside.push('x');
        rest = after;
    }
    outside + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_look_of_text_stays_and_nothing_that_loads_or_moves() {
        let table = [
            ("color: #FF0000; font-weight:bold", Some("color:#FF0000;font-weight:bold")),
            ("FONT-FAMILY: '宋体', SimSun; FONT-SIZE: 12.0pt", Some("font-family:'宋体', SimSun;font-size:12.0pt")),
            ("color:rgb(31, 73, 125)!important", Some("color:rgb(31, 73, 125)")),
            ("border:1px solid rgba(0,0,0,.5)", Some("border:1px solid rgba(0,0,0,.5)")),
            ("background:#fff;background:url(x)", Some("background-color:#fff")),
            ("background:RGB(1,2,3)", Some("background-color:RGB(1,2,3)")),
            ("text-indent:2em;margin:0 0 10px;width:50%", Some("text-indent:2em;margin:0 0 10px;width:50%")),
            ("margin:-9999px", None),
            ("text-indent:-999em", None),
            ("width:99999px", None),
            ("width:1e9px", None),
            ("position:fixed;top:0", None),
            ("float:left;display:none;opacity:0;z-index:9;transform:x;filter:x;content:x", None),
            ("background-color:url(//x)", None),
            ("color:u\\72l(x)", None),
            ("color:/**/red", None),
            ("--x:url(y);color:var(--x)", None),
            ("width:expression(alert(1))", None),
            ("width:calc(1px)", None),
            ("font-family:'a", None),
            ("font-family:'a\"", None),
            ("font-family:\"</style>\"", None),
            ("color:red}*{color:blue", None),
            ("color:rgb(0 0 0/url(x))", None),
            ("color:rgb(rgb(1,2,3))", None),
            ("color", None),
            ("", None),
        ];
        for (style, told) in table {
            assert_eq!(kept(style).as_deref(), told, "{style}");
        }
        assert!(PROPERTIES.is_sorted());
    }

    proptest::proptest! {
        #[test]
        fn what_stays_has_no_escape_and_no_function(style in "(color|font|:|;|url|rgb|\\(|\\)|\\\\|'|\"|/\\*|\\*/|1|,| |-|x|@|\\{|\\}|中|!){0,40}") {
            let Some(kept) = kept(&style) else { return Ok(()) };
            proptest::prop_assert!(!kept.contains(['\\', '{', '}', '@', '<', '*']), "{kept}");
            proptest::prop_assert!(!kept.replace("rgb(", "").contains('('), "{kept}");
            proptest::prop_assert_eq!(super::kept(&kept), Some(kept));
        }
    }
}
