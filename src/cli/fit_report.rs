//! The report of a fit: one page by itself, with pictures, the course of the fit, its measures and its values.

use super::checkpoint::FitStep;
use super::fit::FitRun;
use crate::error::Result;
use crate::file::write_whole;
use crate::fit::{Factor, Fit, Linearised, Model, Residuals};
use crate::render::{Options, Shade, Size, Stage};
use crate::scene::Scene;
use std::fmt::Write;
use std::path::Path;

/// A value that was found.
pub(super) struct FoundValue {
    pub(super) name: String,
    pub(super) before: Option<f64>,
    pub(super) after: f64,
    /// Its standard deviation; none, where the residuals do not determine it.
    pub(super) deviation: Option<f64>,
}

/// How uncertain the unknowns of a fit are, where it is: the roots of the diagonal of s²·(JᵀJ)⁻¹, with s² what is left over
/// what is left free. Nothing for those that no residual depends on; for none at all, where they are not determined
/// together.
pub(super) fn deviations(fit: &mut Fit) -> Vec<Option<f64>> {
    let at = fit.unknowns().get();
    let mut model = Model::new(at.len(), Factor::Triangle);
    let value = fit.linearise(&at, &mut model);
    let held = hold(fit, &at, &mut model);
    let free = (fit.len() + held).saturating_sub(at.len());
    let covariance = if free > 0 { model.covariance() } else { None };
    let of = |n: usize| {
        let square = 2.0 * value / free as f64 * covariance.as_ref()?[(n, n)];
        (square.is_finite() && square >= 0.0).then(|| square.sqrt())
    };
    (0..at.len()).map(of).collect()
}

/// Adds the constraints that are at an end of their ranges as residuals that weigh far more than all others, so that
/// what they hold is certain; how many there are that are not redundant.
fn hold(fit: &mut Fit, at: &[f64], model: &mut Model) -> usize {
    let heaviest = model.lengths().into_iter().fold(0.0, f64::max);
    let Some(constraints) = fit.constraints() else { return 0 };
    let redundant = constraints.redundant(at);
    let mut held = 0;
    for (n, Linearised { value, slope, range: (low, high) }) in constraints.linearised(at).iter().enumerate()
    {
        let length = slope.iter().map(|own| own * own).sum::<f64>().sqrt();
        let is_free = *value > low + END * length && *value < high - END * length;
        if length > 0.0 && !is_free && redundant.iter().all(|own| own.constraint != n) {
            let row: Vec<f64> = slope.iter().map(|own| own / length * CERTAIN * heaviest).collect();
            model.add(0.0, &row);
            held += 1;
        }
    }
    held
}

/// How near to an end of its range a constraint is held there, as a change of unknowns; and by how much what is certain
/// outweighs what was measured.
const END: f64 = 1e-9;
const CERTAIN: f64 = 1e4;

/// Writes the page.
pub(super) fn save(
    path: &Path,
    title: &str,
    scene: &Scene,
    run: &FitRun,
    facts: &[(&str, String)],
    values: &[FoundValue],
) -> Result<()> {
    let mut page = String::from(HEAD);
    let _ = write!(page, "<title>{0}</title>\n<h1>{0}</h1>\n", escaped(title));
    let stage = Stage::new(scene)?;
    for (shade, about) in [(Shade::Lit, "The scene that was found"), (Shade::Normals, "Its normals")] {
        let options = Options::default().size(Size { width: 480, height: 360 }).shade(shade);
        let png = stage.picture(&options)?.to_png()?;
        let _ = writeln!(page, "<img alt=\"{about}\" src=\"data:image/png;base64,{}\">", base64(&png));
    }
    page += "<h2>Measures</h2>\n<table>\n";
    for (name, fact) in facts {
        let _ = writeln!(page, "<tr><th>{}<td>{}", escaped(name), escaped(fact));
    }
    page += "</table>\n<h2>Its course</h2>\n";
    page += &curve(run.course());
    if !values.is_empty() {
        page += "<h2>Values</h2>\n<table>\n<tr><th>name<th>before<th>after<th>±\n";
    }
    for value in values {
        let number = |own: Option<f64>| own.map_or("–".to_string(), |own| format!("{own:.6}"));
        let after = number(Some(value.after));
        let deviation = value.deviation.map_or("not determined".into(), |own| format!("{own:.1e}"));
        let (name, before) = (escaped(&value.name), number(value.before));
        let _ = writeln!(page, "<tr><th>{name}<td>{before}<td>{after}<td>{deviation}");
    }
    if !values.is_empty() {
        page += "</table>\n<p>± is one standard deviation, from what is left and JᵀJ: it holds where what is left is \
                 noise.\n";
    }
    write_whole(path, |out| out.write_all(page.as_bytes()))
}

const HEAD: &str = "<!doctype html>\n<meta charset=\"utf-8\">\n\
<style>body { font: 15px/1.5 sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em }\n\
table { border-collapse: collapse } th, td { text-align: left; padding: .1em 1.5em .1em 0; font-weight: normal }\n\
td { font-variant-numeric: tabular-nums } img, svg { max-width: 100% }</style>\n";

/// The cost left after each step, on a logarithmic scale.
fn curve(course: &[FitStep]) -> String {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 240.0;
    let logs: Vec<f64> = course.iter().map(|step| step.value.max(1e-300).log10()).collect();
    let (low, high) = logs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    if !(low.is_finite() && high.is_finite()) {
        return "<p>There was no step.\n".into();
    }
    let across = |n: usize| WIDTH * n as f64 / (logs.len() - 1).max(1) as f64;
    let down = |log: f64| HEIGHT * (high - log) / (high - low).max(1e-9);
    let points: String =
        logs.iter().enumerate().map(|(n, &log)| format!("{:.1},{:.1} ", across(n), down(log))).collect();
    format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"-4 -4 648 248\">\
         <polyline fill=\"none\" stroke=\"#3d405b\" stroke-width=\"2\" points=\"{points}\"/></svg>\n\
         <p>What was left, from {:.2e} down to {:.2e}, over {} steps and {:.1} s; the scale is logarithmic.\n",
        10f64.powf(high),
        10f64.powf(low),
        course.len(),
        course.last().map_or(0.0, |last| last.seconds)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Bytes as text (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word =
            three.iter().fold(0u32, |all, &byte| all << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for n in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= three.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_standard_has_it() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
