//! Parsing of directives, from behind their word.

use super::ast::{Error, Expression, Node, NodeKind, PartKind, Position};
use super::parser::{Ending, Parser};

/// How far the `)` of a directive that is none is looked for.
const INERT_MAX: usize = 1024;

impl Parser<'_> {
    pub(super) fn opens(&self) -> bool {
        self.cursor.rest().trim_start().starts_with('(')
    }

    /// Goes past a parenthesis and what is in it, if it closes before long.
    pub(super) fn skip_parentheses(&mut self) {
        let before = self.cursor;
        self.cursor.skip_space();
        let mut open = 0_usize;
        for _ in 0..INERT_MAX {
            match self.cursor.next() {
                Some('(') => open += 1,
                Some(')') if open <= 1 => return,
                Some(')') => open -= 1,
                Some(_) => {}
                None => break,
            }
        }
        self.cursor = before;
    }

    fn open(&mut self, directive: &str) -> Result<(), Error> {
        self.cursor.skip_space();
        self.expect("(", &format!("the ( of {directive}"))?;
        self.cursor.skip_space();
        Ok(())
    }

    fn close(&mut self, directive: &str) -> Result<(), Error> {
        self.cursor.skip_space();
        self.expect(")", &format!("the ) of {directive}"))
    }

    pub(super) fn set(&mut self) -> Result<NodeKind, Error> {
        self.open("#set")?;
        let Some(target) = self.reference()? else { return Err(self.unexpected("a reference such as $name")) };
        if let Some(part) = target.parts.last().filter(|part| matches!(part.kind, PartKind::Call(..))) {
            return Err(Error { at: part.at, message: "#set cannot set what a method answers".to_owned() });
        }
        self.cursor.skip_space();
        self.expect("=", "the = of #set")?;
        let value = self.expression()?;
        self.close("#set")?;
        self.cursor.skip_blank_line();
        Ok(NodeKind::Set { target, value })
    }

    fn condition(&mut self, directive: &str) -> Result<Expression, Error> {
        self.open(directive)?;
        let condition = self.expression()?;
        self.close(directive)?;
        self.cursor.skip_blank_line();
        Ok(condition)
    }

    pub(super) fn conditional(&mut self, at: Position) -> Result<NodeKind, Error> {
        let mut arms = Vec::new();
        let mut condition = self.condition("#if")?;
        loop {
            let (nodes, ending, ends) = self.block()?;
            arms.push((condition, nodes));
            match ending {
                Ending::Elseif => condition = self.condition("#elseif")?,
                Ending::Else => {
                    self.cursor.skip_blank_line();
                    return Ok(NodeKind::If { arms, otherwise: self.body(at, "#if")? });
                }
                Ending::End => {
                    self.cursor.skip_blank_line();
                    return Ok(NodeKind::If { arms, otherwise: Vec::new() });
                }
                Ending::Text => return Err(unended("#if", at, ends)),
            }
        }
    }

    pub(super) fn foreach(&mut self, at: Position) -> Result<NodeKind, Error> {
        self.open("#foreach")?;
        let variable = match self.reference()? {
            Some(reference) if reference.parts.is_empty() => reference.name,
            _ => return Err(self.unexpected("#foreach($item in $list)")),
        };
        self.cursor.skip_space();
        self.expect("in", "the word in of #foreach($item in $list)")?;
        let list = self.expression()?;
        self.close("#foreach")?;
        self.cursor.skip_blank_line();
        Ok(NodeKind::Foreach { variable, list, body: self.body(at, "#foreach")? })
    }

    pub(super) fn define(&mut self, at: Position) -> Result<NodeKind, Error> {
        self.open("#define")?;
        let Some(variable) = self.reference()? else { return Err(self.unexpected("a reference such as $name")) };
        self.close("#define")?;
        self.cursor.skip_blank_line();
        Ok(NodeKind::Define { variable: variable.name, body: self.body(at, "#define")? })
    }

    /// What a directive holds, up to and with its `#end`.
    pub(super) fn body(&mut self, at: Position, directive: &str) -> Result<Vec<Node>, Error> {
        let (nodes, ending, ends) = self.block()?;
        let word = match ending {
            Ending::End => {
                self.cursor.skip_blank_line();
                return Ok(nodes);
            }
            Ending::Text => return Err(unended(directive, at, ends)),
            Ending::Else => "#else",
            Ending::Elseif => "#elseif",
        };
        let message = format!("{word} cannot stand here, in the {directive} of {at}");
        Err(Error { at: ends, message })
    }
}

fn unended(directive: &str, at: Position, ends: Position) -> Error {
    Error { at, message: format!("{directive} has no #end; the template ends at {ends}") }
}
