//! Phones and addresses as those see them who need not know them: enough to tell two apart.

/// `138****1234`: the first three digits and the last four; of a short number all but the last two are hidden.
#[must_use]
pub fn phone(phone: &str) -> String {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let shown = if digits >= 9 { 3..digits - 4 } else { 0..digits.saturating_sub(2) };
    let mut count = 0;
    phone
        .chars()
        .map(|character| {
            if !character.is_ascii_digit() {
                return character;
            }
            count += 1;
            if shown.contains(&(count - 1)) { '*' } else { character }
        })
        .collect()
}

/// `a***@example.cn`: the first character and the host.
#[must_use]
pub fn address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}***@{host}", local.chars().take(1).collect::<String>()),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_does_not_tell_the_whole() {
        let table =
            [("13800001234", "138****1234"), ("0571-87051234", "057*-****1234"), ("87051234", "******34"), ("1", "1")];
        for (given, expected) in table {
            assert_eq!(phone(given), expected);
        }
        for (given, expected) in
            [("limin@czt.example.cn", "l***@czt.example.cn"), ("李@x.cn", "李***@x.cn"), ("", "***")]
        {
            assert_eq!(address(given), expected);
        }
    }
}
