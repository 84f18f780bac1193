//! Files a scene imports: scripts in the scene's folder and below, and nothing else.

use super::draft::Draft;
use super::explain::Sources;
use super::script::{Shared, TokenReader};
use super::{Home, Origin, gallery, read_text};
use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// A file that has been run, for all who import it.
type SharedModule = rhai::Shared<Module>;

impl Origin {
    /// The file that a script means by a path, with an ending where it has none: as a message names it, and where it
    /// really is, if it is there. `done` says what is to be done with it, as in "cannot be imported".
    pub(super) fn locate(
        &self,
        asker: &str,
        path: &str,
        done: &str,
        ending: &str,
    ) -> Result<(String, Option<PathBuf>), String> {
        if matches!(self.home, Home::Nowhere) {
            return Err(format!("{path:?} cannot be {done}: the scene is no file, and has no folder"));
        }
        let relative = Path::new(path);
        let is_below =
            relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if path.is_empty() || !is_below {
            return Err(format!("{path:?} cannot be {done}: only files in the scene's folder and below can"));
        }
        let mut named = Path::new(asker).with_file_name("").join(relative);
        if named.extension().is_none() {
            named.set_extension(ending);
        }
        let shown = named.display().to_string();
        let found = match &self.home {
            Home::Folder(_) => named.canonicalize().ok(),
            _ => gallery::part(&shown).map(|_| named),
        };
        match (&self.home, &found) {
            (Home::Folder(root), Some(found)) if !found.starts_with(root) => {
                Err(format!("{path:?} cannot be {done}: it leads out of the scene's folder"))
            }
            _ => Ok((shown, found)),
        }
    }
}

/// The most files a scene may import.
pub(super) const MAX_IMPORTS: usize = 64;
/// How deep imports may lead to imports.
const MAX_IMPORT_DEPTH: usize = 16;

/// Finds, reads and runs the files that scripts import.
pub(super) struct Imports {
    origin: Origin,
    draft: Shared<Draft>,
    sources: Shared<Sources>,
    reading: TokenReader,
    /// The files whose import is under way, the innermost last.
    under_way: RefCell<Vec<PathBuf>>,
    done: RefCell<HashMap<PathBuf, SharedModule>>,
}

impl Imports {
    pub(super) fn new(
        origin: &Origin,
        draft: Shared<Draft>,
        sources: Shared<Sources>,
        reading: TokenReader,
    ) -> Imports {
        Imports {
            origin: origin.clone(),
            draft,
            sources,
            reading,
            under_way: RefCell::default(),
            done: RefCell::default(),
        }
    }

    fn text(&self, found: &Path, shown: &str) -> Result<String, String> {
        match self.origin.home {
            Home::Folder(_) => read_text(found, shown).map_err(|error| error.to_string()),
            _ => Ok(gallery::part(shown).unwrap_or_default().into()),
        }
    }

    fn import(
        &self,
        engine: &Engine,
        importer: &str,
        path: &str,
        position: Position,
    ) -> Result<SharedModule, Box<EvalAltResult>> {
        let wrong = |problem: String| EvalAltResult::ErrorRuntime(problem.into(), position);
        let (shown, found) = self.origin.locate(importer, path, "imported", "rhai").map_err(wrong)?;
        let found = found.ok_or_else(|| wrong(format!("there is no file {shown} to import")))?;
        if let Some(module) = self.done.borrow().get(&found) {
            return Ok(module.clone());
        }
        if self.under_way.borrow().contains(&found) || found == self.origin_path() {
            return Err(
                wrong(format!("{shown} is what imports this: imports may not run in a circle")).into()
            );
        }
        if self.under_way.borrow().len() >= MAX_IMPORT_DEPTH || self.done.borrow().len() >= MAX_IMPORTS {
            let problem =
                format!("imports are more than {MAX_IMPORT_DEPTH} deep, or more than {MAX_IMPORTS} files");
            return Err(wrong(problem).into());
        }
        let text = self.text(&found, &shown).map_err(wrong)?;
        self.sources.borrow_mut().add_text(&shown, &text);
        self.under_way.borrow_mut().push(found.clone());
        self.draft.borrow_mut().importing += 1;
        let module = self.reading.compile(engine, &text, &shown).and_then(|script| {
            self.sources.borrow_mut().add_functions(&script);
            let mut module = Module::eval_ast_as_new(Scope::new(), &script, engine)?;
            module.set_id(shown.as_str());
            Ok(SharedModule::from(module))
        });
        self.draft.borrow_mut().importing -= 1;
        self.under_way.borrow_mut().pop();
        let module = module.map_err(|error| EvalAltResult::ErrorInModule(shown, error, position))?;
        self.done.borrow_mut().insert(found, module.clone());
        Ok(module)
    }

    /// Where the scene's own file really is.
    fn origin_path(&self) -> PathBuf {
        Path::new(&*self.origin.file).canonicalize().unwrap_or_default()
    }
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<SharedModule, Box<EvalAltResult>> {
        self.import(engine, source.unwrap_or(&self.origin.file), path, position)
    }
}
