//! Resident identity numbers (公民身份号码, GB 11643-1999), known only to be kept out: no register ever stores one.

/// Symbols of a number.
const LENGTH: usize = 18;
// 2^(18-i) mod 11 for the first 17 places (ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// Whether a text has the form of a number: seventeen digits with a day of birth among them, then a digit or X. The check
/// digit is not looked at: a mistyped number is a number too.
#[must_use]
pub fn has_form(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == LENGTH
        && bytes[..17].iter().all(u8::is_ascii_digit)
        && (bytes[17].is_ascii_digit() || matches!(bytes[17], b'X' | b'x'))
        && matches!(&text[6..8], "18" | "19" | "20")
        && chrono::NaiveDate::parse_from_str(&text[6..14], "%Y%m%d").is_ok()
}

/// Whether a text is a number whose check digit is right.
#[must_use]
pub fn is_sound(text: &str) -> bool {
    has_form(text) && {
        let sum: u32 = text.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        text.chars().last().is_some_and(|check| check.to_ascii_uppercase() == CHECKS[(sum % 11) as usize])
    }
}

/// Whether a text holds a number whose check digit is right, as it is or with blanks or hyphens within.
#[must_use]
pub fn is_in(text: &str) -> bool {
    let bare: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    bare.windows(LENGTH).any(|window| is_sound(&window.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made from the standard's own example.
    const EXAMPLE: &str = "11010519491231002X";

    #[test]
    fn the_standards_example_is_known_however_it_is_written() {
        for text in [EXAMPLE, "11010519491231002x"] {
            assert!(has_form(text) && is_sound(text), "{text}");
        }
        for text in
            ["身份证11010519491231002X号", "110105 19491231 002X", "110105-19491231-002x", "张三11010519491231002X"]
        {
            assert!(is_in(text), "{text}");
        }
    }

    #[test]
    fn a_mistyped_number_keeps_its_form_and_other_numbers_have_none() {
        assert!(has_form("110105194912310021") && !is_sound("110105194912310021"));
        for text in
            ["91330106673959654P", "110105194913310021", "11010519491231002", "", "杭州市民政局", "11010521491231002X"]
        {
            assert!(!has_form(text) && !is_in(text), "{text}");
        }
    }
}
