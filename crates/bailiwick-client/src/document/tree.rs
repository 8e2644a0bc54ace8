//! YAML, and JSON with it, as a tree of values that know their lines.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::{DEPTH_MAX, NODES_MAX, Problem, escaped};

/// A value with the line on which it begins, counted from 1.
#[derive(Debug)]
pub struct Node {
    pub line: usize,
    pub kind: Kind,
    /// How many values it holds, itself included.
    size: usize,
    /// How many levels it holds below itself.
    depth: usize,
}

#[derive(Debug)]
pub enum Kind {
    Scalar(Value),
    /// A text of several lines below its key, with the line on which it begins and how far it is indented.
    Block(Value, usize, usize),
    List(Vec<Rc<Node>>),
    Map(Vec<(String, usize, Rc<Node>)>),
}

impl Node {
    /// The value without its lines.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) | Kind::Block(value, ..) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(|item| item.value()).collect()),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(key, _, value)| (key.clone(), value.value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// The line of what a JSON pointer leads to, or of the last thing on the way that there is.
    pub fn line_of(&self, pointer: &str) -> usize {
        self.at(pointer).0
    }

    /// Where a text below its key begins, and how far it is indented.
    pub fn block_at(&self, pointer: &str) -> Option<(usize, usize)> {
        match self.at(pointer).1.kind {
            Kind::Block(_, line, indent) => Some((line, indent)),
            _ => None,
        }
    }

    fn at(&self, pointer: &str) -> (usize, &Self) {
        let (mut node, mut line) = (self, self.line);
        for part in pointer.split('/').skip(1) {
            let next = match &node.kind {
                Kind::Scalar(_) | Kind::Block(..) => None,
                Kind::List(items) => {
                    let item = part.parse().ok().and_then(|place: usize| items.get(place));
                    item.map(|item| (item.line, item))
                }
                Kind::Map(entries) => entries
                    .iter()
                    .find(|(key, _, _)| escaped(key) == part)
                    .map(|(_, line, value)| (*line, value)),
            };
            let Some((at, found)) = next else { break };
            (node, line) = (found, at);
        }
        (line, node)
    }
}

/// A list or mapping that is not closed yet.
struct Open {
    line: usize,
    anchor: usize,
    size: usize,
    depth: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<(String, usize, Rc<Node>)>, key: Option<(String, usize)> },
}

/// The one document of a text.
///
/// # Errors
/// The first thing that is wrong with the text itself: what follows cannot be told then.
pub fn parse(text: &str) -> Result<Rc<Node>, Problem> {
    let lines = text.lines().collect();
    let mut building = Building { open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0, lines };
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            wrong(error.marker().line(), format!("this is neither YAML nor JSON: {}", error.info()))
        })?;
        building.event(event, span)?;
    }
    building.root.ok_or_else(|| wrong(1, "the document is empty"))
}

struct Building<'a> {
    lines: Vec<&'a str>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    nodes: usize,
}

