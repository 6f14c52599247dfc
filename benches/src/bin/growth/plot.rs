//! Draws a curve as SVG, in colours that can be read on light and dark pages.

use std::{error::Error, path::Path};

use plotters::{
    chart::ChartBuilder,
    coord::combinators::IntoLogRange as _,
    drawing::IntoDrawingArea as _,
    element::{Circle, PathElement},
    prelude::SVGBackend,
    series::LineSeries,
    style::{Color as _, IntoFont as _, RGBColor},
};

/// What stands beside the curve.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) along: &'static str,
    pub(crate) up: &'static str,
}

/// A figure, and how much it varied.
pub(crate) struct Point {
    pub(crate) size: u64,
    pub(crate) low: f64,
    pub(crate) middle: f64,
    pub(crate) high: f64,
}

/// Width and height in pixels.
const SIZE: (u32, u32) = (640, 320);
const INK: RGBColor = RGBColor(0x80, 0x80, 0x80);
const CURVE: RGBColor = RGBColor(0x2f, 0x6f, 0xdb);

impl Point {
    /// Makes the point of many figures.
    pub(crate) fn of(size: u64, mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |part: usize| figures[(figures.len() - 1) * part / 10];
        Self { size, low: at(1), middle: at(5), high: at(9) }
    }
}

impl Plot {
    /// Writes the plot to a file.
    pub(crate) fn draw(&self, file: &Path, points: &[Point]) -> Result<(), Box<dyn Error>> {
        let area = SVGBackend::new(file, SIZE).into_drawing_area();
        let smallest = points.first().map_or(1, |point| point.size).max(1);
        let largest = points.last().map_or(1, |point| point.size).max(smallest + 1);
        let top = points.iter().map(|point| point.high).fold(0.0, f64::max) * 1.1;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18).into_font().color(&INK))
            .margin(12)
            .margin_right(32)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d((smallest..largest).log_scale(), 0.0..top)?;
        chart
            .configure_mesh()
            .bold_line_style(INK.mix(0.25))
            .light_line_style(INK.mix(0.0))
            .axis_style(INK)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .x_desc(self.along)
            .y_desc(self.up)
            .x_label_formatter(&|size| short(*size))
            .y_label_formatter(&|figure| format!("{figure:.0}"))
            .draw()?;
        chart.draw_series(LineSeries::new(
            points.iter().map(|point| (point.size, point.middle)),
            CURVE.stroke_width(2),
        ))?;
        chart.draw_series(points.iter().map(|point| {
            PathElement::new([(point.size, point.low), (point.size, point.high)], CURVE.mix(0.5).stroke_width(2))
        }))?;
        chart.draw_series(points.iter().map(|point| Circle::new((point.size, point.middle), 3, CURVE.filled())))?;
        area.present()?;
        Ok(())
    }
}

/// Writes a number with M for millions and k for thousands.
fn short(number: u64) -> String {
    match number {
        1_000_000.. if number.is_multiple_of(1_000_000) => format!("{} M", number / 1_000_000),
        10_000.. if number.is_multiple_of(1000) => format!("{} k", number / 1000),
        _ => number.to_string(),
    }
}
