//! Running a script: Rhai with the words and the operators of the scene language, held to limits.
//!
//! A script runs on a thread of its own, with a stack that holds whatever the limits allow. What a call makes is noted
//! in the [`Draft`], which becomes the scene.

use super::Origin;
use super::draft::Draft;
use super::explain::{self, Sources};
use super::import::Imports;
use super::vectors::{self, Components};
use super::words::{Word, made, words};
use crate::error::{Error, Place, Result};
use crate::field::{Axis, Field, allow};
use crate::number::Real;
use crate::shape::{Argument, intersection, union};
use crate::task::{self, Task};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, FLOAT, FnPtr, INT, ImmutableString, NativeCallContext, Position,
    Token,
};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

/// The most operations a script may take: some seconds of work.
pub(super) const MAX_OPERATIONS: u64 = 5_000_000;
/// How deep functions may call each other.
pub(super) const MAX_CALL_DEPTH: usize = 64;
/// How deep expressions and blocks may be nested, in a function less.
const MAX_EXPRESSION_DEPTHS: [usize; 2] = [256, 128];
/// The most characters of a text.
pub(super) const MAX_TEXT: usize = 10_000;
/// The most entries of a list or a map, counting those of lists and maps within it.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// How deep lists and maps may be nested, and closures hold other closures.
pub(super) const MAX_ENTRY_DEPTH: usize = 32;
/// The most variables there may be at a time.
pub(super) const MAX_VARIABLES: usize = 1_000;
/// The most functions a script may define.
pub(super) const MAX_FUNCTIONS: usize = 1_000;
/// The most steps its calls may take: nodes made and nodes evaluated, in what is thrown away too.
pub(super) const MAX_STEPS: u64 = 1_500_000;
/// The longest a script may work, on a processor: whatever else the machine does.
const MAX_WORK: Duration = Duration::from_millis(1250);
/// The longest it may take by the clock.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);
/// How often is looked whether anybody waits for it.
const LOOK: Duration = Duration::from_millis(20);
/// The stack of the thread a script runs on: what the deepest calls of the deepest expressions take, and more.
const STACK: usize = 256 << 20;

/// What a script that has run leaves behind.
pub(super) struct Finished {
    pub(super) draft: Draft,
    pub(super) sources: Sources,
}

/// Runs a script.
pub(super) fn run(origin: &Origin) -> Result<Finished> {
    let (to, from) = mpsc::channel();
    let (origin_there, task) = (origin.clone(), Task::own());
    let work = move || {
        let run = || run_here(&origin_there);
        let _ = to.send(task.map_or_else(run, |task| task.within(run))); // nobody listens any more: too late
    };
    let started = std::thread::Builder::new().name("scene".into()).stack_size(STACK).spawn(work);
    if let Err(error) = started {
        return Err(Error::System(format!("no thread could be started for the scene: {error}")));
    }
    let mut finished = Err(mpsc::RecvTimeoutError::Timeout);
    for _ in 0..MAX_RUN_TIME.div_duration_f64(LOOK).ceil() as u32 {
        finished = from.recv_timeout(LOOK);
        task::check()?;
        if !matches!(finished, Err(mpsc::RecvTimeoutError::Timeout)) {
            break;
        }
    }
    match finished {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let problem = "reading the scene failed: a defect of this program, not of the scene";
            Err(Sources::of(origin).mistake_of_all(&origin.file, problem.into()))
        }
        Err(mpsc::RecvTimeoutError::Timeout) => {
            let seconds = MAX_RUN_TIME.as_secs();
            let problem = format!("the scene takes longer than {seconds} seconds to read");
            Err(Sources::of(origin).mistake_of_all(&origin.file, problem))
        }
    }
}

/// How long this thread has worked, on a processor; where the system does not tell, how long ago anything was.
#[cfg(unix)]
pub(super) fn worked() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// How long ago this was first asked.
#[cfg(not(unix))]
pub(super) fn worked() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// What the callbacks of the engine share.
pub(super) type Shared<T> = Rc<RefCell<T>>;

