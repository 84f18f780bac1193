//! Scenes that are not right: what is said of each, and where.

use fieldgrad::prelude::*;
use fieldgrad::scene::Scene;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A mistake in a line: the place, what is underlined, and what is said.
fn said(result: Result<Scene>) -> String {
    match result {
        Ok(_) => "nothing".into(),
        Err(Error::Scene(mistake)) => {
            let column = mistake.place.column as usize - 1;
            let underlined: String = mistake.line.chars().skip(column).take(mistake.width).collect();
            format!("{}:{} `{underlined}`: {}", mistake.place.line, mistake.place.column, mistake.problem)
        }
        Err(other) => other.to_string(),
    }
}

/// What is wrong, the script, and what is said of it.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "a function of its own called as a method",
        "fn grown(f, r) { f - r } show(sphere(1).grown(0.2));",
        "1:41 `grown`: grown is a function of the scene's own, and no method: it is called as grown(…)",
    ),
    (
        "a function of its own with too few arguments",
        "fn grown(f, r) { f - r } show(grown(sphere(1)));",
        "1:31 `grown`: grown takes (f, r); got (a field)",
    ),
    (
        "closures that hold closures",
        "let a = |x| x; loop { let b = a; a = |x| b.call(x); }",
        "1:31 `a`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "an unknown function",
        "show(spere(1));",
        "1:6 `spere`: there is no function spere; did you mean sphere?",
    ),
    (
        "an unknown method",
        "show(sphere(1).translat([1, 0, 0]));",
        "1:16 `translat`: there is no function translat; did you mean translate?",
    ),
    (
        "an unknown function that is near none",
        "show(frobnicate(1));",
        "1:6 `frobnicate`: there is no function frobnicate",
    ),
    (
        "a function of lists on a field",
        "show(sphere(1).map(|p| p + 1));",
        "1:16 `map`: map does not take (a field, a function)",
    ),
    (
        "an unknown variable",
        "let radius = 2; show(sphere(radios));",
        "1:29 `radios`: there is no variable radios; did you mean radius?",
    ),
    (
        "a variable of outside in a function",
        "let r = 2; fn ball() { sphere(r) } show(ball());",
        "1:31 `r`: r is not known here: a function sees only its own arguments, and a block's variables end with it",
    ),
    (
        "a function that is not called",
        "show(sphere);",
        "1:6 `sphere`: sphere is a function, and must be called: sphere(r)",
    ),
    ("too many arguments", "show(sphere(1, 2));", "1:6 `sphere`: sphere takes (r); got (a number, a number)"),
    ("too few arguments", "show(torus(1));", "1:6 `torus`: torus takes (R, r); got (a number)"),
    ("no arguments", "show(sphere());", "1:6 `sphere`: sphere takes (r); got ()"),
    (
        "too many for every form",
        r#"show(smooth_min(sphere(1), sphere(2), 0.1, "root", 5));"#,
        "1:6 `smooth_min`: smooth_min takes (a, b) or (a, b, k) or (a, b, k, kind); got (a field, a field, a number, text, a number)",
    ),
    (
        "too many for a method",
        "show(sphere(1).twist(1, 2));",
        "1:16 `twist`: twist takes (shape, rate); got (a field, a number, a number)",
    ),
    (
        "text for a number",
        r#"show(sphere("a"));"#,
        r#"1:6 `sphere`: sphere takes (r); got ("a"): r is text, and must be a size: a number or a field, not negative"#,
    ),
    (
        "a number for a vector",
        "show(box(1));",
        "1:6 `box`: box takes (size); got (1): size is a number, and must be three sizes [a, b, c]",
    ),
    (
        "a vector that is too short",
        "show(box([1, 2]));",
        "1:6 `box`: box takes (size); got ([1, 2]): size is a list of 2, and must be three sizes [a, b, c]",
    ),
    (
        "a vector with text in it",
        r#"show(sphere(1).translate([0, "up", 0]));"#,
        r#"1:16 `translate`: translate takes (shape, by); got (sphere, [0, "up", 0]): by is a list of 3, and must be a vector [a, b, c]"#,
    ),
    (
        "a number for text",
        "show(text(5, 1));",
        "1:6 `text`: text takes (string, size); got (5, 1): string is a number, and must be text",
    ),
    (
        "a vector for a number",
        "show(sphere([1, 2, 3]));",
        "1:6 `sphere`: sphere takes (r); got ([1, 2, 3]): r is a list of 3, and must be a size: a number or a field, not negative",
    ),
    (
        "a map for a number",
        "show(sphere(#{ r: 1 }));",
        "1:6 `sphere`: sphere takes (r); got (#{…}): r is a map of options, and must be a size: a number or a field, not negative",
    ),
    (
        "nothing for a number",
        "let nothing = (); show(sphere(nothing));",
        "1:24 `sphere`: sphere takes (r); got (nothing): r is nothing, and must be a size: a number or a field, not negative",
    ),
    (
        "a function for a number",
        "show(sphere(|a| a));",
        "1:6 `sphere`: sphere takes (r); got (a function): r is a function, and must be a size: a number or a field, not negative",
    ),
    (
        "points that are none",
        "show(polygon([1, 2, 3]));",
        "1:6 `polygon`: polygon takes (points); got ([1, 2, 3]): points is a list of 3, and must be a list of points [[x, y], …]",
    ),
    (
        "too few points",
        "show(polygon([[0, 0], [1, 0]]));",
        "1:6 `polygon`: polygon: points has 2 points, and must have at least 3",
    ),
    (
        "keys that go back in time",
        "show(sphere(keyframes([[1, 0.5], [0, 1]])));",
        "1:13 `keyframes`: keyframes: keys go back in time, from 1 to 0",
    ),
    (
        "shapes that are text",
        r#"show(union(sphere(1), "box"));"#,
        r#"1:6 `union`: union takes any number of fields, or a list of them; got [sphere, "box"]"#,
    ),
    ("a negative size", "show(sphere(-1));", "1:6 `sphere`: sphere: r is -1, which is negative"),
    ("a factor of 0", "show(sphere(1).scale(0));", "1:16 `scale`: scale: factor is 0, and must be above 0"),
    (
        "a direction of no length",
        "show(sphere(1).rotate([0, 0, 0], 1));",
        "1:16 `rotate`: rotate: axis is the zero vector, which has no direction",
    ),
    (
        "an unknown axis",
        r#"show(sphere(1).mirror("w"));"#,
        r#"1:16 `mirror`: mirror: axis is "w", and must be one of x, y, z"#,
    ),
    (
        "an unknown kind of smooth minimum",
        r#"show(smooth_min(sphere(1), y, 0.3, "cubik"));"#,
        r#"1:6 `smooth_min`: smooth_min: kind is "cubik", and must be one of cubic, quadratic, quartic, circular, exponential, root"#,
    ),
    (
        "letters that cannot be drawn",
        r#"show(text("naïve", 1));"#,
        "1:6 `text`: text: string has 'ï', and only the printable characters of ASCII can be drawn",
    ),
    (
        "corners that are no whole number",
        "show(regular_polygon(2.5, 1));",
        "1:6 `regular_polygon`: regular_polygon: n is 2.5, and must be a whole number, at least 3",
    ),
    ("division by zero", "show(sphere(1 / 0));", "1:15 `/`: 1 / 0 is inf, not a finite number"),
    ("a number that is none", "show(sphere(0 / 0));", "1:15 `/`: 0 / 0 is NaN, not a finite number"),
    ("a logarithm of nothing", "show(sphere(ln(0)));", "1:13 `ln`: ln is -inf here, not a finite number"),
    (
        "a number beyond all bounds",
        "show(sphere(1e300 * 1e300));",
        "1:19 `*`: 1e300 * 1e300 is inf, not a finite number",
    ),
    (
        "a power beyond all bounds",
        "let n = 10 ** 400; show(sphere(n));",
        "1:12 `**`: 10 ** 400 is inf, not a finite number",
    ),
    ("a field and a text", r#"show(sphere(1) + "a");"#, "1:16 `+`: + does not go with a field and text"),
    (
        "a text and a list",
        r#"let a = "a" - [1]; show(sphere(1));"#,
        "1:13 `-`: - does not go with text and a list",
    ),
    (
        "vectors of two lengths",
        "let a = [1, 2, 3] - [1, 2]; show(sphere(1));",
        "1:19 `-`: - does not go with a list of 3 and a list of 2: a vector has two or three components, numbers or fields, and goes with one of as many",
    ),
    (
        "a long list times a number",
        "let a = 2 * [1, 2, 3, 4]; show(sphere(1));",
        "1:11 `*`: * does not go with a number and a list of 4: a vector has two or three components, numbers or fields, and goes with one of as many",
    ),
    (
        "a component that is none",
        "let v = vec2(1, 2); v[2] = 1; show(sphere(1));",
        "1:22 `[`: a vector of 2 has no component 2",
    ),
    (
        "a component that is text",
        "let v = vec2(1, 2); v.x = \"a\"; show(sphere(1));",
        "1:23 `x`: a component of a vector is a number or a field, and this is text",
    ),
    (
        "a vector times a vector",
        "let a = [1, 2, 3] * [1, 2, 3]; show(sphere(1));",
        "1:19 `*`: * does not go with a list and a list",
    ),
    (
        "a vector divided by 0",
        "let a = [1, 2, 3] / 0; show(sphere(1));",
        "1:19 `/`: recip is inf here, not a finite number",
    ),
    (
        "a field compared with a number",
        "let f = sphere(1); if f < 2 { show(f); }",
        "1:25 `<`: <: a field is another number at each point and cannot be compared here; use if_less(a, b, then, otherwise), min or max",
    ),
    (
        "a number compared with a field",
        "if 2 >= x { show(sphere(1)); }",
        "1:6 `>=`: >=: a field is another number at each point and cannot be compared here; use if_less(a, b, then, otherwise), min or max",
    ),
    (
        "two fields compared",
        "let a = x == y; show(sphere(1));",
        "1:11 `==`: ==: a field is another number at each point and cannot be compared here; use if_less(a, b, then, otherwise), min or max",
    ),
    (
        "a field as a condition",
        "if sphere(1) { show(sphere(1)); }",
        "1:4 `sphere`: this is a field, and must be true or false",
    ),
    (
        "shapes joined by the operator of conditions",
        "show(sphere(1) || box([1, 1, 1]));",
        "1:6 `sphere`: this is a field, and must be true or false",
    ),
    ("a property of a field", "show(sphere(1).radius);", "1:16 `radius`: a field has no property radius"),
    ("an entry of a field", "show(sphere(1)[0]);", "1:15 `[`: a field has no entries"),
    (
        "an entry beyond the list",
        "let a = [1, 2]; show(sphere(a[2]));",
        "1:31 `2`: there is no entry 2: the list has 2, and the first is entry 0",
    ),
    (
        "an entry that is no whole number",
        "let a = [1, 2]; show(sphere(a[0.5]));",
        "1:31 `0`: this is a number, and must be a whole one",
    ),
    (
        "a loop through a number",
        "for i in 5 { show(sphere(i)); }",
        "1:10 `5`: for goes through a range as 0..5, a list or a text",
    ),
    (
        "a loop through a field",
        "for i in sphere(1) { show(i); }",
        "1:10 `sphere`: for goes through a range as 0..5, a list or a text",
    ),
    (
        "a missing semicolon",
        r#"let a = sphere(1)   // the first
let b = sphere(2);
show(a | b);"#,
        "1:18 ` `: a ; is missing to terminate this statement",
    ),
    (
        "a missing semicolon within a line",
        "let a = sphere(1) show(a);",
        "1:19 `show`: a ; is missing to terminate this statement",
    ),
    (
        "a missing parenthesis",
        "show(sphere(1);",
        "1:15 `;`: a , is missing between these arguments, or a ) at their end",
    ),
    (
        "a parenthesis too many",
        "show(sphere(1)));",
        "1:16 `)`: there is nothing open that this ) could close",
    ),
    (
        "a missing brace",
        "for i in 0..3 { show(sphere(i));",
        "1:33 ``: a } is missing to terminate this block",
    ),
    (
        "a missing bracket",
        "show(box([1, 2, 3));",
        "1:18 `)`: a , is missing between the entries of this list, or a ] at their end",
    ),
    (
        "a text that is not closed",
        r#"show(sphere(1).name("ball));"#,
        r#"1:21 `"ball));`: a text is not closed: its second " is missing"#,
    ),
    ("a letter that has no meaning", "show(sphere(1)); ¿", r#"1:18 `¿`: "¿" has no meaning here"#),
    ("an operator that is none", "show(sphere(1) <> sphere(2));", r#"1:17 `>`: ">" has no meaning here"#),
    (
        "a numeral that is none",
        "show(sphere(1.2.3));",
        "1:17 `3`: the name of a function, a property or an option is missing here",
    ),
    (
        "a reserved word",
        "let default = 1; show(sphere(default));",
        "1:5 `default`: default is a reserved word, and cannot be used",
    ),
    (
        "a word of another language",
        "var r = 1; show(sphere(r));",
        "1:1 `var`: var is a reserved word, and cannot be used",
    ),
    (
        "a constant that is changed",
        "const R = 1; R = 2; show(sphere(R));",
        "1:14 `R`: R is a constant, and cannot be changed",
    ),
    (
        "an endless loop",
        "let n = 0; loop { n += 1; }",
        "1:24 `1`: the script takes more than 5 million operations: does a loop never end?",
    ),
    (
        "an endless while",
        "while true { }",
        "1:12 `{`: the script takes more than 5 million operations: does a loop never end?",
    ),
    (
        "an endless recursion",
        "fn f(n) { f(n + 1) } show(f(1));",
        "1:27 `f`: functions call each other more than 64 deep",
    ),
    (
        "two functions that call each other",
        "fn f(n) { g(n) } fn g(n) { f(n) } show(f(1));",
        "1:40 `f`: functions call each other more than 64 deep",
    ),
    (
        "a giant array",
        "let a = []; loop { a.push(a); }",
        "1:22 `push`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "an array within an array without end",
        "let a = []; loop { a = [a]; }",
        "1:25 `a`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "a giant array at once",
        "let a = []; a.pad(1000000000, 0);",
        "1:15 `pad`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    ("a giant text", r#"let a = "x"; loop { a += a; }"#, "1:23 `+=`: a text is longer than 10000 characters"),
    (
        "a giant text at once",
        r#"let a = "x"; a.pad(1000000000, "y");"#,
        "1:16 `pad`: a text is longer than 10000 characters",
    ),
    (
        "a giant map",
        r#"let a = #{}; for i in 0..100000 { a["k" + i] = i; }"#,
        "1:35 `a`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "a giant graph",
        "let f = sphere(1); loop { f = f.translate([x, y, f]) | f.twist(f); }",
        "1:54 `|`: union is too large: written out, with all that is evaluated elsewhere, it takes more than 1048576 operations at each point",
    ),
    (
        "derivatives of derivatives without end",
        "let f = noise(1).twist(1) * torus(1, 0.2).bend(0.3); loop { f = f.mean_curvature() * f; }",
        "1:67 `mean_curvature`: * takes more than 150000 operations at each point, too many for its derivatives to be written out",
    ),
    (
        "swept volumes of swept volumes",
        "let f = sphere(1).translate([sin(t), 0, 0]); loop { f = f.sweep(0, t); }",
        "1:59 `sweep`: swept volumes can be nested 3 deep, and no deeper",
    ),
    (
        "functions that grow",
        "let f = |x| x; loop { f = f.curry(f); }",
        "1:29 `curry`: the name of a function, a property or an option is missing here",
    ),
    (
        "entries that are assigned without end",
        r#"let m = #{}; let big = []; big.pad(9000, 0); for i in 0..1000000 { m["k" + i] = big; }"#,
        "1:68 `m`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "a list that grows through an entry of itself",
        r#"let a = [[]]; loop { let b = a; a[0] = b; }"#,
        "1:30 `a`: a list has more than 10000 entries, or lists or closures are nested more than 32 deep",
    ),
    (
        "what a function is called on",
        r#"fn f() { this + 1 } show(sphere(1).f());"#,
        "1:10 `this`: reserved keyword 'this' is disabled",
    ),
    ("text as a script", r#"eval("show(sphere(1))");"#, "1:1 `eval`: reserved keyword 'eval' is disabled"),
    (
        "nothing shown",
        "let a = sphere(1);",
        "1:1 ``: the scene shows nothing: it must call show, as in show(sphere(1));",
    ),
    (
        "only comments",
        "// show(sphere(1));",
        "1:1 ``: the scene shows nothing: it must call show, as in show(sphere(1));",
    ),
    ("a number shown", "show(3);", "1:1 `show`: show needs a shape, and 3 is the same everywhere"),
    ("an empty list shown", "show([]);", "1:1 `show`: show needs a shape to show, as in show(sphere(1))"),
    (
        "an unknown option of the camera",
        "camera(#{ eye: [1, 2, 3], fvo: 40 }); show(sphere(1));",
        r#"1:1 `camera`: camera has no option "fvo"; did you mean fov?"#,
    ),
    (
        "an unknown option far from any",
        "timeline(0, 1, #{ bounce: true }); show(sphere(1));",
        r#"1:1 `timeline`: timeline has no option "bounce", but loop, fps"#,
    ),
    (
        "an unknown option of a material",
        "show(sphere(1).material(#{ rough: 1 }));",
        r#"1:16 `material`: material has no option "rough", but color, roughness, metallic, emission"#,
    ),
    (
        "an option that is given twice",
        "camera(#{ eye: [1, 2, 3], eye: [3, 2, 1] }); show(sphere(1));",
        "1:27 `eye`: the option eye is given twice",
    ),
    (
        "an option of another kind",
        "camera(#{ eye: 5 }); show(sphere(1));",
        "1:1 `camera`: camera: eye is a number, and must be a vector [a, b, c]",
    ),
    (
        "options that are none",
        "camera([1, 2, 3]); show(sphere(1));",
        "1:1 `camera`: camera takes (options); got ([1, 2, 3]): options is a list of 3, and must be options: #{ name: value, … }",
    ),
    (
        "an angle of view beyond the half circle",
        "camera(#{ eye: [1, 2, 3], fov: 180 }); show(sphere(1));",
        "1:1 `camera`: camera: fov is 180, and must be above 0 and below 180 degrees",
    ),
    (
        "a camera in its own target",
        "camera(#{ eye: [1, 2, 3], target: [1, 2, 3] }); show(sphere(1));",
        "1:1 `camera`: camera: its eye is its target, so that it looks nowhere",
    ),
    (
        "a camera that depends on space",
        "camera(#{ eye: [x, 2, 3] }); show(sphere(1));",
        "1:1 `camera`: camera: eye depends on x, and may only depend on t and on parameters",
    ),
    (
        "a light from nowhere",
        "light(#{ direction: [0, 0, 0] }); show(sphere(1));",
        "1:1 `light`: light: direction is the zero vector, which has no direction",
    ),
    (
        "a light that is negative",
        "light(#{ intensity: -1 }); show(sphere(1));",
        "1:1 `light`: light: intensity is -1, and must be 0 or more",
    ),
    (
        "a roughness above 1",
        "show(sphere(1).material(#{ roughness: 2 }));",
        "1:16 `material`: material: roughness is 2, and must be from 0 to 1",
    ),
    (
        "a colour that is none",
        r#"show(sphere(1).color("red"));"#,
        r##"1:16 `color`: color: color "red" is not a colour of the form "#rrggbb""##,
    ),
    (
        "a background that is none",
        r##"background("#12345"); show(sphere(1));"##,
        r##"1:1 `background`: background: color "#12345" is not a colour of the form "#rrggbb""##,
    ),
    (
        "a timeline that goes back",
        "timeline(3, 1); show(sphere(1));",
        "1:1 `timeline`: timeline: it ends at 1, before it starts at 3",
    ),
    (
        "no pictures a second",
        "timeline(0, 1, #{ fps: 0 }); show(sphere(1));",
        "1:1 `timeline`: timeline: fps is 0, and must be above 0, at most 1000",
    ),
    (
        "a loop that is a number",
        "timeline(0, 1, #{ loop: 1 }); show(sphere(1));",
        "1:1 `timeline`: timeline: loop is a number, and must be true or false",
    ),
    (
        "bounds that are turned around",
        "bounds([1, 0, 0], [0, 1, 1]); show(sphere(1));",
        "1:1 `bounds`: bounds: in x they go from 1 to 0, and must go up",
    ),
    (
        "bounds that move",
        "bounds([0, 0, 0], [1 + t, 1, 1]); show(sphere(1));",
        "1:1 `bounds`: bounds: max is a field, and must be a number",
    ),
    (
        "a parameter outside its range",
        r#"let r = param("r", 2, 0, 1); show(sphere(r));"#,
        r#"1:9 `param`: param "r": value 2 is outside its range [0, 1]"#,
    ),
    (
        "a range turned around",
        r#"let r = param("r", 0.5, 1, 0); show(sphere(r));"#,
        r#"1:9 `param`: param "r": range [1, 0] is inverted"#,
    ),
    (
        "a range with one end",
        r#"let r = param("r", 0.5, 1); show(sphere(r));"#,
        "1:9 `param`: param takes (name, value) or (name, value, min, max); got (text, a number, a number)",
    ),
    (
        "a parameter without a name",
        r#"let r = param("", 1); show(sphere(r));"#,
        r#"1:9 `param`: param "": name is empty"#,
    ),
    (
        "a parameter that is a field",
        r#"let r = param("r", t); show(sphere(r));"#,
        "1:9 `param`: param: value is a field, and must be a number",
    ),
    (
        "a parameter of two parts",
        r#"let r = param("r", [1, 2]); show(box(r));"#,
        r#"1:9 `param`: param takes (name, value) or (name, value, min, max); got ("r", [1, 2]): value is a list of 2, and must be a number, or a vector [a, b, c]"#,
    ),
    (
        "a parameter declared twice",
        r#"let r = param("r", 1);
show(sphere(r) | sphere(param("r", 2)));"#,
        r#"2:25 `param`: the parameter "r" is declared already, with another value or another range, at broken.rhai:1:9"#,
    ),
    (
        "a mistake in a function, with the calls that led there",
        r#"fn ball(r) {
    sphere(r - 2)
}
fn pair(r) { ball(3) | ball(r) }
show(pair(1));"#,
        "2:5 `sphere`: sphere: r is -1, which is negative",
    ),
    (
        "a mistake in a closure",
        "let all = [1, 2, -3].map(|r| sphere(r)); show(all);",
        "1:30 `sphere`: sphere: r is -3, which is negative",
    ),
    ("what the script itself throws", r#"throw "no such gear";"#, "1:1 `throw`: no such gear"),
    (
        "an import without a folder",
        r#"import "other" as other; show(sphere(1));"#,
        r#"1:8 `"other"`: "other" cannot be imported: the scene is no file, and has no folder"#,
    ),
    (
        "a word of an import that is not there",
        "show(other::thing(1));",
        "1:6 `other`: nothing is imported as other",
    ),
    (
        "tabs before the mistake",
        "		show(spere(1));",
        "1:8 `spere`: there is no function spere; did you mean sphere?",
    ),
];

/// Those that take a second or more.
const SLOW: [&str; 3] = ["a giant map", "a giant graph", "derivatives of derivatives without end"];

#[test]
fn every_broken_scene_gets_its_message() {
    let mut wrong = String::new();
    for (name, script, expected) in BROKEN {
        let start = Instant::now();
        let found = said(Scene::from_text(script, "broken.rhai"));
        // On a slow machine the time is up before the graph is too large.
        let is_late = SLOW.contains(name) && found.contains("takes longer than");
        if found != *expected && !is_late {
            wrong += &format!("{name}\n  found    {found}\n  expected {expected}\n");
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{name} took {:?}", start.elapsed());
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A folder of files for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        for (file, content) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Folder(folder)
    }

    /// What is said of a file, without the folder's own path.
    fn said_of(&self, file: &str) -> String {
        let error =
            Scene::from_file(self.0.join(file)).err().map_or("nothing".into(), |error| error.to_string());
        error.replace(&format!("{}{}", self.0.display(), std::path::MAIN_SEPARATOR), "")
    }
}

#[test]
fn files_that_are_no_scenes() {
    let folder = Folder::new(
        "no_scenes",
        &[
            ("empty.rhai", b""),
            ("blank.rhai", b" \n\t\n"),
            ("rubbish.rhai", b"\x7fELF\x02\x01\xff\xfe"),
            ("zeros.rhai", &[0; 100]),
            ("bad.vm", b"_0 var-x\n_1 sqr _0\n"),
            ("empty.vm", b""),
            ("mark.rhai", "\u{feff}show(sphere(1));".as_bytes()),
            ("folder.rhai/inside.rhai", b""),
            ("long.rhai", &[b'1'; 70_000]),
            ("lines.rhai", &[b'\n'; 70_000]),
            ("large.rhai", &[b'\n'; (2 << 20) + 1]),
        ],
    );
    let empty = "the file is empty; a scene shows at least one shape, as in show(sphere(1));";
    let cases = [
        ("empty.rhai", format!("empty.rhai:1:1: {empty}")),
        ("blank.rhai", format!("blank.rhai:1:1: {empty}")),
        ("rubbish.rhai", "rubbish.rhai: is not a text: byte 7 is not UTF-8".into()),
        ("zeros.rhai", "zeros.rhai:1:1: \"\\0\" has no meaning here\n 1 | ".into()),
        ("bad.vm", "bad.vm:2:4: there is no operation \"sqr\"".into()),
        ("empty.vm", "empty.vm:1:1: ".into()),
        ("mark.rhai", "nothing".into()),
        ("folder.rhai", "folder.rhai: is a folder, not a file".into()),
        ("missing.rhai", "missing.rhai: there is no such file".into()),
        ("long.rhai", "long.rhai: has a line of more than 65000 bytes, and is no scene".into()),
        ("lines.rhai", "lines.rhai: has more than 65000 lines, and is no scene".into()),
        ("large.rhai", "large.rhai: has more than 2097152 bytes, and is no scene".into()),
    ];
    for (file, expected) in cases {
        let found = folder.said_of(file);
        assert!(found.starts_with(&expected), "{file}\n  found    {found}\n  expected {expected}");
    }
}

#[test]
fn imports_that_are_not_to_be() {
    let outside = Folder::new("outside", &[("secret.rhai", b"const KEY = 1;")]);
    let import = |path: &str| format!("import \"{path}\" as other; show(sphere(other::R));").into_bytes();
    let folder = Folder::new(
        "imports",
        &[
            ("missing.rhai", &import("nowhere")),
            ("up.rhai", &import("../outside/secret")),
            ("down_and_up.rhai", &import("parts/../../outside/secret")),
            ("absolute.rhai", &import(&outside.0.join("secret").display().to_string())),
            ("linked.rhai", &import("link/secret")),
            ("itself.rhai", &import("itself")),
            ("circle.rhai", &import("parts/a")),
            ("parts/a.rhai", &import("b")),
            ("parts/b.rhai", &import("a")),
            ("of_broken.rhai", &import("parts/broken")),
            ("parts/broken.rhai", b"const R = 1;\nshow(spere(R));"),
            ("of_unread.rhai", &import("parts/unread")),
            ("parts/unread.rhai", b"let a = ;"),
            ("of_calls.rhai", b"import \"parts/calls\" as calls;\nshow(calls::ball(1));"),
            ("parts/calls.rhai", b"fn ball(r) {\n    sphere(-r)\n}"),
            ("of_folder.rhai", &import("parts")),
            ("empty.rhai", &import("")),
            ("unknown.rhai", b"import \"good\" as good;\nshow(good::bell(1));"),
            ("good.rhai", b"fn ball(r) { sphere(r) }\nshow(box([9, 9, 9]));\nbackground(\"#ffffff\");"),
            (
                "right.rhai",
                b"import \"good\" as good;\nimport \"good\" as again;\nshow(good::ball(1) | again::ball(2));",
            ),
        ],
    );
    #[cfg(unix)]
    {
        let _ = std::fs::remove_file(folder.0.join("link"));
        std::os::unix::fs::symlink(&outside.0, folder.0.join("link")).unwrap();
        let found = folder.said_of("linked.rhai");
        assert!(
            found.contains("\"link/secret\" cannot be imported: it leads out of the scene's folder"),
            "{found}"
        );
    }
    let only = "cannot be imported: only files in the scene's folder and below can";
    let cases = [
        ("missing.rhai", "missing.rhai:1:8: there is no file nowhere.rhai to import".to_string()),
        ("up.rhai", format!("up.rhai:1:8: \"../outside/secret\" {only}")),
        ("down_and_up.rhai", format!("down_and_up.rhai:1:8: \"parts/../../outside/secret\" {only}")),
        ("empty.rhai", format!("empty.rhai:1:8: \"\" {only}")),
        (
            "itself.rhai",
            "itself.rhai:1:8: itself.rhai is what imports this: imports may not run in a circle".into(),
        ),
        (
            "circle.rhai",
            "parts/b.rhai:1:8: parts/a.rhai is what imports this: imports may not run in a circle\n \
             1 | import \"a\" as other; show(sphere(other::R));\n   |        ^^^\n \
             in parts/b.rhai, at parts/a.rhai:1:8\n in parts/a.rhai, at circle.rhai:1:8"
                .into(),
        ),
        (
            "of_broken.rhai",
            "parts/broken.rhai:2:6: there is no function spere; did you mean sphere?\n \
             2 | show(spere(R));\n   |      ^^^^^\n in parts/broken.rhai, at of_broken.rhai:1:8"
                .into(),
        ),
        ("of_unread.rhai", "parts/unread.rhai:1:9: ".into()),
        (
            "of_calls.rhai",
            "parts/calls.rhai:2:5: sphere: r is -1, which is negative\n \
             2 |     sphere(-r)\n   |     ^^^^^^\n in ball, at of_calls.rhai:2:13"
                .into(),
        ),
        ("of_folder.rhai", "of_folder.rhai:1:8: there is no file parts.rhai to import".into()),
        ("unknown.rhai", "unknown.rhai:2:12: there is no function good::bell; did you mean ball?".into()),
    ];
    for (file, expected) in cases {
        let found = folder.said_of(file);
        assert!(found.starts_with(&expected), "{file}\n  found    {found}\n  expected {expected}");
    }
    let absolute = folder.said_of("absolute.rhai");
    assert!(absolute.contains(only), "{absolute}");
    // What an imported file shows and sets is its own affair.
    let right = Scene::from_file(folder.0.join("right.rhai")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(right.objects().len(), 1);
    assert_eq!(right.field().value_at([0.0; 4]).unwrap(), -2.0);
    assert_eq!(*right.background(), fieldgrad::scene::Background::default());
}

/// The deepest calls of the deepest expressions that the limits allow, and a little beyond: an error, and no overflow.
#[test]
fn the_stack_holds_what_the_limits_allow() {
    for (open, close) in
        [("(", ")"), ("[", "][0]"), ("abs(", ")"), ("if true {", "} else { 0 }"), ("- ", ""), ("{", "}")]
    {
        let mut ends = Vec::new();
        for depth in [20, 40, 60, 80, 100, 120, 140, 300, 2000] {
            let nested = format!("{}f(n + 1){}", open.repeat(depth), close.repeat(depth));
            let script =
                format!("fn f(n) {{ if n > 1000 {{ n }} else {{ {nested} }} }}\nshow(sphere(f(0)));");
            ends.push(Scene::from_text(&script, "deep.rhai").unwrap_err().to_string());
        }
        assert!(ends[0].contains("functions call each other more than 64 deep"), "{}", ends[0]);
        assert!(ends[8].contains("nested too deep"), "{}", ends[8]);
    }
}

/// Pieces of scripts, as they may come together by accident.
const PIECES: [&str; 24] = [
    "sphere(",
    "show(",
    "1",
    "0.5",
    ")",
    "[",
    "]",
    ", ",
    ";",
    "let a = ",
    "a",
    "x",
    ".translate(",
    "#{",
    "}",
    "{",
    "\"",
    "fn f(a) ",
    "f(",
    "-",
    " / ",
    "|",
    "for i in 0..3 ",
    "\u{1F980}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(pieces in proptest::collection::vec(0..PIECES.len(), 0..30)) {
        let text: String = pieces.into_iter().map(|i| PIECES[i]).collect();
        if let Ok(scene) = Scene::from_text(&text, "any.rhai") {
            prop_assert_eq!(scene.text_with(&[]).unwrap(), text);
        }
    }

    #[test]
    fn nor_do_any_letters(text in "(\\PC|[\n\t\r\"'`#{}()\\[\\]]){0,60}") {
        if let Err(error) = Scene::from_text(&text, "any.rhai") {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
