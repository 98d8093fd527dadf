//! Jupyter counts characters, Rust counts bytes.

/// The byte offset of a character offset; past the end it is the end.
///
/// ```
/// use rust_lessons::kernel::offsets::to_bytes;
///
/// assert_eq!(to_bytes("ö = 1", 2), 3);
/// ```
#[must_use]
pub fn to_bytes(text: &str, characters: usize) -> usize {
    text.char_indices()
        .nth(characters)
        .map_or(text.len(), |(offset, _)| offset)
}

/// The character offset of a byte offset.
///
/// ```
/// use rust_lessons::kernel::offsets::to_characters;
///
/// assert_eq!(to_characters("ö = 1", 3), 2);
/// ```
///
/// Inside a character it is the one before it.
#[must_use]
pub fn to_characters(text: &str, bytes: usize) -> usize {
    text.char_indices()
        .take_while(|(offset, letter)| offset + letter.len_utf8() <= bytes)
        .count()
}

/// Moves a byte offset inside a word to the word's end.
#[must_use]
pub fn word_end(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    offset
        + rest
            .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
            .unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree_beyond_ascii() {
        let text = "let ö = \"€\"; 😀x";
        for (characters, (bytes, _)) in text.char_indices().enumerate() {
            assert_eq!(to_bytes(text, characters), bytes);
            assert_eq!(to_characters(text, bytes), characters);
        }
        assert_eq!(to_bytes(text, 1_000), text.len());
        assert_eq!(to_characters(text, text.len()), text.chars().count());
    }

    #[test]
    fn a_place_inside_a_word_moves_to_its_end() {
        assert_eq!(word_end("counter.load()", 3), 7);
        assert_eq!(word_end("counter", 7), 7);
    }
}