fn run_here(origin: &Origin) -> Result<Finished> {
    allow(MAX_STEPS);
    let draft = Rc::new(RefCell::new(Draft::new(origin)));
    let sources = Rc::new(RefCell::new(Sources::of(origin)));
    let words = Rc::new(words());
    let reading = TokenReader::default();
    let mut engine = engine(&draft, &words, &reading);
    engine.set_module_resolver(Imports::new(origin, draft.clone(), sources.clone(), reading.clone()));
    let outcome = reading.compile(&engine, &origin.text, &origin.file).and_then(|script| {
        let outcome = engine.run_ast(&script);
        sources.borrow_mut().add_functions(&script);
        outcome
    });
    drop(engine); // and with it the callbacks that share the draft
    let mut sources = sources.take();
    if let Err(error) = outcome {
        sources.add_tokens(&reading.tokens());
        return Err(explain::explained(*error, &origin.file, &sources, &words));
    }
    Ok(Finished { draft: draft.replace(Draft::new(origin)), sources })
}

/// Compiling: the tokens of a script on their way to the parser.
#[derive(Clone, Default)]
pub(super) struct TokenReader(Shared<Tokens>);

#[derive(Default)]
struct Tokens {
    list: Vec<(Token, Position)>,
    /// Which braces are open: whether each belongs to a map.
    open: Vec<bool>,
}

impl TokenReader {
    /// Compiles a text; `file` is where its functions say that they stand.
    pub(super) fn compile(&self, engine: &Engine, text: &str, file: &str) -> Result<AST, Box<EvalAltResult>> {
        *self.0.borrow_mut() = Tokens::default();
        // A byte order mark counts as a blank, so that every place stays where it is.
        let mut script = match text.strip_prefix('\u{feff}') {
            Some(rest) => engine.compile(format!(" {rest}"))?,
            None => engine.compile(text)?,
        };
        script.set_source(file);
        Ok(script)
    }

    /// The tokens of the text compiled last.
    pub(super) fn tokens(&self) -> Vec<(Token, Position)> {
        std::mem::take(&mut self.0.borrow_mut().list)
    }

    /// Notes a token. A keyword may be the name of an option, as in `#{ loop: true }`.
    fn seen(&self, token: Token, position: Position) -> Token {
        let mut tokens = self.0.borrow_mut();
        let previous = tokens.list.last().map(|(token, _)| token);
        let may_be_name = matches!(previous, Some(Token::MapStart | Token::Comma));
        let token = match tokens.open.last() {
            Some(true) if may_be_name && token.is_standard_keyword() => {
                Token::Identifier(Box::new(token.literal_syntax().into()))
            }
            _ => token,
        };
        match token {
            Token::MapStart => tokens.open.push(true),
            Token::LeftBrace | Token::LeftBracket | Token::LeftParen => tokens.open.push(false),
            Token::RightBrace | Token::RightBracket | Token::RightParen => drop(tokens.open.pop()),
            _ => (),
        }
        tokens.list.push((token.clone(), position));
        token
    }
}

/// The tokens of a text, as far as it can be read.
pub(super) fn tokens(text: &str) -> Vec<(Token, Position)> {
    let reading = TokenReader::default();
    let mut engine = Engine::new_raw();
    listen(&mut engine, &reading);
    limit(&mut engine);
    let _ = reading.compile(&engine, text, ""); // what is wrong with it was said when it was first read
    reading.tokens()
}

#[allow(deprecated)] // marked so only because it may change; it is the one way to see tokens as the parser does
fn listen(engine: &mut Engine, reading: &TokenReader) {
    let reading = reading.clone();
    engine.on_parse_token(move |token, position, _| reading.seen(token, position));
}

