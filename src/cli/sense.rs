//! `sense`: what a scene's probes say, as sound, as tracks, as messages to other programs.

use super::arguments::{Common, SenseVerb};
use super::output::{extension, print_json, saved, unknown_kind};
use super::{Ending, input};
use crate::error::{Error, Result};
use crate::file::check_writable;
use crate::sense::{Clock, Recording, Sound, osc};
use serde_json::json;

pub(super) fn run(verb: &SenseVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let kinds = ["wav", "csv", "json"];
    for path in &verb.out {
        if !kinds.contains(&extension(path).as_str()) {
            return Err(unknown_kind(path, ".wav, .csv or .json"));
        }
        check_writable(path)?;
    }
    let to = verb.osc.as_deref().map(osc::address).transpose()?;
    if verb.out.is_empty() && to.is_none() {
        return Err(Error::Input("nothing to do: say -o FILE, or --osc HOST:PORT, or both".into()));
    }
    let timeline = scene.timeline();
    let (from, until) = (verb.from.unwrap_or(timeline.from), verb.to.unwrap_or(timeline.to));
    let recording = Recording::of(&scene, &Clock::new(from, until, verb.rate)?)?;
    if !common.quiet {
        recording.faults.iter().for_each(|fault| eprintln!("{fault}"));
    }
    let mut sound: Option<Sound> = None;
    for path in &verb.out {
        match extension(path).as_str() {
            "csv" => recording.save_csv(path)?,
            "json" => recording.save_json(path)?,
            _ => {
                let made = match (sound.take(), verb.voltages) {
                    (Some(made), _) => made,
                    (None, true) => Sound::voltages(&recording, verb.samples)?,
                    (None, false) => Sound::of(&recording, verb.samples)?,
                };
                made.save_wav(path)?;
                sound = Some(made);
            }
        }
        if !common.json {
            saved(path, common)?;
        }
    }
    let sent = to.map(|to| osc::send(&recording, to)).transpose()?;
    if let (Some(sent), Some(to), false, false) = (sent, to, common.quiet, common.json) {
        eprintln!("{sent} bundles are sent to {to}");
    }
    if common.json {
        let files: Vec<String> = verb.out.iter().map(|path| path.display().to_string()).collect();
        let faults: Vec<String> = recording.faults.iter().map(|fault| fault.to_string()).collect();
        let probes: Vec<&str> = recording.probes.iter().map(|probe| probe.name.as_str()).collect();
        let ticks = recording.clock.count();
        print_json(
            &json!({ "files": files, "probes": probes, "ticks": ticks, "sent": sent, "faults": faults }),
        )?;
    }
    Ok(Ending::Done)
}
