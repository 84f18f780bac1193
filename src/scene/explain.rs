//! What is wrong with a script, said as a person needs it: Rhai's errors in this project's words, with their line.

use super::Origin;
use super::words::Word;
use crate::error::{Error, Mistake, Place, nearest};
use rhai::{AST, EvalAltResult, LexError, ParseErrorType, Position, Token};
use std::collections::HashMap;
use std::sync::Arc;

/// The texts a scene is read from, and the names they define.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    texts: HashMap<String, Arc<str>>,
    /// The scripts' own functions, with their arguments.
    functions: Vec<(String, Vec<String>)>,
    variables: Vec<String>,
}

impl Sources {
    pub(super) fn of(origin: &Origin) -> Sources {
        let texts = HashMap::from([(origin.file.to_string(), origin.text.clone())]);
        Sources { texts, ..Sources::default() }
    }

    /// All the texts with their files, in the order of their names.
    pub(super) fn texts(&self) -> String {
        let mut texts: Vec<String> =
            self.texts.iter().map(|(file, text)| format!("{file}\n{text}")).collect();
        texts.sort();
        texts.join("\n")
    }

    pub(super) fn add_text(&mut self, file: &str, text: &str) {
        self.texts.insert(file.into(), text.into());
    }

    /// Notes the functions a script defines.
    pub(super) fn add_functions(&mut self, script: &AST) {
        let named = script.iter_functions();
        self.functions.extend(named.map(|function| {
            (function.name.into(), function.params.iter().map(|name| name.to_string()).collect())
        }));
    }

    /// Notes the variables a script declares.
    pub(super) fn add_tokens(&mut self, tokens: &[(Token, Position)]) {
        for pair in tokens.windows(2) {
            if let (Token::Let | Token::Const | Token::For, Token::Identifier(name)) =
                (&pair[0].0, &pair[1].0)
            {
                self.variables.push(name.to_string());
            }
        }
    }

    /// The error that says what is wrong with a file as a whole.
    pub(super) fn mistake_of_all(&self, file: &str, problem: String) -> Error {
        let place = Place { file: file.into(), line: 1, column: 1 };
        Error::Scene(Box::new(Mistake { place, problem, line: String::new(), width: 0, calls: Vec::new() }))
    }

    /// The error that says what is wrong at a place, and shows the line.
    pub(super) fn mistake(&self, place: Place, problem: String) -> Error {
        self.mistake_called(place, problem, Vec::new())
    }

    fn mistake_called(&self, place: Place, problem: String, calls: Vec<(String, Place)>) -> Error {
        let line = self.line(&place).to_string();
        let width = width(&line, (place.column as usize).saturating_sub(1));
        Error::Scene(Box::new(Mistake { place, problem, line, width, calls }))
    }
}

/// How many characters the word, the number, the text or the symbol takes that stands there.
fn width(line: &str, start: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(start).collect();
    let run = |is: fn(&char) -> bool| rest.iter().take_while(|&c| is(c)).count();
    match rest.first() {
        None => 1,
        Some('"') => rest[1..].iter().position(|&c| c == '"').map_or(rest.len(), |end| end + 2),
        Some(c) if c.is_alphanumeric() || *c == '_' => run(|c| c.is_alphanumeric() || *c == '_'),
        Some(c) if "+-*/%<>=!&|.".contains(*c) => run(|c| "+-*/%<>=!&|.".contains(*c)),
        Some(_) => 1,
    }
}

/// What an error says, without the place of the Rust call: a scene has places of its own.
pub(super) fn problem(error: Error) -> String {
    match error {
        Error::Argument { function, argument, problem, .. } => format!("{function}: {argument} {problem}"),
        other => other.to_string(),
    }
}

