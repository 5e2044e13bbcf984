//! What the receiving server says about the sender: `Authentication-Results` (RFC 8601), read strictly.
//!
//! Only the topmost field counts, and only if it names the configured host (RFC 8601 §5): any other may have been written
//! by the sender.

/// Bytes of a field that are read; a longer one says nothing.
const FIELD_BYTES_MAX: usize = 8 << 10;

/// Second-level names under which Chinese and other national registries give out domains: `gov.cn` is nobody’s.
const SECOND_LEVEL: [&str; 8] = ["com", "net", "org", "gov", "edu", "ac", "mil", "co"];

/// Whether the sender is who the mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// DMARC passed, or an aligned SPF or DKIM did.
    Proven,
    /// Nothing is said, or nothing that proves it.
    Unproven,
    /// DMARC failed, or SPF did and no aligned DKIM signature stands against it.
    Spoofed,
}

/// One method's result with its properties.
struct Verdict {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Verdict {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the fields of one mail, the topmost first, for a `From` domain.
#[must_use]
pub fn authenticity(fields: &[String], authserv_id: &str, from_domain: &str) -> Authenticity {
    let Some(verdicts) = fields.first().and_then(|field| read(field, authserv_id)) else {
        return Authenticity::Unproven;
    };
    let results = |method: &'static str, result: &'static str| {
        verdicts.iter().filter(move |verdict| verdict.method == method && verdict.result == result)
    };
    let speaks_of_from = |verdict: &&Verdict| {
        verdict.property("header.from").is_none_or(|domain| domain_of(domain).eq_ignore_ascii_case(from_domain))
    };
    if results("dmarc", "fail").next().is_some() {
        return Authenticity::Spoofed;
    }
    if results("dmarc", "pass").any(|verdict| speaks_of_from(&verdict)) {
        return Authenticity::Proven;
    }
    let signed = results("dkim", "pass").any(|verdict| {
        let signer = verdict.property("header.d").or_else(|| verdict.property("header.i"));
        signer.is_some_and(|signer| aligned(domain_of(signer), from_domain))
    });
    let sent = results("spf", "pass")
        .any(|verdict| verdict.property("smtp.mailfrom").is_some_and(|path| aligned(domain_of(path), from_domain)));
    if signed || sent {
        return Authenticity::Proven;
    }
    let refused = ["fail", "hardfail", "softfail"].into_iter().any(|result| results("spf", result).next().is_some());
    if refused { Authenticity::Spoofed } else { Authenticity::Unproven }
}

/// `@example.com`, `a@example.com` and `example.com` alike.
fn domain_of(value: &str) -> &str {
    value.rsplit('@').next().unwrap_or(value)
}

/// Whether two domains are the same or one lies in the other (relaxed alignment, RFC 7489 §3.1, without a list of
/// registries: narrower than what that allows).
fn aligned(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('.').to_lowercase(), other.trim_end_matches('.').to_lowercase());
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if short == long {
        return !short.is_empty();
    }
    let labels: Vec<&str> = short.split('.').collect();
    let registry = labels.len() < 2
        || labels.iter().any(|label| label.is_empty())
        || (labels.len() == 2 && labels[1].len() == 2 && SECOND_LEVEL.contains(&labels[0]));
    !registry && long.strip_suffix(short.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

#[derive(PartialEq)]
enum Token {
    Word(String),
    Equals,
    End,
}

/// The results of a field of this host; none if another wrote it or it cannot be read.
fn read(field: &str, authserv_id: &str) -> Option<Vec<Verdict>> {
    let tokens = tokens(field)?;
    let mut sections = tokens.split(|token| *token == Token::End);
    match sections.next()? {
        [Token::Word(host), ..] if host.eq_ignore_ascii_case(authserv_id) => {}
        _ => return None,
    }
    let verdicts = sections.filter_map(|section| {
        let mut pairs = Vec::new();
        let mut at = section;
        while let Some(rest) = at.get(1..) {
            if let [Token::Word(name), Token::Equals, Token::Word(value), ..] = at {
                pairs.push((name.to_lowercase(), value.clone()));
                at = &at[3..];
            } else {
                at = rest;
            }
        }
        let mut pairs = pairs.into_iter();
        let (method, result) = pairs.next()?;
        let method = method.split('/').next().unwrap_or_default().to_owned();
        Some(Verdict { method, result: result.to_lowercase(), properties: pairs.collect() })
    });
    Some(verdicts.collect())
}

/// Words, `=` and `;`, with comments left out and quoted strings kept whole; none if a comment or a quotation does not
/// end.
fn tokens(field: &str) -> Option<Vec<Token>> {
    if field.len() > FIELD_BYTES_MAX {
        return None;
    }
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut depth = 0_u32;
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if depth > 0 {
            match character {
                '\\' => drop(characters.next()?),
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => {
                let quoted = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => quoted.push(characters.next()?),
                        other => quoted.push(other),
                    }
                }
            }
            '(' | '=' | ';' | ' ' | '\t' | '\r' | '\n' => {
                tokens.extend(word.take().map(Token::Word));
                match character {
                    '(' => depth = 1,
                    '=' => tokens.push(Token::Equals),
                    ';' => tokens.push(Token::End),
                    _ => {}
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    tokens.extend(word.take().map(Token::Word));
    (depth == 0).then_some(tokens)
}

#[cfg(test)]
mod tests {
    use Authenticity::{Proven, Spoofed, Unproven};

    use super::*;

    /// One field a line: what it means for a mail from `zhang@czt.zj.gov.cn`, received by `mx.163.com`.
    #[test]
    fn what_the_host_says_of_a_sender_is_read_as_it_is_meant() {
        for (field, expected) in [
            ("mx.163.com; dmarc=pass header.from=czt.zj.gov.cn", Proven),
            ("MX.163.COM 1; DMARC=Pass (p=reject) header.from=CZT.zj.gov.cn", Proven),
            ("mx.163.com; dmarc = pass header.from = czt.zj.gov.cn", Proven),
            ("mx.163.com; spf=pass smtp.mailfrom=zhang@czt.zj.gov.cn; dkim=none", Proven),
            ("mx.163.com; spf=pass smtp.mailfrom=bounce@mail.czt.zj.gov.cn", Proven),
            ("mx.163.com; spf=pass smtp.mailfrom=zj.gov.cn", Proven),
            ("mx.163.com; spf=softfail smtp.mailfrom=a@b.example; dkim=pass header.d=czt.zj.gov.cn", Proven),
            ("mx.163.com; dkim=pass header.i=@czt.zj.gov.cn", Proven),
            ("mx.163.com;\r\n\tdkim/1=pass (a \\) ; dmarc=fail (x)) header.d=\"czt.zj.gov.cn\"", Proven),
            ("mx.163.com; dmarc=fail header.from=czt.zj.gov.cn; dkim=pass header.d=czt.zj.gov.cn", Spoofed),
            ("mx.163.com; spf=fail smtp.mailfrom=zhang@czt.zj.gov.cn", Spoofed),
            ("mx.163.com; spf=softfail smtp.mailfrom=x@evil.example; dkim=pass header.d=evil.example", Spoofed),
            ("mx.163.com; none", Unproven),
            ("mx.163.com", Unproven),
            ("", Unproven),
            ("; dmarc=pass", Unproven),
            ("mx.163.com; spf=pass smtp.mailfrom=x@evil.example", Unproven),
            ("mx.163.com; dkim=pass header.d=gov.cn", Unproven),
            ("mx.163.com; dkim=pass header.d=cn", Unproven),
            ("mx.163.com; dkim=pass header.d=t.zj.gov.cn", Unproven),
            ("mx.163.com; dkim=pass", Unproven),
            ("mx.163.com; dmarc=pass header.from=evil.example", Unproven),
            ("mx.163.com; dmarc=temperror header.from=czt.zj.gov.cn", Unproven),
            ("mx.163.com; x=\"; dmarc=pass\"", Unproven),
            ("mx.163.com; (dmarc=pass header.from=czt.zj.gov.cn)", Unproven),
            ("mx.163.com; dmarc=pass (never ends", Unproven),
            ("mx.163.com.evil.example; dmarc=pass header.from=czt.zj.gov.cn", Unproven),
            ("evil.example; dmarc=pass header.from=czt.zj.gov.cn", Unproven),
            ("spf=pass; dmarc=pass header.from=czt.zj.gov.cn", Unproven),
        ] {
            assert_eq!(authenticity(&[field.into()], "mx.163.com", "czt.zj.gov.cn"), expected, "{field}");
        }
    }

    #[test]
    fn a_field_below_another_hosts_or_a_longer_one_counts_for_nothing() {
        let pass = "mx.163.com; dmarc=pass header.from=a.example".to_owned();
        let of_other = "relay.example; dmarc=none".to_owned();
        assert_eq!(authenticity(&[], "mx.163.com", "a.example"), Unproven);
        assert_eq!(authenticity(&[of_other, pass.clone()], "mx.163.com", "a.example"), Unproven);
        let failed = "mx.163.com; dmarc=fail".to_owned();
        assert_eq!(authenticity(&[failed, pass.clone()], "mx.163.com", "a.example"), Spoofed);
        let long = format!("{pass}; x={}", "y".repeat(FIELD_BYTES_MAX));
        assert_eq!(authenticity(&[long], "mx.163.com", "a.example"), Unproven);
    }
}
