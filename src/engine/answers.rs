//! What a front end is told about code that it does not run.

/// What could stand at a place in the code.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The texts to choose from.
    pub matches: Vec<String>,
    /// Where the replaced text starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// Documentation, as text and as HTML.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

impl Inspection {
    /// A signature with its documentation, which may be empty.
    #[must_use]
    pub fn of(signature: &str, doc: &str) -> Inspection {
        let mut text = signature.to_owned();
        let mut html = format!(
            "<pre><code class=\"language-rust\">{}</code></pre>",
            escaped(signature)
        );
        if !doc.is_empty() {
            text.push_str("\n\n");
            text.push_str(doc);
            for paragraph in doc.split("\n\n") {
                html.push_str(&format!("\n<p>{}</p>", escaped(paragraph)));
            }
        }
        Inspection { text, html }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_shows_code_as_it_is() {
        let found = Inspection::of("fn f(a: Vec<u8>)", "One & two.\n\nThree.");
        assert!(found.html.contains("Vec&lt;u8&gt;"), "{}", found.html);
        assert!(found.html.contains("<p>One &amp; two.</p>"));
        assert_eq!(found.text, "fn f(a: Vec<u8>)\n\nOne & two.\n\nThree.");
    }
}
