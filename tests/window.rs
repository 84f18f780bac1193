//! The program in a real window, driven by a real pointer and keyboard: under Xvfb, by xdotool, on whatever adapter there
//! is, a software one included. Screenshots stay in the target's folder for temporary files, to be looked at.
#![cfg(feature = "viewer")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long is waited for anything to come about.
const PATIENCE: Duration = Duration::from_secs(120);

/// A screen that nobody sees.
struct Screen {
    server: Child,
    display: String,
    folder: PathBuf,
}

impl Screen {
    /// A screen; none, where what it takes is not installed.
    fn new(name: &str) -> Option<Screen> {
        for (program, argument) in [("xdotool", "version"), ("import", "-version")] {
            if let Err(error) = Command::new(program).arg(argument).output() {
                return skipped(&format!("{program} does not run: {error}"));
            }
        }
        let server = Command::new("Xvfb")
            // Without "-r" a key that a loaded machine holds for long repeats.
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-r"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut server = match server {
            Ok(server) => server,
            Err(error) => return skipped(&format!("Xvfb does not run: {error}")),
        };
        let mut display = String::new();
        let said = BufReader::new(server.stdout.take().unwrap()).read_line(&mut display);
        assert!(said.is_ok() && !display.trim().is_empty(), "Xvfb did not start");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("config/fieldgrad")).unwrap();
        // The hints of the first start would hide a part of the picture.
        std::fs::write(folder.join("config/fieldgrad/window.json"), "{\"knows_hints\": true}").unwrap();
        Some(Screen { server, display: format!(":{}", display.trim()), folder })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display).env("XDG_CONFIG_HOME", self.folder.join("config"));
        command.env_remove("WAYLAND_DISPLAY").current_dir(&self.folder);
        command
    }

    /// Moves and presses, as xdotool is told.
    fn hands(&self, told: &str) -> String {
        let output = self.command("xdotool").args(told.split_whitespace()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Presses at one place and lets go at another, slowly, as a hand does.
    fn drag(&self, from: [i32; 2], to: [i32; 2]) {
        self.hands(&format!("mousemove {} {} sleep 0.3 mousedown 1 sleep 0.3", from[0], from[1]));
        for step in 1..=5 {
            let at = [0, 1].map(|i| from[i] + (to[i] - from[i]) * step / 5);
            self.hands(&format!("mousemove {} {} sleep 0.3", at[0], at[1]));
        }
        std::thread::sleep(Duration::from_secs(1));
        self.hands("mouseup 1");
    }

    /// Presses a key that takes the focus of a dialog elsewhere, and waits until that is drawn: a key that comes in the
    /// same frame would still meet what had it.
    fn moves_focus(&self, key: &str) {
        let before = self.seen("focus before").dialog();
        self.hands(&format!("key {key}"));
        self.until("focus after", |shot| shot.dialog() != before);
    }

    /// What is on the screen: kept as a file of that name too.
    fn seen(&self, name: &str) -> Shot {
        let path = self.folder.join(format!("{name}.png"));
        let mut import = self.command("import");
        import.args(["-window", "root", "-depth", "8"]).arg(format!("PNG24:{name}.png"));
        assert!(import.status().unwrap().success());
        let mut decoder = png::Decoder::new(BufReader::new(std::fs::File::open(path).unwrap()));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Shot { width: info.width as usize, pixels }
    }

    /// Looks until something is to be seen.
    #[track_caller]
    fn until(&self, name: &str, holds: impl Fn(&Shot) -> bool) -> Shot {
        let begun = Instant::now();
        loop {
            let shot = self.seen(name);
            if holds(&shot) {
                return shot;
            }
            assert!(begun.elapsed() < PATIENCE, "{name} is not to be seen, see {}", self.folder.display());
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Waits until the window keeps such a text, which is not saved.
    #[track_caller]
    fn keeps(&self, such: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        let folder = self.folder.join("config/fieldgrad/unsaved");
        let kept = || {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect::<String>()
        };
        while !such(&kept()) {
            assert!(begun.elapsed() < PATIENCE, "it is not kept: {:?}", kept());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_fieldgrad"));
        let errors = std::fs::File::create(self.folder.join("errors.txt")).unwrap();
        let child = command.args(arguments).stdout(Stdio::null()).stderr(errors).spawn().unwrap();
        Running(child)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The program, which does not outlive its test.
struct Running(Child);

impl Running {
    /// How it ends.
    fn ends(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn skipped(why: &str) -> Option<Screen> {
    assert!(std::env::var_os("FIELDGRAD_REQUIRE_GPU").is_none_or(|value| value != "1"), "{why}");
    eprintln!("skipped: {why}");
    None
}

/// What was on the screen.
struct Shot {
    width: usize,
    pixels: Vec<u8>,
}

/// Where the picture of the scene is, between the panels: its left, top, right and bottom.
const PICTURE: [usize; 4] = [440, 200, 980, 740];

impl Shot {
    /// How many pixels of a part are so.
    fn count(&self, [left, top, right, bottom]: [usize; 4], is: impl Fn([u16; 3]) -> bool) -> usize {
        let channel = |x: usize, y: usize, i: usize| u16::from(self.pixels[3 * (y * self.width + x) + i]);
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|i| channel(x, y, i));
        (top..bottom).map(|y| (left..right).filter(|&x| is(pixel(x, y))).count()).sum()
    }

    fn red(&self) -> usize {
        self.count(PICTURE, |[r, g, b]| r > 90 && r > 2 * g && r > 2 * b)
    }

    /// Whether something is open over the window, which darkens what is behind it.
    fn is_behind_a_dialog(&self) -> bool {
        let [panel, middle] = [[1010, 700, 1270, 740], [400, 330, 880, 460]];
        self.count(panel, |[r, g, b]| r.max(g).max(b) > 20) == 0
            && self.count(middle, |[r, g, b]| r.min(g).min(b) > 120) > 50
    }

    /// The pixels of the middle, where dialogs are.
    fn dialog(&self) -> Vec<u8> {
        (330..460)
            .flat_map(|y| &self.pixels[3 * (y * self.width + 400)..3 * (y * self.width + 880)])
            .copied()
            .collect()
    }

    fn blue(&self) -> usize {
        self.count(PICTURE, |[r, g, b]| b > 90 && b > 2 * r && b > g)
    }

    /// Whether the grey behind a ball is darker than it was.
    fn is_dimmed(&self) -> bool {
        // Above the sign in the view's corner, whose letters are bright.
        self.count([440, 200, 980, 680], |[r, g, b]| r == g && g == b && r > 100) < 1_000
    }

    /// Whether something is written below the text in the colour of errors.
    fn has_error(&self) -> bool {
        self.count([0, 400, 420, 745], |[r, g, b]| r > 200 && g < 60 && b < 60) > 30
    }
}

/// A ball of a radius and a colour, which rests.
fn ball(color: &str) -> String {
    format!(
        "let r = param(\"r\", 0.5, 0.2, 1.0);\nshow(sphere(r).color(\"{color}\"));\n\
         camera(#{{ eye: [0, 0, 4], target: [0, 0, 0] }});\nbackground(\"#808080\");\n\
         bounds([-1, -1, -1], [1, 1, 1]);\n"
    )
}

/// A window on a ball, with something typed below its text that is not saved.
fn typed(screen: &Screen, name: &str) -> Running {
    let running = screen.start(&["view", "ball.rhai"]);
    screen.until(&format!("{name} opened"), |shot| shot.red() > 5_000);
    let window = screen.hands("search --onlyvisible --name fieldgrad");
    let window = window.lines().next().expect("a window with a title");
    screen.hands(&format!("windowfocus {window} sleep 0.3 mousemove 250 300 sleep 0.3 click 1 sleep 0.5"));
    screen.hands("key ctrl+End sleep 0.3 type --delay 60 //mine");
    running
}

/// What [`typed`] makes of the text.
fn mine() -> String {
    ball("#e01010") + "//mine"
}

/// The place of the first parameter's slider for a part of its range.
fn slider(part: f64) -> [i32; 2] {
    [1016 + (168.0 * part) as i32, 93]
}

#[test]
fn a_scene_is_opened_changed_pulled_at_saved_and_closed() {
    let Some(screen) = Screen::new("ball") else { return };
    let file = screen.folder.join("ball.rhai");
    std::fs::write(&file, ball("#e01010")).unwrap();
    let mut running = screen.start(&["view", "ball.rhai"]);

    let opened = screen.until("1 opened", |shot| shot.red() > 5_000).red();
    let window = screen.hands("search --onlyvisible --name fieldgrad");
    let window = window.lines().next().expect("a window with a title").to_string();
    screen.hands(&format!("windowfocus {window}"));

    screen.drag(slider(0.375), slider(0.8));
    let larger = screen.until("2 larger by its slider", |shot| shot.red() > opened * 3 / 2).red();

    std::fs::write(&file, ball("#1030e0")).unwrap();
    let blue = screen.until("3 read again", |shot| shot.blue() > 5_000).blue();
    assert!(blue > larger / 2);

    std::fs::write(&file, "show(spere(0.5));\n").unwrap();
    let broken = screen.until("4 broken", |shot| shot.has_error() && shot.is_dimmed());
    let left = broken.count(PICTURE, |[r, g, b]| b > r + 12 && b > g + 6);
    assert!(left * 10 > blue * 9, "the last good picture stays: {left} {blue}");

    std::fs::write(&file, ball("#1030e0")).unwrap();
    let is_whole = |shot: &Shot| !shot.has_error() && !shot.is_dimmed() && shot.blue() > 5_000;
    let before = screen.until("5 whole again", is_whole).blue();

    // Pulled from below towards its middle, it gets smaller.
    // A hand that lets go before the surface was found has pulled at nothing: it tries again.
    let begun = Instant::now();
    loop {
        screen.hands("keydown alt");
        screen.drag([710, 536], [710, 486]);
        screen.hands("keyup alt");
        if (0..30).any(|_| screen.seen("6 pulled").blue() < before * 9 / 10) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "a pull does nothing");
    }
    screen.hands("key ctrl+s");
    let begun = Instant::now();
    let radius = |text: &str| text.split("\"r\", ").nth(1)?.split(',').next()?.parse::<f64>().ok();
    let saved = loop {
        let text = std::fs::read_to_string(&file).unwrap();
        if text != ball("#1030e0") {
            break text;
        }
        assert!(begun.elapsed() < PATIENCE, "it is not saved");
        std::thread::sleep(Duration::from_millis(200));
    };
    let radius = radius(&saved).unwrap();
    let expected = ball("#1030e0").replace("0.5,", &format!("{radius},"));
    assert_eq!(saved, expected, "the value is written into the text and all else stays");
    screen.seen("7 saved");

    screen.hands("key ctrl+q");
    assert_eq!(running.ends(), Some(0));
    let memory = std::fs::read_to_string(screen.folder.join("config/fieldgrad/window.json")).unwrap();
    assert!(memory.contains("ball.rhai"), "{memory}");
}

#[test]
fn alone_it_opens_the_built_in_scene_which_moves_and_ctrl_c_ends_it() {
    let Some(screen) = Screen::new("alone") else { return };
    let mut running = screen.start(&[]);
    let is_orange = |[r, g, b]: [u16; 3]| r > 150 && g + 40 < r && b < g;
    let first = screen.until("1 opened", |shot| shot.count(PICTURE, is_orange) > 3_000);
    screen.until("2 moved", |shot| {
        let differ = |i: usize| shot.pixels[i].abs_diff(first.pixels[i]) > 24;
        let [left, top, right, bottom] = PICTURE;
        let inside = (top..bottom).flat_map(|y| (left..right).map(move |x| 3 * (y * 1280 + x)));
        inside.filter(|&i| differ(i)).count() > 1_000
    });
    let told = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(running.ends(), Some(130));
}

#[test]
fn quitting_asks_what_becomes_of_what_is_not_saved() {
    let Some(screen) = Screen::new("quit") else { return };
    let file = screen.folder.join("ball.rhai");
    let saved = || std::fs::read_to_string(&file).unwrap();
    let asked = |name: &str| screen.until(name, Shot::is_behind_a_dialog);
    let kept =
        || std::fs::read_dir(screen.folder.join("config/fieldgrad/unsaved")).map_or(0, Iterator::count);
    std::fs::write(&file, ball("#e01010")).unwrap();

    // Cancelled: it goes on, with all that was typed.
    let mut running = typed(&screen, "1");
    let open = screen.seen("1 typed");
    assert!(!open.is_behind_a_dialog());
    screen.keeps(|text| text.contains("//mine"));
    assert_eq!(kept(), 2, "what is not saved is kept, and its lock");
    screen.hands("key ctrl+q");
    asked("1 asked");
    screen.hands("key Escape");
    screen.until("1 cancelled", |shot| !shot.is_behind_a_dialog());
    assert!(running.0.try_wait().unwrap().is_none() && saved() == ball("#e01010"));
    // Discarded: nothing is written.
    screen.hands("key ctrl+q");
    asked("1 asked again");
    screen.moves_focus("Tab");
    screen.hands("key Return");
    assert_eq!(running.ends(), Some(0));
    assert_eq!((saved(), kept()), (ball("#e01010"), 0));

    // Saved.
    let mut running = typed(&screen, "2");
    screen.hands("key ctrl+q");
    asked("2 asked");
    screen.hands("key Return");
    assert_eq!(running.ends(), Some(0));
    assert_eq!((saved(), kept()), (mine(), 0));
}

#[test]
fn what_a_killed_window_had_not_saved_is_offered_at_the_next_start() {
    let Some(screen) = Screen::new("killed") else { return };
    let file = screen.folder.join("ball.rhai");
    std::fs::write(&file, ball("#e01010")).unwrap();
    let mut running = typed(&screen, "1");
    screen.keeps(|text| text.contains("//mine"));
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), ball("#e01010"));

    // Another scene is opened: that does not matter.
    let mut running = screen.start(&["view", "drop"]);
    screen.until("2 offered", Shot::is_behind_a_dialog);
    let window = screen.hands("search --onlyvisible --name fieldgrad");
    screen.hands(&format!("windowfocus {}", window.lines().next().unwrap()));
    // Its buttons: to ask later has the focus, and before it are those of what was left.
    std::thread::sleep(Duration::from_millis(500));
    screen.moves_focus("shift+Tab");
    screen.hands("key Return");
    // More of it is red than of the other scene.
    screen.until("3 restored", |shot| shot.red() > 30_000 && !shot.is_behind_a_dialog());
    screen.hands("key ctrl+s");
    let begun = Instant::now();
    while std::fs::read_to_string(&file).unwrap() != mine() {
        assert!(begun.elapsed() < PATIENCE, "not saved: {:?}", std::fs::read_to_string(&file).unwrap());
        std::thread::sleep(Duration::from_millis(200));
    }
    screen.hands("key ctrl+q");
    assert_eq!(running.ends(), Some(0));
    assert_eq!(std::fs::read_dir(screen.folder.join("config/fieldgrad/unsaved")).unwrap().count(), 0);
}

/// A scene whose every picture takes minutes: a thousand noises, which nothing prunes.
const HEAVY: &str = "let f = sphere(1);
for i in 0..1000 { f += noise(2).translate([i * 0.37, sin(i), i * 0.11]) * 0.001; }
show(f);
bounds([-1.5, -1.5, -1.5], [1.5, 1.5, 1.5]);
";

#[test]
fn a_heavy_scene_says_what_it_does_and_gives_way_to_another() {
    let Some(screen) = Screen::new("heavy") else { return };
    std::fs::write(screen.folder.join("heavy.rhai"), HEAVY).unwrap();
    // Where there is no picture the view is dark; what is said stands in its lower left corner.
    let says = |shot: &Shot| shot.count([430, 690, 900, 745], |[r, g, b]| r.min(g).min(b) > 120) > 40;
    for (n, wait) in [0.0, 0.4, 2.5].into_iter().enumerate() {
        let mut running = screen.start(&["view", "heavy.rhai"]);
        screen.until(&format!("{n} says"), says);
        let window = screen.hands("search --onlyvisible --name fieldgrad");
        screen.hands(&format!("windowfocus {} sleep 0.3", window.lines().next().unwrap()));
        std::thread::sleep(Duration::from_secs_f64(wait));
        // By its name, in the question for a scene to open.
        screen.hands("key ctrl+o sleep 0.5 key ctrl+a type --delay 40 drop");
        screen.hands("key Return");
        let begun = Instant::now();
        let is_orange = |[r, g, b]: [u16; 3]| r > 150 && g + 40 < r && b < g;
        screen.until(&format!("{n} drop"), |shot| shot.count(PICTURE, is_orange) > 3_000);
        eprintln!("{wait} s later drop is seen after {:?}, a screenshot included", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(30));
        screen.hands("key ctrl+q");
        assert_eq!(running.ends(), Some(0));
    }
}