fn limit(engine: &mut Engine) {
    engine.set_max_operations(MAX_OPERATIONS);
    engine.set_max_call_levels(MAX_CALL_DEPTH);
    engine.set_max_expr_depths(MAX_EXPRESSION_DEPTHS[0], MAX_EXPRESSION_DEPTHS[1]);
    engine.set_max_string_size(MAX_TEXT);
    engine.set_max_array_size(MAX_ENTRIES);
    engine.set_max_map_size(MAX_ENTRIES);
    engine.set_max_variables(MAX_VARIABLES);
    engine.set_max_functions(MAX_FUNCTIONS);
    engine.set_max_modules(super::import::MAX_IMPORTS);
}

fn engine(draft: &Shared<Draft>, words: &Rc<Vec<Word>>, reading: &TokenReader) -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    engine.disable_symbol("eval"); // text is not a script
    engine.disable_symbol("curry"); // doubles a function's size with each call; closures do without
    engine.disable_symbol("this"); // what is changed through it escapes the limits on entries
    engine.set_fast_operators(false); // 1/2 is 0.5
    limit(&mut engine);
    listen(&mut engine, reading);
    watch_variables(&mut engine);
    let (start, reading) = (worked(), draft.clone());
    engine.on_progress(move |operations| {
        if operations % 64 != 0 {
            return None;
        }
        let late = || format!("it takes longer than {} seconds", MAX_WORK.as_secs_f64());
        // Whoever gave it up is told so, and not of this.
        let own = worked().saturating_sub(start).saturating_sub(reading.borrow().data.worked);
        (own > MAX_WORK || task::is_given_up()).then(|| late().into())
    });
    let printing = draft.clone();
    engine.on_print(move |line| printing.borrow_mut().print(line));
    let debugging = draft.clone();
    engine.on_debug(move |line, _, _| debugging.borrow_mut().print(line));
    engine.register_type_with_name::<Field>("field");
    engine.register_fn("to_string", |field: Field| field.title());
    engine.register_fn("to_debug", |field: Field| field.title());

    register_words(&mut engine, draft, words);
    register_operators(&mut engine, draft);
    vectors::register(&mut engine, draft);
    engine
}

/// The names every script knows, in its functions and closures too. A variable of the script goes before them.
pub(super) const CONSTANTS: [&str; 6] = ["x", "y", "z", "t", "PI", "TAU"];

/// Looks at each variable as it is read: gives the constants their values, and holds lists to their limits, which Rhai
/// itself forgets where an entry is assigned.
#[allow(deprecated)] // marked so only because it may change; constants of a module are not seen by closures
fn watch_variables(engine: &mut Engine) {
    use std::f64::consts::{PI, TAU};
    let coordinates = Axis::ALL.map(|axis| Dynamic::from(Field::coordinate(axis)));
    let values: Vec<Dynamic> = coordinates.into_iter().chain([PI.into(), TAU.into()]).collect();
    engine.on_var(move |name, index, context| match context.scope().get(name) {
        Some(value) if is_too_large(value, &mut 0, 0) => {
            Err(EvalAltResult::ErrorDataTooLarge("array".into(), Position::NONE).into())
        }
        Some(_) => Ok(None),
        None if index > 0 => Ok(None),
        None => Ok(CONSTANTS.iter().position(|constant| *constant == name).map(|i| values[i].clone())),
    });
}

/// Whether a value has too many entries or is nested too deep; `count` is how many were found before it.
fn is_too_large(value: &Dynamic, count: &mut usize, depth: usize) -> bool {
    let is_one_too_many = |entry: &Dynamic| {
        *count += 1;
        *count > MAX_ENTRIES || is_too_large(entry, count, depth + 1)
    };
    if let Ok(list) = value.as_array_ref() {
        return depth >= MAX_ENTRY_DEPTH || list.iter().any(is_one_too_many);
    }
    if let Some(closure) = value.read_lock::<FnPtr>() {
        return depth >= MAX_ENTRY_DEPTH || closure.iter_curry().any(is_one_too_many);
    }
    match value.as_map_ref() {
        Ok(map) => depth >= MAX_ENTRY_DEPTH || map.values().any(is_one_too_many),
        Err(_) => false,
    }
}

