//! The name of a device in words: `Firefox` and `Linux` for what a browser sends in `User-Agent`.
//!
//! A client may send any text, so this is a help for people and proves nothing.

/// The browsers, by the mark of each. An earlier one counts: most browsers also claim to be Chrome and Safari.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
];

/// The longest name of a program, in characters.
const LONGEST: usize = 60;

/// What is known of a device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Device {
    Browser(&'static str, &'static str),
    /// Another program, as it calls itself.
    Program(String),
    Unknown,
}

impl Device {
    /// Reads the label of a session.
    pub(super) fn of(label: Option<&str>) -> Self {
        let Some(label) = label.map(str::trim).filter(|label| !label.is_empty()) else { return Self::Unknown };
        let find =
            |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| label.contains(mark)).map(|(_, name)| *name);
        if let (Some(browser), Some(system)) = (find(&BROWSERS), find(&SYSTEMS)) {
            return Self::Browser(browser, system);
        }
        let visible = || label.chars().filter(|c| !c.is_control());
        if visible().nth(LONGEST).is_none() {
            return Self::Program(visible().collect());
        }
        Self::Program(visible().take(LONGEST - 1).chain(['…']).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_systems_are_told_apart() {
        for (label, browser, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140 Mobile Safari/604.1",
                "Chrome",
                "iPhone",
            ),
            ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36", "Chrome", "Android"),
        ] {
            assert_eq!(Device::of(Some(label)), Device::Browser(browser, system), "{label}");
        }
    }

    #[test]
    fn another_program_has_its_own_name_cut_off() {
        assert_eq!(Device::of(Some("curl/8.5.0")), Device::Program("curl/8.5.0".to_owned()));
        let Device::Program(name) = Device::of(Some(&"x".repeat(1000))) else { panic!("a program") };
        assert_eq!((name.chars().count(), name.ends_with('…')), (LONGEST, true));
        for none in [None, Some(""), Some("  ")] {
            assert_eq!(Device::of(none), Device::Unknown);
        }
    }
}
