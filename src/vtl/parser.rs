//! Parsing of templates: text, references and directives.
//!
//! What the parser refuses is what Velocity 1.7 refuses, and so what answers every call with a 500 on API Gateway. Where
//! the two differ, the parser takes more.

use super::ast::{Error, Node, NodeKind, Position, Template};
use super::cursor::Cursor;

/// How deep blocks, expressions and strings may lie in each other.
pub(super) const NESTING_MAX: usize = 100;

const START: Position = Position { line: 1, column: 1 };

/// Parses a template.
///
/// # Errors
/// The first place that is no template.
pub fn parse(text: &str) -> Result<Template, Error> {
    Parser { cursor: Cursor::new(text, START), depth: 0, string: false }.template().map(|nodes| Template { nodes })
}

pub(super) struct Parser<'a> {
    pub cursor: Cursor<'a>,
    pub depth: usize,
    /// Whether this is the content of a string. There `$` and `#` may be last.
    string: bool,
}

/// What ends a block.
pub(super) enum Ending {
    Text,
    End,
    Else,
    Elseif,
}

/// Nodes as they are found, with the text before the next one.
#[derive(Default)]
struct Block {
    nodes: Vec<Node>,
    text: String,
    text_at: Option<Position>,
}

impl Block {
    fn text(&mut self, at: Position, text: &str) {
        self.text_at.get_or_insert(at);
        self.text.push_str(text);
    }

    fn node(&mut self, at: Position, kind: NodeKind) {
        self.close();
        self.nodes.push(Node { at, kind });
    }

    fn close(&mut self) {
        if let Some(at) = self.text_at.take().filter(|_| !self.text.is_empty()) {
            let text = std::mem::take(&mut self.text);
            self.nodes.push(Node { at, kind: NodeKind::Text(text) });
        }
    }
}

impl<'a> Parser<'a> {
    /// For the content of a string that starts there.
    pub fn inside_string(text: &'a str, at: Position, depth: usize) -> Self {
        Self { cursor: Cursor::new(text, at), depth, string: true }
    }

    /// A whole template.
    pub fn template(&mut self) -> Result<Vec<Node>, Error> {
        let before = self.cursor;
        let (nodes, ending, at) = self.block()?;
        let word = match ending {
            Ending::Text => return Ok(nodes),
            Ending::End => "#end",
            Ending::Else => "#else",
            Ending::Elseif => "#elseif",
        };
        debug_assert!(before.at() <= at);
        let opener = if matches!(ending, Ending::End) { "#if, #foreach or #define" } else { "#if" };
        Err(Error { at, message: format!("{word} has no {opener} before it") })
    }