/// The most arguments that are not of one kind alone a native function of Rhai may have.
const MAX_ARGUMENTS: usize = 16;

fn register_words(engine: &mut Engine, draft: &Shared<Draft>, words: &Rc<Vec<Word>>) {
    for (i, word) in words.iter().enumerate() {
        let counts: Vec<usize> = match word.is_variadic() {
            true => (0..=MAX_ARGUMENTS).collect(),
            false => word.forms.iter().map(|form| form.arguments.len()).collect(),
        };
        for count in counts {
            let (draft, words) = (draft.clone(), words.clone());
            let kinds = vec![TypeId::of::<Dynamic>(); count];
            engine.register_raw_fn(word.name, kinds, move |context, given| {
                let given = given.iter().map(|value| argument(value)).collect();
                with_draft(&draft, &context, |draft| words[i].call(draft, given))
            });
        }
    }
}

/// What a call makes, as Rhai has it.
pub(super) fn with_draft(
    draft: &Shared<Draft>,
    context: &NativeCallContext,
    call: impl FnOnce(&mut Draft) -> Result<Argument, String>,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut draft = draft.borrow_mut();
    let position = context.call_position();
    let file = context.call_source().unwrap_or("");
    if *draft.place.file != *file && !file.is_empty() {
        draft.place.file = file.into();
    }
    draft.place.line = position.line().unwrap_or(1) as u32;
    draft.place.column = position.position().unwrap_or(1) as u32;
    call(&mut draft).map(dynamic).map_err(wrong)
}

/// An error that says this; Rhai adds the place of the call.
pub(super) fn wrong(problem: String) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(problem.into(), Position::NONE).into()
}

/// A value of Rhai as an argument.
pub(super) fn argument(value: &Dynamic) -> Argument {
    nested(value, 0)
}

/// Deeper nested than any function takes, a list is only said to be one.
const MAX_LIST_DEPTH: usize = 4;

fn nested(value: &Dynamic, depth: usize) -> Argument {
    if let Ok(whole) = value.as_int() {
        return Argument::Number(whole as f64);
    }
    if let Ok(number) = value.as_float() {
        return Argument::Number(number);
    }
    if let Some(field) = value.read_lock::<Field>() {
        return Argument::Field(field.clone());
    }
    if let Some(vector) = value.read_lock::<Components>() {
        return Argument::Vector(vector.0.clone());
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Argument::Text(text.to_string());
    }
    if let Ok(letter) = value.as_char() {
        return Argument::Text(letter.into());
    }
    if let Ok(flag) = value.as_bool() {
        return Argument::Flag(flag);
    }
    if depth < MAX_LIST_DEPTH {
        if let Ok(entries) = value.as_array_ref() {
            return Argument::List(entries.iter().map(|entry| nested(entry, depth + 1)).collect());
        }
        if let Ok(options) = value.as_map_ref() {
            let named = options.iter().map(|(name, value)| (name.to_string(), nested(value, depth + 1)));
            return Argument::Options(named.collect());
        }
    }
    Argument::Other(explain::kind_of(value.type_name()))
}

/// An argument as a value of Rhai. A whole number is one there too, so that it can count and index.
pub(super) fn dynamic(argument: Argument) -> Dynamic {
    match argument {
        Argument::Number(value) => number(value),
        Argument::Field(field) => Dynamic::from(field),
        Argument::Text(text) => text.into(),
        Argument::Flag(flag) => flag.into(),
        Argument::List(entries) => entries.into_iter().map(dynamic).collect::<Vec<_>>().into(),
        Argument::Vector(parts) => Dynamic::from(Components(parts)),
        Argument::Options(_) | Argument::Other(_) => Dynamic::UNIT,
    }
}

