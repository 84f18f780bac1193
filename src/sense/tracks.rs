//! The tracks of a recording as files: a table for each tick a row (CSV), or all of it as one object (JSON).

use super::{ProbeTracks, Recording, Track};
use crate::error::Result;
use crate::file::write_whole;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

impl Recording {
    /// Writes all tracks as CSV: a row a tick, of its time and of each probe's place, readings and channels, in
    /// columns called `t`, `NAME.x`, `NAME.y`, `NAME.z`, `NAME.f`, …, `NAME.tone.pitch`, ….
    pub fn save_csv(&self, path: &Path) -> Result<()> {
        write_whole(path, |out| self.write_csv(out))
    }

    /// Writes all tracks as JSON, each with its unit; its range, where it has one; and its values. What is no number
    /// is `null`.
    pub fn save_json(&self, path: &Path) -> Result<()> {
        write_whole(path, |out| Ok(serde_json::to_writer(out, &self.json())?))
    }

    fn write_csv(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write!(out, "t")?;
        for probe in &self.probes {
            let own = ["x", "y", "z"].into_iter().chain(probe.tracks().map(|track| track.name.as_str()));
            own.into_iter().try_for_each(|name| write!(out, ",{}.{name}", probe.name))?;
        }
        writeln!(out)?;
        for tick in 0..self.clock.count() {
            write!(out, "{}", self.clock.at(tick))?;
            for probe in &self.probes {
                let values =
                    probe.places[tick].into_iter().chain(probe.tracks().map(|track| track.values[tick]));
                values.into_iter().try_for_each(|value| write!(out, ",{value}"))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let times: Vec<f64> = (0..self.clock.count()).map(|tick| self.clock.at(tick)).collect();
        let probes: Vec<Value> = self
            .probes
            .iter()
            .map(|probe| {
                json!({
                    "name": probe.name,
                    "places": probe.places,
                    "readings": probe.readings.iter().map(track).collect::<Vec<Value>>(),
                    "channels": probe.channels.iter().map(track).collect::<Vec<Value>>(),
                })
            })
            .collect();
        let faults: Vec<String> = self.faults.iter().map(|fault| fault.to_string()).collect();
        json!({ "rate": self.clock.rate(), "times": times, "probes": probes, "faults": faults })
    }
}

impl ProbeTracks {
    fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.readings.iter().chain(&self.channels)
    }
}

fn track(track: &Track) -> Value {
    let mut value = json!({ "name": track.name, "unit": track.unit, "values": track.values });
    if track.range.iter().all(|end| end.is_finite()) {
        value["range"] = json!(track.range);
    }
    value
}
