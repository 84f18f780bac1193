//! Grown spheres, capsules and boxes as robots' collision models.

use super::grow::Grown;
use super::kind::PartKind;
use super::part::Part;
use crate::error::{Error, Result};
use nalgebra::UnitQuaternion;
use std::fmt::Write;

/// A kind of file in which robots' collision models are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollisionFormat {
    /// A link of URDF. A capsule is written as a cylinder and two spheres, which every reader knows.
    Urdf,
    /// A body of MuJoCo's MJCF.
    Mjcf,
    /// Spheres alone, in YAML as cuRobo reads them.
    Spheres,
}

impl CollisionFormat {
    /// The format that files of that extension have: `urdf`, `xml` or `yml`.
    pub fn of_extension(extension: &str) -> Option<CollisionFormat> {
        match extension {
            "urdf" => Some(CollisionFormat::Urdf),
            "xml" | "mjcf" => Some(CollisionFormat::Mjcf),
            "yml" | "yaml" => Some(CollisionFormat::Spheres),
            _ => None,
        }
    }

    /// Whether it has shapes for parts of a kind.
    pub fn takes(self, kind: PartKind) -> bool {
        match kind {
            PartKind::Any => false,
            PartKind::Sphere => true,
            PartKind::Capsule | PartKind::Box => self != CollisionFormat::Spheres,
        }
    }
}

impl Grown {
    /// The parts as a collision model of that name. `about` is said in a comment at its head.
    ///
    /// The numbers are those of [`Grown::field`]; what is computed from them is rounded in the last digit.
    ///
    /// An error where the format has no shape for the parts.
    pub fn collision(&self, format: CollisionFormat, name: &str, about: &str) -> Result<String> {
        if let Some(part) = self.parts.iter().find(|part| !format.takes(part.kind)) {
            return Err(Error::Input(match part.kind {
                PartKind::Any => "collision models have spheres, capsules and boxes alone".into(),
                _ => "a list of spheres has no capsules or boxes".into(),
            }));
        }
        let parts = || self.parts.iter().zip(1..);
        let mut text = String::new();
        match format {
            CollisionFormat::Urdf => {
                let (name, about) = (escaped(name), commented(about));
                text += &format!("<?xml version=\"1.0\"?>\n<!-- {about} -->\n<robot name=\"{name}\">\n");
                text += &format!("  <link name=\"{name}\">\n");
                parts().for_each(|(part, n)| self.urdf_of(part, n, &mut text));
                text += "  </link>\n</robot>\n";
            }
            CollisionFormat::Mjcf => {
                let (name, about) = (escaped(name), commented(about));
                text += &format!("<!-- {about} -->\n<mujoco model=\"{name}\">\n  <worldbody>\n");
                text += &format!("    <body name=\"{name}\">\n");
                parts().for_each(|(part, n)| self.mjcf_of(part, n, &mut text));
                text += "    </body>\n  </worldbody>\n</mujoco>\n";
            }
            CollisionFormat::Spheres => {
                about.lines().for_each(|line| text += &format!("# {line}\n"));
                let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                text += &format!("collision_spheres:\n  \"{name}\":\n");
                for (part, _) in parts() {
                    let [x, y, z] = part.at;
                    let _ =
                        writeln!(text, "    - center: [{x:?}, {y:?}, {z:?}]\n      radius: {:?}", part.round);
                }
            }
        }
        Ok(text)
    }

    fn urdf_of(&self, part: &Part, n: usize, text: &mut String) {
        let mut shape = |name: String, at: [f64; 3], turn: [f64; 3], geometry: String| {
            let _ = writeln!(
                text,
                "    <collision name=\"{name}\">\n      <origin xyz=\"{}\" rpy=\"{}\"/>\n      \
                 <geometry><{geometry}/></geometry>\n    </collision>",
                listed(&at),
                listed(&turn)
            );
        };
        let (r, still) = (part.round, [0.0; 3]);
        match part.kind {
            PartKind::Box => {
                let size = listed(&part.sides());
                shape(format!("box_{n}"), part.at, part.turn, format!("box size=\"{size}\""));
            }
            PartKind::Capsule => {
                let ends = part.ends(self.reach, self.digits);
                let along: [f64; 3] = std::array::from_fn(|axis| ends[1][axis] - ends[0][axis]);
                let middle = std::array::from_fn(|axis| 0.5 * (ends[0][axis] + ends[1][axis]));
                let across = along[0].hypot(along[1]);
                let length = across.hypot(along[2]);
                let turn = [0.0, across.atan2(along[2]), along[1].atan2(along[0])];
                shape(
                    format!("capsule_{n}"),
                    middle,
                    turn,
                    format!("cylinder radius=\"{r}\" length=\"{length}\""),
                );
                for (end, which) in ends.into_iter().zip(["from", "to"]) {
                    shape(format!("capsule_{n}_{which}"), end, still, format!("sphere radius=\"{r}\""));
                }
            }
            PartKind::Sphere | PartKind::Any => {
                shape(format!("sphere_{n}"), part.at, still, format!("sphere radius=\"{r}\""));
            }
        }
    }

    fn mjcf_of(&self, part: &Part, n: usize, text: &mut String) {
        let (at, r) = (listed(&part.at), part.round);
        let _ = match part.kind {
            PartKind::Box => {
                let half = listed(&part.sides().map(|side| 0.5 * side));
                let [a, b, c] = part.turn;
                let turn = UnitQuaternion::from_euler_angles(a, b, c);
                let turn = listed(&[turn.w, turn.i, turn.j, turn.k]);
                writeln!(
                    text,
                    "      <geom name=\"box_{n}\" type=\"box\" size=\"{half}\" pos=\"{at}\" quat=\"{turn}\"/>"
                )
            }
            PartKind::Capsule => {
                let ends = listed(part.ends(self.reach, self.digits).as_flattened());
                writeln!(
                    text,
                    "      <geom name=\"capsule_{n}\" type=\"capsule\" size=\"{r}\" fromto=\"{ends}\"/>"
                )
            }
            PartKind::Sphere | PartKind::Any => {
                writeln!(text, "      <geom name=\"sphere_{n}\" type=\"sphere\" size=\"{r}\" pos=\"{at}\"/>")
            }
        };
    }
}

fn listed(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// In a comment of XML there are no two dashes side by side.
fn commented(text: &str) -> String {
    text.replace("--", "- -").replace('\n', " ")
}