/// A kind of value of Rhai, in the words of the scene language.
pub(super) fn kind_of(type_name: &str) -> String {
    let name = type_name.trim().trim_start_matches("&mut ").rsplit("::").next().unwrap_or(type_name);
    match name {
        _ if type_name.contains("ImmutableString") => "text",
        "i64" | "f64" | "INT" | "FLOAT" | "int" | "float" => "a number",
        "field" | "Field" => "a field",
        "vector" | "Components" => "a vector",
        "&str" | "str" | "string" | "String" | "char" => "text",
        "bool" => "true or false",
        "array" | "Array" => "a list",
        "map" | "Map" => "a map of options",
        "Fn" | "FnPtr" => "a function",
        "()" => "nothing",
        "range" | "range=" | "Range<i64>" | "RangeInclusive<i64>" => "a range",
        other => return other.into(),
    }
    .into()
}

fn place(file: &str, position: Position) -> Place {
    let line = position.line().unwrap_or(1) as u32;
    Place { file: file.into(), line, column: position.position().unwrap_or(1) as u32 }
}

/// The most calls a message lists.
const MAX_CALLS: usize = 6;

/// The error of a script as this crate's.
pub(super) fn explained(error: EvalAltResult, file: &str, sources: &Sources, words: &[Word]) -> Error {
    let (mut error, mut file, mut calls) = (error, file.to_string(), Vec::new());
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                let called = if name.starts_with("anon$") { "a closure".into() } else { name };
                calls.push((called, place(&file, position)));
                if !source.is_empty() {
                    file = source;
                }
                error = *inner;
            }
            EvalAltResult::ErrorInModule(name, inner, position) => {
                calls.push((name.clone(), place(&file, position)));
                file = name;
                error = *inner;
            }
            _ => break,
        }
    }
    calls.reverse();
    calls.truncate(MAX_CALLS);
    let at = place(&file, error.take_position());
    let at = match &error {
        EvalAltResult::ErrorParsing(ParseErrorType::UnexpectedEOF, _) => sources.end_before(at, u32::MAX),
        // What lacks its end is the line before, where the next begins another.
        EvalAltResult::ErrorParsing(ParseErrorType::MissingToken(token, _), _) if token == ";" => {
            let line = at.line;
            if sources.begins_line(&at) { sources.end_before(at, line) } else { at }
        }
        _ => at,
    };
    let closes = matches!(error, EvalAltResult::ErrorParsing(ParseErrorType::MissingToken(..), _))
        .then(|| sources.line(&at).chars().nth(at.column as usize - 1))
        .flatten()
        .filter(|c| ")]}".contains(*c));
    let problem = match (said(error, sources, words), closes) {
        (problem, Some(closing)) if problem.starts_with("a ; ") => {
            format!("there is nothing open that this {closing} could close")
        }
        (problem, _) => problem,
    };
    sources.mistake_called(at, problem, calls)
}

impl Sources {
    fn text(&self, file: &str) -> &str {
        self.texts.get(file).map_or("", |text| text)
    }

    fn line(&self, place: &Place) -> &str {
        self.text(&place.file).lines().nth((place.line as usize).saturating_sub(1)).unwrap_or("")
    }

    /// Whether nothing but blanks stands before a place in its line.
    fn begins_line(&self, place: &Place) -> bool {
        self.line(place).chars().take(place.column as usize - 1).all(char::is_whitespace)
    }

    /// The end of the last line before another that is more than blanks and comment.
    fn end_before(&self, place: Place, line: u32) -> Place {
        let code = |line: &str| line.split("//").next().unwrap_or("").trim_end().chars().count();
        let lines = self.text(&place.file).lines().take(line as usize - 1).map(code).enumerate();
        let (line, column) = lines.filter(|(_, count)| *count > 0).last().map_or((0, 0), |last| last);
        Place { line: line as u32 + 1, column: column as u32 + 1, ..place }
    }
}

