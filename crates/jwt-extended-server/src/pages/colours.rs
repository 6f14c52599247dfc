//! The accent colour: made darker or lighter until text in it, and on it, can be read (contrast AA of WCAG 2.2).

use std::str::FromStr;

use serde::Deserialize;

/// The contrast that text needs.
const READABLE: f64 = 4.5;
/// The backgrounds of the stylesheet: cards and the page, in light and in dark.
const LIGHT: [Colour; 2] = [Colour([255, 255, 255]), Colour([0xf4, 0xf5, 0xf8])];
const DARK: [Colour; 2] = [Colour([0x19, 0x1d, 0x27]), Colour([0x10, 0x13, 0x1a])];

/// A colour, such as `#3451b2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Colour([u8; 3]);

impl FromStr for Colour {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "pages.accent must be a colour such as #3451b2";
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(EXPECTED)?;
        let digits =
            Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or(EXPECTED)?;
        let part =
            |at: usize| digits.get(at..at + 2).and_then(|part| u8::from_str_radix(part, 16).ok()).ok_or(EXPECTED);
        Ok(Self([part(0)?, part(2)?, part(4)?]))
    }
}

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Colour {
    /// Returns the rules that set the accent in light and in dark.
    pub(super) fn rules(self) -> String {
        let rule =
            |colour: Self| format!(":root {{ --accent: {}; --on-accent: {}; }}", colour.text(), colour.ink().text());
        let light = self.readable_on(&LIGHT, Self([0, 0, 0]));
        let dark = self.readable_on(&DARK, Self([255, 255, 255]));
        format!("{}\n@media (prefers-color-scheme: dark) {{ {} }}\n", rule(light), rule(dark))
    }

    /// Mixes in as much of another colour as it takes to be readable on all of these.
    fn readable_on(self, backgrounds: &[Self], other: Self) -> Self {
        let mixtures = (0..=32_u16).map(|share| self.mixed(other, share));
        let is_readable = |colour: &Self| backgrounds.iter().all(|background| colour.contrast(*background) >= READABLE);
        mixtures.into_iter().find(is_readable).unwrap_or(other)
    }

    /// Returns the mixture with so many parts of 32 of another colour.
    fn mixed(self, other: Self, share: u16) -> Self {
        let mut mixed = self.0;
        for (part, other) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*part) * (32 - share) + u16::from(other) * share;
            *part = u8::try_from(sum / 32).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// Returns black or white, whichever is easier to read on it.
    fn ink(self) -> Self {
        let [black, white] = [Self([0x10, 0x13, 0x1d]), Self([255, 255, 255])];
        if self.contrast(white) >= self.contrast(black) { white } else { black }
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > two { one / two } else { two / one }
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn text(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accent_can_be_read_in_light_and_in_dark() {
        for accent in ["#ffffff", "#000000", "#ffff00", "#ff0000", "#00ff00", "#3451b2", "#808080", "#0d9488"] {
            let accent: Colour = accent.parse().unwrap();
            for (backgrounds, other) in [(LIGHT, Colour([0, 0, 0])), (DARK, Colour([255, 255, 255]))] {
                let shown = accent.readable_on(&backgrounds, other);
                assert!(backgrounds.iter().all(|background| shown.contrast(*background) >= READABLE), "{accent:?}");
                assert!(shown.contrast(shown.ink()) >= READABLE, "{accent:?} as a button");
            }
        }
    }

    #[test]
    fn a_readable_accent_stays_as_it_is() {
        assert!(
            "#0d6e66"
                .parse::<Colour>()
                .unwrap()
                .rules()
                .starts_with(":root { --accent: #0d6e66; --on-accent: #ffffff; }")
        );
    }

    #[test]
    fn a_colour_has_six_digits() {
        for text in ["", "red", "3451b2", "#345", "#3451b", "#3451b2;", "#3451bé", "#+451b2"] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }
}
