//! The direction of dependencies in `src/`: each room uses only the rooms below it, and no files use each other in a
//! circle.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from top to bottom, and the reason for each.
const ROOMS: [(&str, &str); 14] = [
    ("python::calls", "runs calls and batches for Python: uses everything below"),
    ("python::types", "the classes of results: made by calls, know nothing of them"),
    ("python::runtime", "drives any future: knows neither calls nor results"),
    ("python::convert", "values between Python and Rust, for all of the binding"),
    ("call", "the flow of a call, without Python"),
    ("config", "checks the settings of a client, transport options included"),
    ("transport", "sends one request of the protocol"),
    ("wechat", "the protocol, without I/O"),
    ("json", "parses any answer, and masks the tokens in it"),
    ("token", "the token and its redaction: uses nothing"),
    ("event", "what a call reports: uses nothing"),
    ("error", "how a call fails: every room may return it"),
    ("escape", "escapes text: errors print escaped text"),
    ("fork", "values of one process: uses nothing"),
];

/// A use of one module by another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    path: String,
    line: usize,
}

impl fmt::Display for Arrow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {} uses {}", self.path, self.line, self.from, self.to)
    }
}

/// The source files by their module, such as `call::client`; `mod.rs` goes by the name of its folder.
fn sources() -> BTreeMap<String, (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative: PathBuf = path.strip_prefix(&root).unwrap().with_extension("");
                let mut names: Vec<_> = relative.iter().map(|name| name.to_str().unwrap()).collect();
                names.pop_if(|name| matches!(*name, "mod" | "lib"));
                let shown = format!("src/{}", path.strip_prefix(&root).unwrap().display());
                sources.insert(names.join("::"), (shown, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

/// The paths that begin with `crate` or `super`, and the modules that a `mod.rs` with code of its own declares.
fn arrows(sources: &BTreeMap<String, (String, String)>) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for (from, (path, text)) in sources {
        let code: Vec<_> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let is_list = code.iter().all(|line| {
            let line = line.trim_start_matches("pub").trim_start_matches("(crate)").trim();
            line.is_empty() || line.starts_with("mod ") || line.starts_with('#')
        });
        // `super` within `mod name { … }` is the file itself.
        let mut inline = 0;
        for (number, line) in code.iter().enumerate() {
            if line.starts_with("mod ") && line.ends_with('{') {
                inline = 1;
            } else if *line == "}" {
                inline = 0;
            }
            let mut targets = Vec::new();
            let declared = line.trim_start_matches("pub").trim_start_matches("(crate)").trim();
            if let Some(child) = declared.strip_prefix("mod ").and_then(|name| name.strip_suffix(';'))
                && !is_list
            {
                targets.push(join(from, child));
            }
            for (start, keyword) in line.match_indices("crate::").chain(line.match_indices("super::")) {
                let before = line[..start].chars().next_back();
                if before.is_some_and(|character| character.is_alphanumeric() || ":_".contains(character)) {
                    continue;
                }
                let statement = code
                    .iter()
                    .skip(number + 1)
                    .take_while(|_| line.ends_with('{'))
                    .take_while(|next| !next.contains(';'))
                    .fold(line[start + keyword.len()..].to_owned(), |text, next| text + next.trim());
                let base = if keyword == "crate::" { "" } else { parent(from, 1 - inline) };
                targets.extend(expand(&statement).into_iter().map(|name| join(base, &name)));
            }
            for target in targets {
                let to = module_of(&target, sources);
                if to != *from && !to.is_empty() {
                    arrows.insert(Arrow { from: from.clone(), to, path: path.clone(), line: number + 1 });
                }
            }
        }
    }
    arrows
}

fn join(base: &str, name: &str) -> String {
    if base.is_empty() { name.to_owned() } else { format!("{base}::{name}") }
}

fn parent(module: &str, levels: usize) -> &str {
    (0..levels).fold(module, |module, _| module.rsplit_once("::").map_or("", |(parent, _)| parent))
}

/// The paths that `text` begins with: one, or one for each item in braces.
fn expand(text: &str) -> Vec<String> {
    let head = text.find(|character: char| !(character.is_alphanumeric() || "_:".contains(character)));
    let (head, rest) = text.split_at(head.unwrap_or(text.len()));
    let Some(items) = rest.strip_prefix('{') else {
        return vec![head.trim_end_matches(':').to_owned()];
    };
    let items = items.split('}').next().unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(|item| format!("{head}{item}")).collect()
}

/// The module of the file that defines `path`.
fn module_of(path: &str, sources: &BTreeMap<String, (String, String)>) -> String {
    let mut path = path;
    while !path.is_empty() && !sources.contains_key(path) {
        path = parent(path, 1);
    }
    path.to_owned()
}

/// The index of a module's room in [`ROOMS`]; None for a file that only lists rooms.
fn floor(module: &str) -> Option<usize> {
    ROOMS.iter().position(|(room, _)| module == *room || module.starts_with(&format!("{room}::")))
}

fn upward(arrows: &BTreeSet<Arrow>) -> Vec<String> {
    let is_upward = |arrow: &&Arrow| matches!((floor(&arrow.from), floor(&arrow.to)), (Some(from), Some(to)) if to < from);
    arrows.iter().filter(is_upward).map(ToString::to_string).collect()
}

/// The arrows that form circles, and those between circles.
fn circles(arrows: &BTreeSet<Arrow>) -> Vec<String> {
    let mut left: BTreeSet<_> = arrows.iter().cloned().collect();
    loop {
        let from: BTreeSet<_> = left.iter().map(|arrow| arrow.from.clone()).collect();
        let to: BTreeSet<_> = left.iter().map(|arrow| arrow.to.clone()).collect();
        let before = left.len();
        left.retain(|arrow| from.contains(&arrow.to) && to.contains(&arrow.from));
        if left.len() == before {
            return left.iter().map(ToString::to_string).collect();
        }
    }
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let sources = sources();
    let arrows = arrows(&sources);
    assert!(arrows.len() > 100, "found only {} uses", arrows.len());
    let unknown: Vec<_> = sources
        .keys()
        .filter(|module| floor(module).is_none() && !matches!(module.as_str(), "" | "python"))
        .collect();
    assert_eq!(unknown, [""; 0], "no room in ROOMS");
    assert_eq!(upward(&arrows), [""; 0]);
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    assert_eq!(circles(&arrows(&sources())), [""; 0]);
}

#[test]
fn the_table_in_lib_rs_has_the_same_order() {
    let sources = sources();
    let rows = sources[""].1.lines().filter(|line| line.starts_with("//! | "));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let floors: Vec<_> = names.map(|name| (floor(name), name.to_owned())).collect();
    assert!(floors.is_sorted(), "{floors:?}");
    for (room, _) in ROOMS.iter().filter(|(room, _)| !room.contains("::")) {
        assert!(floors.iter().any(|(_, name)| name == room), "{room} is missing in the table");
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let sources = BTreeMap::from_iter(
        [
            ("call", "pub(crate) mod client;\n"),
            ("call::client", "use super::retry::{\n    self,\n    Class,\n};\n"),
            ("call::retry", "fn f() { super::client::g() }\n"),
            ("json", "mod repair;\nfn f() { repair::g() } // crate::call::client\n"),
            ("json::repair", "use super::Json;\n"),
            ("token", "use crate::{\n    call::client::Call,\n    json,\n};\n"),
        ]
        .map(|(module, text)| (module.to_owned(), (format!("src/{module}.rs"), text.to_owned()))),
    );
    let arrows = arrows(&sources);
    let upward = upward(&arrows);
    assert_eq!(upward, ["src/token.rs:1: token uses call::client", "src/token.rs:1: token uses json"]);
    let circles = circles(&arrows);
    assert_eq!(
        circles,
        [
            "src/call::client.rs:1: call::client uses call::retry",
            "src/call::retry.rs:1: call::retry uses call::client",
            "src/json.rs:1: json uses json::repair",
            "src/json::repair.rs:1: json::repair uses json",
        ]
    );
}