/// What is wrong.
fn said(error: EvalAltResult, sources: &Sources, words: &[Word]) -> String {
    use EvalAltResult::*;
    match error {
        ErrorParsing(kind, _) => unreadable(kind),
        ErrorVariableNotFound(name, _) => unknown_variable(&name, sources, words),
        ErrorFunctionNotFound(signature, _) => unknown_function(&signature, sources, words),
        ErrorModuleNotFound(name, _) => format!("nothing is imported as {name}"),
        ErrorRuntime(thrown, _) => thrown.to_string(),
        ErrorTerminated(why, _) => format!("{why}: does a loop never end?"),
        ErrorTooManyOperations(_) => {
            let millions = super::script::MAX_OPERATIONS / 1_000_000;
            format!("the script takes more than {millions} million operations: does a loop never end?")
        }
        ErrorStackOverflow(_) => {
            format!("functions call each other more than {} deep", super::script::MAX_CALL_DEPTH)
        }
        ErrorTooManyVariables(_) => {
            format!("there are more than {} variables", super::script::MAX_VARIABLES)
        }
        ErrorTooManyModules(_) => format!("more than {} files are imported", super::import::MAX_IMPORTS),
        ErrorDataTooLarge(what, _) => too_large(&what),
        ErrorMismatchDataType(wanted, given, _) if kind_of(&wanted) == kind_of(&given) => {
            format!("this is {}, and must be a whole one", kind_of(&given))
        }
        ErrorMismatchDataType(wanted, given, _) => {
            format!("this is {}, and must be {}", kind_of(&given), kind_of(&wanted))
        }
        ErrorArrayBounds(length, index, _) => {
            format!("there is no entry {index}: the list has {length}, and the first is entry 0")
        }
        ErrorDotExpr(what, _) => no_property(&what),
        ErrorIndexingType(what, _) => format!("{} has no entries", indexed(&what)),
        ErrorFor(_) => FOR.into(),
        ErrorAssignmentToConstant(name, _) => format!("{name} is a constant, and cannot be changed"),
        ErrorUnboundThis(_) => "there is no `this` here".into(),
        other => lowercase(&other.to_string()),
    }
}

const FOR: &str = "for goes through a range as 0..5, a list or a text";

fn indexed(signature: &str) -> String {
    kind_of(signature.split(['[', ' ']).next().unwrap_or(signature))
}

/// Rhai says "Unknown property 'a' - a getter is not registered for type 'b'".
fn no_property(what: &str) -> String {
    let parts: Vec<&str> = what.split('\'').collect();
    match parts[..] {
        [start, property, _, kind, ..] if start.contains("property") => {
            format!("{} has no property {property}", kind_of(kind))
        }
        _ => lowercase(what),
    }
}