    /// Runs a parser one level deeper.
    pub fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= NESTING_MAX {
            let message = format!("directives and expressions lie more than {NESTING_MAX} deep in each other");
            return Err(Error { at: self.cursor.at(), message });
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    pub fn unexpected(&self, wanted: &str) -> Error {
        let rest = self.cursor.rest();
        let found = if rest.is_empty() {
            "the end of the template".to_owned()
        } else {
            format!("{:?}", rest.chars().take(12).collect::<String>())
        };
        Error { at: self.cursor.at(), message: format!("expected {wanted}, found {found}") }
    }

    pub fn expect(&mut self, text: &str, what: &str) -> Result<(), Error> {
        if self.cursor.eat(text) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    /// Nodes up to a directive that ends a block; that directive's word is read, its place given.
    pub(super) fn block(&mut self) -> Result<(Vec<Node>, Ending, Position), Error> {
        let mut block = Block::default();
        loop {
            let at = self.cursor.at();
            if block.text.is_empty() && self.skip_indent_of_set() {
                continue;
            }
            match self.cursor.peek() {
                None => {
                    block.close();
                    return Ok((block.nodes, Ending::Text, at));
                }
                Some('\\') => self.backslashes(&mut block)?,
                Some('$') => match self.reference()? {
                    Some(reference) => block.node(at, NodeKind::Reference(reference)),
                    None => self.sign("$", &mut block)?,
                },
                Some('#') => {
                    if let Some(ending) = self.hash(&mut block)? {
                        block.close();
                        return Ok((block.nodes, ending, at));
                    }
                }
                Some(_) => block.text(at, self.cursor.take(|c| !matches!(c, '\\' | '$' | '#'))),
            }
        }
    }

    /// Blanks before `#set` go with it, but only where no text stands before them.
    fn skip_indent_of_set(&mut self) -> bool {
        let mut ahead = self.cursor;
        let indent = ahead.take(|c| c == ' ' || c == '\t');
        let set = !indent.is_empty() && ahead.rest().starts_with("#set");
        if set {
            self.cursor = ahead;
        }
        set
    }

    /// `$` or `#` as text.
    fn sign(&mut self, sign: &str, block: &mut Block) -> Result<(), Error> {
        let at = self.cursor.at();
        self.cursor.eat(sign);
        if self.cursor.rest().is_empty() && !self.string {
            let message = format!("a template cannot end with {sign}; put a line end after it");
            return Err(Error { at, message });
        }
        block.text(at, sign);
        Ok(())
    }

    /// Backslashes mean something only before a reference or a directive: two are one, a single one makes text of it.
    fn backslashes(&mut self, block: &mut Block) -> Result<(), Error> {
        let at = self.cursor.at();
        let backslashes = self.cursor.take(|c| c == '\\');
        if !self.is_escapable() {
            block.text(at, backslashes);
            return Ok(());
        }
        block.text(at, &backslashes[..backslashes.len() / 2]);
        if backslashes.len() % 2 == 1 {
            let start = self.cursor;
            // A reference as it is written, with what stands in its parentheses.
            if self.reference()?.is_none() {
                self.cursor.next();
            }
            block.text(at, self.cursor.since(&start));
        }
        Ok(())
    }

    fn is_escapable(&self) -> bool {
        let mut ahead = self.cursor;
        if ahead.eat("$") {
            ahead.eat("!");
            ahead.eat("{");
            return ahead.name().is_some();
        }
        if !ahead.eat("#") {
            return false;
        }
        let braces = ahead.eat("{");
        let word = ahead.take(|c| c.is_ascii_alphanumeric() || c == '_');
        let known = ["if", "elseif", "else", "end", "set", "foreach", "stop", "break", "define"].contains(&word);
        known && (!braces || ahead.eat("}"))
    }

    /// Everything that starts with `#`. The word of an ending is read, not what follows it.
    fn hash(&mut self, block: &mut Block) -> Result<Option<Ending>, Error> {
        let start = self.cursor;
        let at = start.at();
        if self.cursor.eat("##") {
            self.cursor.take(|c| c != '\n' && c != '\r');
            let _ = self.cursor.eat("\r\n") || self.cursor.eat("\n") || self.cursor.eat("\r");
            block.close();
            return Ok(None);
        }
        if self.cursor.eat("#*") {
            let end = self.cursor.rest().find("*#").map_or(self.cursor.rest().len(), |end| end + 2);
            let stop = self.cursor.rest().len() - end;
            while self.cursor.rest().len() > stop {
                self.cursor.next();
            }
            block.close();
            return Ok(None);
        }
        if self.cursor.eat("#[[") {
            let Some(end) = self.cursor.rest().find("]]#") else {
                return Err(Error { at, message: "#[[ has no ]]#".to_owned() });
            };
            let raw = &self.cursor.rest()[..end];
            block.text(at, raw);
            let stop = self.cursor.rest().len() - end - 3;
            while self.cursor.rest().len() > stop {
                self.cursor.next();
            }
            return Ok(None);
        }
        self.cursor.eat("#");
        let braces = self.cursor.eat("{");
        let word = self.cursor.take(|c| c.is_ascii_alphanumeric() || c == '_');
        if braces && !self.cursor.eat("}") {
            self.cursor = start;
            self.sign("#", block)?;
            return Ok(None);
        }
        match word {
            "end" => return Ok(Some(Ending::End)),
            "else" => return Ok(Some(Ending::Else)),
            "elseif" => return Ok(Some(Ending::Elseif)),
            "stop" => block.node(at, NodeKind::Stop),
            "break" => block.node(at, NodeKind::Break),
            "set" if self.opens() => {
                let node = self.nested(Self::set)?;
                block.node(at, node);
            }
            "if" => {
                let node = self.nested(|parser| parser.conditional(at))?;
                block.node(at, node);
            }
            "foreach" => {
                let node = self.nested(|parser| parser.foreach(at))?;
                block.node(at, node);
            }
            "define" if self.opens() => {
                let node = self.nested(|parser| parser.define(at))?;
                block.node(at, node);
            }
            "macro" if self.opens() => {
                self.skip_parentheses();
                self.cursor.skip_blank_line();
                self.nested(|parser| parser.body(at, "#macro").map(|_| ()))?;
                block.node(at, NodeKind::Inert { directive: "#macro".to_owned(), text: String::new() });
            }
            "" => {
                self.cursor = start;
                self.sign("#", block)?;
            }
            // Other words are text, with what they have in parentheses.
            word => {
                if self.opens() && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.skip_parentheses();
                }
                let text = self.cursor.since(&start).to_owned();
                if ["evaluate", "include", "parse"].contains(&word) {
                    block.node(at, NodeKind::Inert { directive: format!("#{word}"), text });
                } else {
                    block.text(at, &text);
                    block.close();
                }
            }
        }
        Ok(None)
    }
}
