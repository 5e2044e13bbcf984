//! Where quoted earlier mail begins in a body, by the marks that Chinese and common mailers put before it.
//!
//! A forwarded mail is no quotation: its sender hands it on as his own.

/// Whether the subject says that the mail hands another on: its outermost prefix is a forward's (转发：, Fw:, Fwd:). Many
/// mailers mark what they forward with the very words with which they mark what they answer.
#[must_use]
pub fn is_handed_on(subject: &str) -> bool {
    const PREFIXES: [&str; 7] = ["fw", "fwd", "转发", "轉發", "轉寄", "转寄", "自动转发"];
    let head = subject.trim_start_matches(|it: char| it.is_whitespace() || matches!(it, '【' | '['));
    let Some((head, _)) = head.split_once([':', '：', '】', ']']) else { return false };
    PREFIXES.contains(&head.trim().to_lowercase().as_str())
}

/// Byte offset of the first line of the quotation; `None` when all of the text is the sender's.
#[must_use]
pub fn begins_at(text: &str) -> Option<usize> {
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let begin = *at;
            *at += line.len();
            Some((begin, line.trim()))
        })
        .collect();
    let marked = (0..lines.len()).find_map(|at| {
        if is_separator(lines[at].1) || is_header_block(&lines[at..]) {
            // Outlook draws a line above.
            let ruled =
                at > 0 && lines[at - 1].1.len() >= 5 && lines[at - 1].1.bytes().all(|it| it == b'_' || it == b'-');
            return Some(lines[at - usize::from(ruled)].0);
        }
        attribution(&lines, at)
    });
    let trailing = trailing_block(&lines);
    match (marked, trailing) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// `------------------ 原始邮件 ------------------`, `-----Original Message-----`.
fn is_separator(line: &str) -> bool {
    const MARKS: [&str; 8] =
        ["原始邮件", "原始郵件", "原邮件", "回复的原邮件", "回复邮件", "original message", "original", "原始消息"];
    if line.len() > 200 {
        return false;
    }
    // QQ writes the entity into its plain text too.
    let line = line.replace("&nbsp;", " ");
    let inner = line.trim_matches(|it: char| matches!(it, '-' | '—' | '－' | '>' | '*' | '_') || it.is_whitespace());
    let dashes = line.chars().filter(|it| matches!(it, '-' | '—' | '－')).count();
    dashes >= 4 && MARKS.contains(&inner.to_lowercase().as_str())
}

/// The value behind a label such as `发件人：`, which may be bold or quoted.
fn labelled(line: &str, labels: &[&str]) -> bool {
    let line = line.trim_start_matches(|it: char| matches!(it, '>' | '*' | '|' | '"') || it.is_whitespace());
    labels.iter().any(|label| {
        let head = line.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label));
        let rest = if head { line[label.len()..].trim_start_matches(['*', ' ', '\u{3000}']) } else { "" };
        rest.starts_with([':', '：'])
    })
}

/// `发件人：…` with `发送时间：…` within the next lines.
fn is_header_block(lines: &[(usize, &str)]) -> bool {
    let near = |labels: &[&str]| lines.iter().skip(1).take(5).any(|(_, line)| labelled(line, labels));
    let first = lines[0].1;
    if labelled(first, &["发件人", "寄件者", "寄件人"]) {
        return near(&["发送时间", "发送日期", "日期", "时间", "寄件日期", "寄件時間", "日期時間"]);
    }
    labelled(first, &["from"]) && near(&["sent", "date"]) && near(&["to", "subject"])
}

/// `在 2023-03-30 10:00:00，"张三" <a@b.cn> 写道：`, `On … wrote:`, up to three lines long.
fn attribution(lines: &[(usize, &str)], at: usize) -> Option<usize> {
    let first = lines[at].1;
    let opens = first.starts_with("在") || first.starts_with("On ") || first.contains('于') || first.contains('@');
    if !opens || first.len() > 400 {
        return None;
    }
    let mut joined = String::new();
    for (_, line) in lines[at..].iter().take(3) {
        if line.is_empty() {
            return None;
        }
        joined.push_str(line);
        let closes =
            ["写道：", "写道:", "寫道：", "寫道:", "wrote:", "wrote："].iter().any(|end| joined.ends_with(end));
        if closes {
            let digits = joined.bytes().filter(u8::is_ascii_digit).count();
            let has_clock = joined.as_bytes().windows(3).any(|it| matches!(it, [b'0'..=b'9', b':', b'0'..=b'9']));
            let is_dated = digits >= 4 && (has_clock || joined.contains('@'));
            return is_dated.then_some(lines[at].0);
        }
        if joined.len() > 600 {
            return None;
        }
    }
    None
}

/// Lines that begin with `>` and reach to the end.
fn trailing_block(lines: &[(usize, &str)]) -> Option<usize> {
    let mut begin = None;
    for (at, line) in lines.iter().rev() {
        if line.starts_with('>') {
            begin = Some(*at);
        } else if !line.is_empty() {
            break;
        }
    }
    begin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forward_is_told_by_its_outermost_prefix() {
        for subject in [
            "转发: 主题征稿",
            "转发：回复：主题征稿",
            "Fw: Re: a",
            "FWD:a",
            "[Fwd: a]",
            "【转发】a",
            "轉寄: a",
            " 转发 ： a",
        ] {
            assert!(is_handed_on(subject), "{subject}");
        }
        for subject in ["", "主题征稿", "回复：转发：主题征稿", "Re: Fw: a", "转发主题征稿", "转发通知：a", "FW"]
        {
            assert!(!is_handed_on(subject), "{subject}");
        }
    }

    #[test]
    fn a_quotation_begins_where_its_mailer_marks_it() {
        // `|` stands where the quotation begins.
        let cases = [
            "正文\n\n|------------------ 原始邮件 ------------------\n发件人: x\n",
            "正文\n|-----原始邮件-----\n",
            "正文\n|------------------&nbsp;原始邮件&nbsp;------------------\n",
            "正文\n|---- 回复的原邮件 ----\n| 发件人 | x |\n",
            "text\n\n|-----Original Message-----\nFrom: x\n",
            "正文\n|发件人：张三\n发送时间：2023年3月30日 10:00\n收件人：x\n",
            "正文\n|________________________________\n发件人: 张三\n日期: 2023年3月30日\n",
            "text\n|From: A <a@b.cn>\nSent: Monday\nTo: B\nSubject: C\n",
            "正文\n|在 2023-03-30 10:00:00，\"张三\" <a@b.cn> 写道：\n>x\n",
            "正文\n|在2023年3月30日 10:00，\n张三<a@b.cn> 写道:\n> x\n正文之后\n",
            "正文\n|张三 <a@b.cn> 于2023年3月30日周四 10:00写道：\n",
            "text\n|On Thu, Mar 30, 2023 at 10:00 AM A <a@b.cn> wrote:\n> x\n",
            "text\n\n|> quoted\n> to the end\n\n",
            "|> all quoted\n",
        ];
        for case in cases {
            let at = case.find('|').unwrap();
            let text = case.replacen('|', "", 1);
            assert_eq!(begins_at(&text), Some(at), "{case}");
        }
        let whole = [
            "",
            "正文\n",
            "> quoted\nanswered below\n",
            "在 1900 年，普朗克写道：\n能量是量子化的。\n",
            "在文章里他写道：\n",
            "发件人：张三，某大学\n电话：1\n",
            "---------- Forwarded message ----------\nFrom: A\n",
            "From: here on we go\n",
        ];
        for text in whole {
            assert_eq!(begins_at(text), None, "{text}");
        }
    }
}
