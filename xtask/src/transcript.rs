//! Transcripts: commands and their expected output, in the comment at the top of an example program.
//!
//! ```text
//! $ curl -s http://127.0.0.1:3000/sessions
//! [{"id":"…","current":true}]
//! ```
//!
//! A line `$ …` is a command of bash; one that ends with `\` goes on in the next line. The lines after it are its
//! output, errors included. `…` matches any text within a line. Outside of a code block, an empty line ends the output.
//! A line `needs: NAME on port N` names a program that must run as well.
//!
//! Knows text alone, and nothing of processes.

/// The transcript of a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    pub(crate) needs: Option<Need>,
    pub(crate) commands: Vec<Command>,
}

/// Another example program that must run at the same time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) program: String,
    /// The port that the transcript names.
    pub(crate) port: u16,
}

/// A command and its expected output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) line: String,
    expected: Vec<String>,
}

impl Transcript {
    /// Reads the comment at the top of a program. `mark` begins its lines, such as `//!`.
    pub(crate) fn read(source: &str, mark: &str) -> Self {
        let mut transcript = Self::default();
        let (mut is_output, mut in_block) = (false, false);
        let mut lines = source.lines().map_while(|line| line.strip_prefix(mark));
        while let Some(line) = lines.next() {
            let line = line.strip_prefix(' ').unwrap_or(line);
            if line.starts_with("```") {
                (is_output, in_block) = (false, !in_block);
            } else if let Some(command) = line.strip_prefix("$ ") {
                let mut command = command.to_owned();
                while command.ends_with('\\')
                    && let Some(next) = lines.next()
                {
                    command.push('\n');
                    command.push_str(next);
                }
                transcript.commands.push(Command { line: command, expected: Vec::new() });
                is_output = true;
            } else if let Some(needs) = line.strip_prefix("needs: ") {
                transcript.needs = Need::read(needs);
            } else if line.is_empty() && !in_block {
                is_output = false;
            } else if let (true, Some(last)) = (is_output, transcript.commands.last_mut()) {
                last.expected.push(line.to_owned());
            }
        }
        transcript
    }
}

impl Need {
    fn read(text: &str) -> Option<Self> {
        let (program, port) = text.split_once(" on port ")?;
        Some(Self { program: program.to_owned(), port: port.trim().parse().ok()? })
    }
}

impl Command {
    /// Returns whether a command's output is the expected one, apart from blank space at its end.
    pub(crate) fn fits(&self, output: &str) -> bool {
        let got: Vec<_> = output.trim_end().lines().map(str::trim_end).collect();
        let expected = self.expected();
        let expected: Vec<_> = expected.lines().map(str::trim_end).collect();
        got.len() == expected.len() && expected.iter().zip(got).all(|(pattern, line)| fits(pattern, line))
    }

    /// Returns the expected output.
    pub(crate) fn expected(&self) -> String {
        self.expected.join("\n").trim_end().to_owned()
    }
}

/// Whether a line fits a pattern, where `…` is any text.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(end) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(end)
}

/// Replaces the port in every address of this machine.
pub(crate) fn with_ports(command: &str, port: impl Fn(u16) -> u16) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = command.split(HOST);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number = part[..end].parse().map_or_else(|_| part[..end].to_owned(), |number| port(number).to_string());
        replaced.extend([HOST, &number, &part[end..]]);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str, expected: &[&str]) -> Command {
        Command { line: line.to_owned(), expected: expected.iter().map(|&line| line.to_owned()).collect() }
    }

    #[test]
    fn commands_are_read_with_their_output() {
        let source = "//! Shows it.\n//!\n//! ```text\n//! $ one\n//! a\n//!\n//! b\n//! $ X=$(two)\n//! ```\n//! End.\n\n//! $ no";
        let expected = vec![command("one", &["a", "", "b"]), command("X=$(two)", &[])];
        assert_eq!(Transcript::read(source, "//!"), Transcript { needs: None, commands: expected });
    }

    #[test]
    fn without_a_code_block_an_empty_line_ends_the_output() {
        let source = "# Shows it.\n#\n# $ one\n# a\n#\n# Prose.\n# $ two\n# b\nimport flask\n# $ no\n";
        let expected = vec![command("one", &["a"]), command("two", &["b"])];
        assert_eq!(Transcript::read(source, "#").commands, expected);
    }

    #[test]
    fn a_command_goes_on_after_a_backslash() {
        let transcript = Transcript::read("# $ one \\\n#     two\n# a\n", "#");
        assert_eq!(transcript.commands, [command("one \\\n     two", &["a"])]);
    }

    #[test]
    fn a_program_names_the_one_that_it_needs() {
        let transcript = Transcript::read("//! Text.\n//!\n//! needs: key_pair on port 3001\n", "//!");
        assert_eq!(transcript.needs, Some(Need { program: "key_pair".to_owned(), port: 3001 }));
        assert_eq!(Transcript::read("//! needs: patience\n", "//!").needs, None);
    }

    #[test]
    fn an_ellipsis_is_any_text_within_a_line() {
        for (pattern, line) in
            [("a", "a"), ("…", ""), ("…", "abc"), ("a…c", "abc"), ("a…c", "ac"), ("…b…", "abc"), ("a…b…b", "abb")]
        {
            assert!(fits(pattern, line), "{pattern} {line}");
        }
        for (pattern, line) in
            [("a", "ab"), ("a", ""), ("a…", "ba"), ("…a", "ab"), ("ab…ba", "aba"), ("a…b…b", "ab"), ("…b…", "ac")]
        {
            assert!(!fits(pattern, line), "{pattern} {line}");
        }
    }

    #[test]
    fn output_has_as_many_lines_as_expected() {
        let two = command("", &["a…", "c"]);
        assert!(two.fits("ab\r\nc\n\n"));
        assert!(!two.fits("ab"));
        assert!(!two.fits("ab\nc\nd"));
        assert!(command("", &[]).fits("\n"));
        assert!(!command("", &[]).fits("curl: (7) Failed to connect"));
    }

    #[test]
    fn the_ports_of_this_machine_are_replaced() {
        let replaced =
            with_ports("curl 127.0.0.1:3000/a http://127.0.0.1:3001 127.0.0.1:$PORT 3000", |port| port + 1000);
        assert_eq!(replaced, "curl 127.0.0.1:4000/a http://127.0.0.1:4001 127.0.0.1:$PORT 3000");
    }
}
