//! Tables for a terminal, where a Han character takes two columns.

/// Pads or cuts a text to exactly `columns` terminal columns.
pub fn fit(text: &str, columns: usize) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    let text: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let width = text.width();
    if width <= columns {
        return text + &" ".repeat(columns - width);
    }
    let mut fitted = String::new();
    let mut used = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if used + width > columns.saturating_sub(1) {
            break;
        }
        fitted.push(character);
        used += width;
    }
    fitted.push('…');
    fitted + &" ".repeat(columns - used - 1)
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_cell_is_always_as_wide_as_its_column() {
        use unicode_width::UnicodeWidthStr;
        for text in ["", "a", "主题征稿", "主题征稿abc", "a主题征稿\n二"] {
            for columns in 1..12 {
                assert_eq!(fit(text, columns).width(), columns, "{text:?} in {columns}");
            }
        }
    }
}
