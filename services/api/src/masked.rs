//! Phones and addresses as those see them who need not know them: enough to tell two apart.

/// A digit of a phone, full-width ones too.
#[must_use]
pub fn digit(character: char) -> Option<u32> {
    match character {
        '０'..='９' => Some(u32::from(character) - u32::from('０')),
        _ => character.to_digit(10),
    }
}

/// Whether a digit of a phone with so many of them is hidden, counted from 0: of a long number the first three and the last
/// four stay, of a short one the last two.
#[must_use]
pub fn is_hidden(number: usize, digits: usize) -> bool {
    if digits >= 9 { number >= 3 && number + 4 < digits } else { number + 2 < digits }
}

/// `138****1234`, by [`is_hidden`].
#[must_use]
pub fn phone(phone: &str) -> String {
    let digits = phone.chars().filter_map(digit).count();
    let mut numbers = 0..digits;
    phone
        .chars()
        .map(|character| match digit(character).and_then(|_| numbers.next()) {
            Some(number) if is_hidden(number, digits) => '*',
            _ => character,
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

/// A text of a mail server in which every word with an @ is masked as an address.
#[must_use]
pub fn addresses_within(text: &str) -> String {
    let is_edge =
        |character: char| character.is_whitespace() || "<>()[]{},;:\"'“”‘’《》（），；：、".contains(character);
    text.split_inclusive(is_edge)
        .map(|piece| {
            let word = piece.trim_end_matches(is_edge);
            if word.contains('@') { format!("{}{}", address(word), &piece[word.len()..]) } else { piece.to_owned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_does_not_tell_the_whole() {
        let table = [
            ("13800001234", "138****1234"),
            ("１３８００００１２３４", "１３８****１２３４"),
            ("0571-87051234", "057*-****1234"),
            ("87051234", "******34"),
            ("1", "1"),
        ];
        for (given, expected) in table {
            assert_eq!(phone(given), expected);
        }
        let said = "5.1.1 550 <LiMin@czt.example.cn>: no such user; rfc822;李@x.cn";
        assert_eq!(addresses_within(said), "5.1.1 550 <L***@czt.example.cn>: no such user; rfc822;李***@x.cn");
        for (given, expected) in
            [("limin@czt.example.cn", "l***@czt.example.cn"), ("李@x.cn", "李***@x.cn"), ("", "***")]
        {
            assert_eq!(address(given), expected);
        }
    }
}
