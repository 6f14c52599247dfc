//! Two rules that no other tool checks: the width of comments and prose, and the names of tests.
//!
//! rustfmt wraps code but not comments, and no formatter runs over Markdown. This module reads text alone: it knows
//! nothing of Rust's or Python's grammar beyond the lines that begin a comment, a code block, a table or a test.

use std::{fs, path::Path};

use crate::tools::{self, Trouble, failed, program};

/// The widest comment line and the widest line of Markdown prose, in characters.
const WIDTH: usize = 120;
/// The longest name of a test, in characters.
const NAME: usize = 60;

/// Checks every file of the repository, and prints each offence with its file and line.
pub(crate) fn check() -> Result<(), Trouble> {
    let mut offences = 0;
    for file in files()? {
        let Some(language) = Language::of(&file) else { continue };
        // A file that was deleted and not yet committed is still on git's list.
        let Ok(text) = fs::read_to_string(tools::root().join(&file)) else { continue };
        for (line, offence) in language.offences(&text) {
            println!("{file}:{line}: {offence}");
            offences += 1;
        }
    }
    if offences == 0 { Ok(()) } else { failed(format!("{offences} offences, listed above")) }
}

/// The repository's files, committed or new, without those that git ignores.
fn files() -> Result<Vec<String>, Trouble> {
    let output = program("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).output()?;
    if !output.status.success() {
        return Err(Trouble::CannotRun("this is no git repository".into()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Python,
    /// Any other language with line comments: its comments begin with this.
    Other(&'static str),
    Markdown,
}

impl Language {
    fn of(file: &str) -> Option<Self> {
        match Path::new(file).extension()?.to_str()? {
            "rs" => Some(Self::Rust),
            "py" | "pyi" => Some(Self::Python),
            "toml" => Some(Self::Other("#")),
            "lua" | "sql" => Some(Self::Other("--")),
            "md" => Some(Self::Markdown),
            _ => None,
        }
    }

    /// What is wrong, each with its line, which counts from one.
    fn offences(self, text: &str) -> Vec<(usize, String)> {
        let mut offences = too_wide(text, |line| self.prose(line));
        match self {
            Self::Rust => offences.extend(bad_names(rust_tests(text))),
            Self::Python => offences.extend(bad_names(python_tests(text))),
            Self::Other(_) | Self::Markdown => {}
        }
        offences.sort();
        offences
    }

    /// The prose of a line; `None` if the line is code.
    fn prose(self, line: &str) -> Option<&str> {
        let line = line.trim_start();
        match self {
            // The marks of documentation are `///` and `//!`.
            Self::Rust => line.strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!'])),
            Self::Python => line.strip_prefix('#'),
            Self::Other(mark) => line.strip_prefix(mark),
            Self::Markdown => Some(line),
        }
    }
}

/// Lines of prose that are too wide. Tables, code blocks and URLs cannot be wrapped, so they do not count.
fn too_wide<'a>(text: &'a str, prose: impl Fn(&'a str) -> Option<&'a str>) -> Vec<(usize, String)> {
    let mut offences = Vec::new();
    let mut in_code_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        let Some(words) = prose(line).map(str::trim_start) else {
            in_code_block = false;
            continue;
        };
        if words.starts_with("```") || words.starts_with("~~~") {
            in_code_block = !in_code_block;
        } else if !in_code_block && !words.starts_with('|') {
            let urls = words.split(' ').filter(|word| word.contains("://")).map(|url| url.chars().count());
            let width = line.chars().count() - urls.sum::<usize>();
            if width > WIDTH {
                offences.push((number, format!("{width} columns rather than at most {WIDTH}")));
            }
        }
    }
    offences
}

/// The functions below `#[test]` or the like of a runtime, also inside `proptest!`.
fn rust_tests(text: &str) -> Vec<(usize, &str)> {
    let mut tests = Vec::new();
    let mut after_attribute = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if ["#[test]", "#[tokio::test", "#[actix_web::test"].iter().any(|attribute| line.starts_with(attribute)) {
            after_attribute = true;
        } else if let (true, Some(name)) = (after_attribute, function(line, "fn ")) {
            tests.push((number, name));
            after_attribute = false;
        }
    }
    tests
}

/// The functions and methods whose names begin with `test_`.
fn python_tests(text: &str) -> Vec<(usize, &str)> {
    let functions = (1..).zip(text.lines()).filter_map(|(number, line)| Some((number, function(line, "def ")?)));
    functions.filter(|(_, name)| name.starts_with("test_")).collect()
}

/// The name of the function that a line defines. Only words such as `async` come before the keyword.
fn function<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let (before, after) = line.split_once(keyword)?;
    let is_definition = before.chars().all(|character| character.is_ascii_lowercase() || character == ' ');
    let end = after.find(|character: char| !character.is_alphanumeric() && character != '_')?;
    is_definition.then_some(&after[..end])
}

fn bad_names(tests: Vec<(usize, &str)>) -> impl Iterator<Item = (usize, String)> {
    tests.into_iter().flat_map(|(number, name)| {
        let length = name.chars().count();
        let long = (length > NAME).then(|| format!("{name} has {length} characters rather than at most {NAME}"));
        let possessive = name.contains("_s_").then(|| format!("{name} has a possessive `_s_`"));
        [long, possessive].into_iter().flatten().map(move |offence| (number, offence))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(language: Language, text: &str) -> Vec<usize> {
        language.offences(text).into_iter().map(|(line, _)| line).collect()
    }

    fn wide() -> String {
        "word ".repeat(25)
    }

    #[test]
    fn only_comments_are_measured_in_code() {
        for (language, mark) in [
            (Language::Rust, "//"),
            (Language::Rust, "    ///"),
            (Language::Rust, "//!"),
            (Language::Python, "#"),
            (Language::Other("#"), "#"),
            (Language::Other("--"), "--"),
        ] {
            let text = format!("let code = {};\n{mark} {}\n{mark} short\n", wide(), wide());
            assert_eq!(lines(language, &text), [2], "{mark}");
        }
    }

    #[test]
    fn a_line_of_exactly_the_width_is_accepted() {
        let accepted = "x".repeat(WIDTH);
        assert!(lines(Language::Markdown, &accepted).is_empty());
        assert_eq!(lines(Language::Markdown, &format!("{accepted}x")), [1]);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(lines(Language::Markdown, &"é".repeat(WIDTH)).is_empty());
    }

    #[test]
    fn tables_code_blocks_and_urls_may_be_wide() {
        let text = format!("| {} |\n```\n{}\n```\nsee https://{}\n{}\n", wide(), wide(), "x".repeat(WIDTH), wide());
        assert_eq!(lines(Language::Markdown, &text), [6]);
        let text = format!("/// ```\n/// {}\n/// ```\n/// | {} |\n/// {}\n", wide(), wide(), wide());
        assert_eq!(lines(Language::Rust, &text), [5]);
    }

    #[test]
    fn a_code_block_ends_with_its_comment() {
        let text = format!("// ```\nfn code() {{}}\n// {}\n", wide());
        assert_eq!(lines(Language::Rust, &text), [3]);
    }

    #[test]
    fn names_of_rust_tests_are_checked() {
        let long = "x".repeat(NAME + 1);
        let text = format!(
            "#[test]\nfn good() {{}}\n#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn a_user_s_name() {{}}\n\
             proptest! {{\n    #[test]\n    fn {long}(text in \".*\") {{}}\n}}\nfn a_helper_s_name() {{}}\n"
        );
        assert_eq!(lines(Language::Rust, &text), [5, 8]);
    }

    #[test]
    fn names_of_python_tests_are_checked() {
        let long = format!("test_{}", "x".repeat(NAME));
        let text = format!(
            "def test_good():\n    async def test_a_user_s_name(self):\ndef {long}() -> None:\ndef a_helper_s_name():\n"
        );
        assert_eq!(lines(Language::Python, &text), [2, 3]);
    }

    #[test]
    fn a_name_can_have_two_offences() {
        let text = format!("def test_a_user_s_{}():\n", "x".repeat(NAME));
        assert_eq!(lines(Language::Python, &text), [1, 1]);
    }
}
