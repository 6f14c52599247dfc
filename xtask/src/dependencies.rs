//! Compares `docs/DEPENDENCIES.md` with the dependencies that there are: each has a line with its licence, and each
//! line a dependency.

use std::{collections::BTreeSet, fs};

use crate::{
    metadata::Metadata,
    tools::{self, Trouble, failed},
};

const PAGE: &str = "docs/DEPENDENCIES.md";

/// A dependency's name and licence.
type Line = (String, String);

/// Prints each line that is missing, and each that is too many.
pub(crate) fn check() -> Result<(), Trouble> {
    let page = fs::read_to_string(tools::root().join(PAGE))?;
    let listed = lines(&page, "## Crates");
    let direct = Metadata::read()?.direct().into_iter().map(|package| (package.name, package.licence)).collect();
    let offences = offences(&listed, &direct);
    for offence in &offences {
        println!("{PAGE}: {offence}");
    }
    if offences.is_empty() { Ok(()) } else { failed(format!("{} offences, listed above", offences.len())) }
}

/// The first two columns of the table in a section, without its head.
fn lines(page: &str, section: &str) -> BTreeSet<Line> {
    let section = page.lines().skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with("## "));
    let rows = section.filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.split(" | ").map(str::trim).collect();
        // A line without its reasons is as good as none.
        let complete = cells.len() == 4 && cells.iter().all(|cell| !cell.trim_matches('|').trim().is_empty());
        complete.then(|| (cells[0].to_owned(), cells[1].to_owned()))
    });
    rows.filter(|(name, _)| name != "crate").collect()
}

fn offences(listed: &BTreeSet<Line>, direct: &BTreeSet<Line>) -> Vec<String> {
    let missing = direct.difference(listed).map(|(name, licence)| format!("no line for {name}, licensed as {licence}"));
    let stale = listed.difference(direct).map(|(name, licence)| format!("{name} ({licence}) is no direct dependency"));
    missing.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[(&str, &str)]) -> BTreeSet<Line> {
        lines.iter().map(|(name, licence)| ((*name).to_owned(), (*licence).to_owned())).collect()
    }

    #[test]
    fn only_complete_rows_of_the_section_count() {
        let page = "| x | MIT | a | b |\n## Crates\n| crate | licence | why | trust |\n|---|---|---|---|\n\
                    | serde | MIT | a | b |\n| bare | MIT | a |  |\n## In Python\n| flask | BSD | a | b |\n";
        assert_eq!(lines(page, "## Crates"), set(&[("serde", "MIT")]));
    }

    #[test]
    fn missing_stale_and_relicensed_crates_are_offences() {
        let (listed, direct) = (set(&[("a", "MIT"), ("b", "MIT")]), set(&[("b", "ISC"), ("c", "MIT")]));
        assert_eq!(
            offences(&listed, &direct),
            [
                "no line for b, licensed as ISC",
                "no line for c, licensed as MIT",
                "a (MIT) is no direct dependency",
                "b (MIT) is no direct dependency",
            ]
        );
        assert!(offences(&listed, &listed).is_empty());
    }
}
