//! The orderings of the protocols' accesses, as the comments at them say.

use super::{SOURCES, Source, label};

/// An ordering of an access, or of several that one comment speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Protocol and step, or file and line where it is no step.
    pub site: String,
    /// The ordering.
    pub order: &'static str,
    /// Why that one; `None` if no comment says so.
    pub why: Option<String>,
}

const ORDERS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// Every ordering of every protocol.
pub fn all() -> impl Iterator<Item = Ordered> {
    SOURCES.iter().flat_map(of)
}

fn of(source: &Source) -> Vec<Ordered> {
    let mut found: Vec<Ordered> = Vec::new();
    // Where what the last comment says begins: it speaks for all accesses up to the next one, or to the
    // function's end.
    let mut open = 0;
    let mut is_comment = false;
    for (line, number) in source.text.lines().zip(1..) {
        let here = || format!("{}:{number}", source.file);
        if let Some(comment) = line.trim().strip_prefix("// ") {
            if comment.contains("ORDERING: ") {
                (open, is_comment) = (found.len(), true);
            }
            if is_comment {
                let step = label(line).map(|label| format!("{}/{label}", source.protocol));
                read(comment, step.unwrap_or_else(here), open, &mut found);
            }
            continue;
        }
        is_comment = false;
        if line.contains("fn ") {
            open = found.len();
        }
        let is_access = !line.contains("use ") && !line.contains("//");
        for order in ORDERS.into_iter().filter(|order| is_access && has_word(line, order)) {
            if found[open..].iter().all(|ordered| ordered.order != order) {
                found.push(Ordered { site: here(), order, why: None });
            }
        }
    }
    found
}

/// Takes in a line of a comment: it names an ordering, or goes on about the last one.
fn read(comment: &str, site: String, open: usize, found: &mut Vec<Ordered>) {
    let named = ["ORDERING: ", "On failure "].into_iter().find_map(|start| {
        let (order, why) = comment.split_once(start)?.1.split_once(", ")?;
        Some((ORDERS.into_iter().find(|known| *known == order)?, why))
    });
    if let Some((order, why)) = named {
        let site = found.get(open).map_or(site, |first| first.site.clone());
        found.push(Ordered { site, order, why: Some(why.into()) });
    } else if let Some(Ordered { why: Some(why), .. }) = found[open..].last_mut() {
        why.extend([" ", comment.trim()]);
    }
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric()).any(|other| other == word)
}
