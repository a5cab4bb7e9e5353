//! Walking through a template's text, with line and column at hand.

use super::ast::Position;

/// A place in a text; a copy of it is a place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    at: Position,
}

impl<'a> Cursor<'a> {
    /// The start of a text that itself starts at that place.
    pub fn new(text: &'a str, at: Position) -> Self {
        Self { text, offset: 0, at }
    }

    pub fn at(&self) -> Position {
        self.at
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    /// What lies between an earlier place and this one.
    pub fn since(&self, earlier: &Self) -> &'a str {
        &self.text[earlier.offset..self.offset]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        if next == '\n' {
            self.at.line = self.at.line.saturating_add(1);
            self.at.column = 1;
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(next)
    }

    /// Goes past that text if it is next.
    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            text.chars().for_each(|_| {
                self.next();
            });
        }
        found
    }

    /// Goes past all characters of that kind, and gives them.
    pub fn take(&mut self, kind: impl Fn(char) -> bool) -> &'a str {
        let start = *self;
        while self.peek().is_some_and(&kind) {
            self.next();
        }
        self.since(&start)
    }

    /// Goes past blanks and line ends.
    pub fn skip_space(&mut self) {
        self.take(|c| c.is_ascii_whitespace());
    }

    /// Goes past the rest of a line when only blanks are left of it, its end included.
    pub fn skip_blank_line(&mut self) {
        let mut ahead = *self;
        ahead.take(|c| c == ' ' || c == '\t');
        if ahead.eat("\r\n") || ahead.eat("\n") || ahead.eat("\r") {
            *self = ahead;
        }
    }

    /// A name of a variable, property or method: a letter or `_`, then also digits and `-`.
    pub fn name(&mut self) -> Option<&'a str> {
        self.peek().filter(|c| c.is_ascii_alphabetic() || *c == '_')?;
        Some(self.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
    }
}