fn number(value: f64) -> Dynamic {
    const MAX_WHOLE: f64 = (1i64 << 53) as f64;
    match value.fract() == 0.0 && value.abs() <= MAX_WHOLE {
        true => Dynamic::from_int(value as INT),
        false => Dynamic::from_float(value),
    }
}

type OfNumbers = fn(f64, f64) -> f64;
type OfFields = fn(&Place, Field, Field) -> Field;

/// Arithmetic means the same for numbers as for fields.
const ARITHMETIC: [(&str, &str, OfNumbers, OfFields); 6] = [
    ("+", "+=", |a, b| a + b, |_, a, b| a + b),
    ("-", "-=", |a, b| a - b, |_, a, b| a - b),
    ("*", "*=", |a, b| a * b, |_, a, b| a * b),
    ("/", "/=", |a, b| a / b, |_, a, b| a / b),
    ("%", "%=", Real::modulo, |_, a, b| a % b),
    ("**", "**=", Real::pow, |_, a, b| a.pow(b)),
];

const COMPARISONS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];

fn register_operators(engine: &mut Engine, draft: &Shared<Draft>) {
    let (int, float, field) = (TypeId::of::<INT>(), TypeId::of::<FLOAT>(), TypeId::of::<Field>());
    let numbers = [[int, int], [int, float], [float, int], [float, float]];
    let fields = [[field, field], [field, int], [field, float], [int, field], [float, field]];
    for (symbol, assigning, of_numbers, of_fields) in ARITHMETIC {
        let calculated = move |given: &[&mut Dynamic]| {
            let [a, b] = [0, 1].map(|i| argument(given[i]).as_number().expect("a number, as registered"));
            let value = of_numbers(a, b);
            match value.is_finite() {
                true => Ok(number(value)),
                false => {
                    let [a, b] = [a, b].map(Argument::Number);
                    Err(wrong(format!("{a} {symbol} {b} is {value}, not a finite number")))
                }
            }
        };
        for kinds in numbers {
            engine.register_raw_fn(symbol, kinds, move |_, given| calculated(given));
            engine.register_raw_fn(assigning, kinds, move |_, given| {
                *given[0] = calculated(given)?;
                Ok(())
            });
        }
        for kinds in fields {
            register_operator(engine, draft, symbol, kinds, of_fields);
        }
    }
    for kinds in fields {
        register_operator(engine, draft, "|", kinds, |place, a, b| union([a, b]).called_at(place));
        register_operator(engine, draft, "&", kinds, |place, a, b| intersection([a, b]).called_at(place));
        for symbol in COMPARISONS {
            engine.register_raw_fn(symbol, kinds, move |_, _| -> Result<bool, Box<EvalAltResult>> {
                let why = "a field is another number at each point and cannot be compared here";
                Err(wrong(format!("{symbol}: {why}; use if_less(a, b, then, otherwise), min or max")))
            });
        }
    }
    let negative = draft.clone();
    engine.register_raw_fn("-", [field], move |context, given| {
        let field = Field::from(argument(given[0]));
        with_draft(&negative, &context, |draft| made(draft, -field))
    });
    engine.register_fn("+", |field: Field| field);
    engine.register_raw_fn("+", [field, TypeId::of::<ImmutableString>()], |_, _| -> Result<(), _> {
        Err(wrong("+ does not go with a field and text".into()))
    });
}

fn register_operator(
    engine: &mut Engine,
    draft: &Shared<Draft>,
    symbol: &str,
    kinds: [TypeId; 2],
    apply: OfFields,
) {
    let draft = draft.clone();
    engine.register_raw_fn(symbol, kinds, move |context, given| {
        let [a, b] = [0, 1].map(|i| Field::from(argument(given[i])));
        with_draft(&draft, &context, |draft| {
            let field = apply(&draft.place, a, b);
            made(draft, field)
        })
    });
}