impl Building<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                untagged(tag.is_some(), line)?;
                let value =
                    if style == ScalarStyle::Plain { plain(&text) } else { Value::from(text.as_ref()) };
                // A key is a text whatever it looks like.
                if let Some(Open { kind: OpenKind::Map { key: key @ None, entries }, .. }) =
                    self.open.last_mut()
                {
                    if entries.iter().any(|(known, _, _)| *known == *text) {
                        return Err(wrong(line, format!("the key `{}` stands twice here", shown(&text))));
                    }
                    *key = Some((text.into_owned(), line));
                    return self.count(1, line);
                }
                let kind = match self.block(style, line) {
                    Some((first, indent)) => Kind::Block(value, first, indent),
                    None => Kind::Scalar(value),
                };
                self.put(Rc::new(Node { line, kind, size: 1, depth: 0 }), anchor, line)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag.is_some(), line)?;
                self.begin(OpenKind::List(Vec::new()), anchor, line)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag.is_some(), line)?;
                self.begin(OpenKind::Map { entries: Vec::new(), key: None }, anchor, line)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, size, depth, kind }) = self.open.pop() else { return Ok(()) };
                let kind = match kind {
                    OpenKind::List(items) => Kind::List(items),
                    OpenKind::Map { entries, .. } => Kind::Map(entries),
                };
                // Its parts were counted as they came.
                self.nodes = self.nodes.saturating_sub(size - 1);
                self.put(Rc::new(Node { line, kind, size, depth }), anchor, line)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).map(Rc::clone);
                let node = node.ok_or_else(|| wrong(line, "an alias stands inside of what it stands for"))?;
                if self.awaits_key() {
                    return Err(key_is_text(line));
                }
                self.put(node, 0, line)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(wrong(line, "there is a second document: write one only"))
            }
            _ => Ok(()),
        }
    }

    /// Where the text of a literal scalar begins: below the line of its `|`, the first that is not empty telling how far in.
    fn block(&self, style: ScalarStyle, line: usize) -> Option<(usize, usize)> {
        if style != ScalarStyle::Literal {
            return None;
        }
        // The parser names the line of the mark, or that of the first text below it.
        let is_mark = |line: &usize| {
            let text = line.checked_sub(1).and_then(|at| self.lines.get(at)).copied().unwrap_or_default();
            let text = text.split(" #").next().unwrap_or_default().trim_end();
            let mark = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
            mark.strip_suffix('|')
                .is_some_and(|key| key.trim_end().ends_with([':', '-']) || key.contains('&'))
        };
        let mark = (1..line).rev().take_while(|at| !is_mark(&(at + 1))).find(is_mark).unwrap_or(line);
        let mut below = self.lines.get(mark..)?.iter();
        let text = below.find(|text| !text.trim().is_empty())?;
        Some((mark + 1, text.len() - text.trim_start_matches(' ').len()))
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: OpenKind::Map { key: None, .. }, .. }))
    }

    fn begin(&mut self, kind: OpenKind, anchor: usize, line: usize) -> Result<(), Problem> {
        if self.awaits_key() {
            return Err(key_is_text(line));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(wrong(line, format!("lists and mappings nest deeper than {DEPTH_MAX} levels")));
        }
        self.open.push(Open { line, anchor, size: 1, depth: 0, kind });
        Ok(())
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES_MAX {
            return Err(wrong(line, format!("the document has more than {NODES_MAX} values")));
        }
        Ok(())
    }

    fn put(&mut self, node: Rc<Node>, anchor: usize, line: usize) -> Result<(), Problem> {
        self.count(node.size, line)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        if self.open.len() + node.depth > DEPTH_MAX {
            return Err(wrong(line, format!("lists and mappings nest deeper than {DEPTH_MAX} levels")));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size += node.size;
        open.depth = open.depth.max(node.depth + 1);
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map { entries, key } => {
                if let Some((key, line)) = key.take() {
                    entries.push((key, line, node));
                }
            }
        }
        Ok(())
    }
}

/// What an unquoted text stands for (YAML 1.2, section 10.3): words such as `yes` are texts.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    if !is_number {
        return None;
    }
    let whole = text.strip_prefix('+').unwrap_or(text);
    let unsigned = whole.parse::<u64>().ok().map(Number::from);
    let signed = || whole.parse::<i64>().ok().map(Number::from);
    unsigned.or_else(signed).or_else(|| whole.parse().ok().and_then(Number::from_f64))
}

fn untagged(tagged: bool, line: usize) -> Result<(), Problem> {
    if tagged {
        Err(wrong(line, "tags such as `!!str` are not taken: write the value alone"))
    } else {
        Ok(())
    }
}

fn key_is_text(line: usize) -> Problem {
    wrong(line, "a key must be a text")
}

fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn wrong(line: usize, message: impl Into<String>) -> Problem {
    Problem { pointer: String::new(), line: Some(line.max(1)), message: message.into() }
}