fn lowercase(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn too_large(what: &str) -> String {
    use super::script::{MAX_ENTRIES, MAX_ENTRY_DEPTH, MAX_TEXT};
    match what.contains("string") {
        true => format!("a text is longer than {MAX_TEXT} characters"),
        false => format!(
            "a list has more than {MAX_ENTRIES} entries, or lists or closures are nested more than {MAX_ENTRY_DEPTH} deep"
        ),
    }
}

/// A script that cannot be read.
fn unreadable(kind: ParseErrorType) -> String {
    use ParseErrorType::*;
    match kind {
        UnexpectedEOF => "the script ends in the middle of something".into(),
        BadInput(LexError::UnterminatedString) => "a text is not closed: its second \" is missing".into(),
        BadInput(LexError::UnexpectedInput(what)) => format!("{what:?} has no meaning here"),
        BadInput(LexError::StringTooLong(most)) => format!("a text is longer than {most} characters"),
        MissingToken(comma, why) if comma == "," => {
            let (end, what) = match why {
                _ if why.contains("array") => ("]", "the entries of this list"),
                _ if why.contains("map") => ("}", "these options"),
                _ => (")", "these arguments"),
            };
            format!("a , is missing between {what}, or a {end} at their end")
        }
        MissingToken(token, why) => format!("a {token} is missing {why}"),
        MismatchedType(wanted, _) if wanted.contains("iterable") => FOR.into(),
        PropertyExpected => "the name of a function, a property or an option is missing here".into(),
        Reserved(word) => format!("{word} is a reserved word, and cannot be used"),
        ExprTooDeep => "this is nested too deep".into(),
        LiteralTooLarge(what, most) => format!("{} is more than {most}", lowercase(&what)),
        TooManyFunctions => format!("there are more than {} functions", super::script::MAX_FUNCTIONS),
        AssignmentToConstant(name) => format!("{name} is a constant, and cannot be changed"),
        DuplicatedProperty(name) => format!("the option {name} is given twice"),
        other => lowercase(&other.to_string()),
    }
}

fn unknown_variable(name: &str, sources: &Sources, words: &[Word]) -> String {
    if let Some(word) = words.iter().find(|word| word.name == name) {
        return format!("{name} is a function, and must be called: {}", signature(word));
    }
    if sources.variables.iter().any(|variable| variable == name) {
        return format!(
            "{name} is not known here: a function sees only its own arguments, and a block's variables end with it"
        );
    }
    let known = sources.variables.iter().map(String::as_str).chain(super::script::CONSTANTS);
    format!("there is no variable {name}{}", did_you_mean(nearest(name, known)))
}

fn signature(word: &Word) -> String {
    word.signatures().next().unwrap_or_default()
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; did you mean {near}?"))
}

/// A call that fits no function: of an unknown name, or with arguments no function of the name takes.
fn unknown_function(signature: &str, sources: &Sources, words: &[Word]) -> String {
    let (name, given) = signature.split_once(" (").unwrap_or((signature, ")"));
    let given = given.trim_end_matches(')');
    let kinds: Vec<String> = given.split(", ").filter(|kind| !kind.is_empty()).map(kind_of).collect();
    let got = if kinds.is_empty() { "nothing".into() } else { kinds.join(" and ") };
    let plain = name.rsplit("::").next().unwrap_or(name);
    if !plain.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return format!("{name} does not go with {got}");
    }
    if let Some(word) = words.iter().find(|word| word.name == name) {
        return format!("{}; got ({})", word.takes(), kinds.join(", "));
    }
    let fits = |(own, arguments): &(String, Vec<String>)| own == plain && arguments.len() == kinds.len();
    if sources.functions.iter().any(fits) {
        return format!("{name} is a function of the scene's own, and no method: it is called as {name}(…)");
    }
    let own: Vec<String> = sources
        .functions
        .iter()
        .filter(|(own, _)| own == plain)
        .map(|(_, arguments)| format!("({})", arguments.join(", ")))
        .collect();
    if !own.is_empty() {
        return format!("{name} takes {}; got ({})", own.join(" or "), kinds.join(", "));
    }
    if OF_RHAI.contains(&plain) {
        return format!("{plain} does not take ({})", kinds.join(", "));
    }
    let own = sources.functions.iter().map(|(own, _)| own.as_str());
    let near = nearest(plain, words.iter().map(|word| word.name).chain(own).chain(LIKELY));
    format!("there is no function {name}{}", did_you_mean(near))
}

/// Functions of Rhai itself that scenes may well mean.
const LIKELY: [&str; 14] = [
    "push",
    "pop",
    "len",
    "map",
    "filter",
    "reduce",
    "sort",
    "reverse",
    "contains",
    "keys",
    "values",
    "range",
    "print",
    "to_string",
];

/// Functions of Rhai itself: of lists, maps, texts, numbers and functions.
const OF_RHAI: [&str; 54] = [
    "all",
    "append",
    "chars",
    "chop",
    "clear",
    "contains",
    "crop",
    "debug",
    "dedup",
    "drain",
    "ends_with",
    "extract",
    "filter",
    "find",
    "find_map",
    "for_each",
    "index_of",
    "insert",
    "is_empty",
    "is_even",
    "is_odd",
    "is_zero",
    "keys",
    "len",
    "make_lower",
    "make_upper",
    "map",
    "none",
    "pad",
    "pop",
    "print",
    "push",
    "range",
    "reduce",
    "reduce_rev",
    "remove",
    "replace",
    "retain",
    "reverse",
    "shift",
    "some",
    "sort",
    "splice",
    "split",
    "split_rev",
    "starts_with",
    "sub_string",
    "to_lower",
    "to_string",
    "to_upper",
    "trim",
    "truncate",
    "values",
    "zip",
];
