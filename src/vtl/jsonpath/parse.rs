//! Parsing of JSONPath.

use super::super::ast::Position;
use super::super::cursor::Cursor;
use super::filter::{Comparison, Filter, Operand};
use super::{Function, Step};

/// How deep filters may lie in each other.
const NESTING_MAX: usize = 20;
const START: Position = Position { line: 1, column: 1 };

/// The steps of a path.
pub(super) fn parse(path: &str) -> Result<Vec<Step>, String> {
    let path = path.trim();
    let mut parser = Parser { cursor: Cursor::new(path, START), depth: 0 };
    if !parser.cursor.eat("$") && !parser.cursor.eat("@") && !path.starts_with('[') {
        // A path may leave out the `$.`.
        let step = parser.name_or_call()?;
        let mut steps = vec![step];
        steps.append(&mut parser.steps()?);
        return parser.done(steps);
    }
    let steps = parser.steps()?;
    parser.done(steps)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn done(&self, steps: Vec<Step>) -> Result<Vec<Step>, String> {
        if self.cursor.rest().is_empty() { Ok(steps) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> String {
        let rest: String = self.cursor.rest().chars().take(20).collect();
        if rest.is_empty() { "the path ends too early".to_owned() } else { format!("{rest:?} is no step of a path") }
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        self.cursor.skip_space();
        if self.cursor.eat(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.cursor.eat("..") {
                steps.push(Step::Below);
                let step = if self.cursor.rest().starts_with('[') { self.brackets()? } else { self.name_or_call()? };
                steps.push(step);
            } else if self.cursor.eat(".") {
                let step = if self.cursor.rest().starts_with('[') { self.brackets()? } else { self.name_or_call()? };
                steps.push(step);
            } else if self.cursor.rest().starts_with('[') {
                let step = self.brackets()?;
                steps.push(step);
            } else {
                return Ok(steps);
            }
        }
    }

    fn name_or_call(&mut self) -> Result<Step, String> {
        if self.cursor.eat("*") {
            return Ok(Step::All);
        }
        let in_filter = self.depth > 0;
        let name =
            self.cursor.take(|c| !(c.is_whitespace() || ".[(".contains(c) || in_filter && "])=!<>&|,~".contains(c)));
        if name.is_empty() {
            return Err(self.unexpected());
        }
        if !self.cursor.eat("(") {
            return Ok(Step::Names(vec![name.to_owned()]));
        }
        let function = match name {
            "length" | "size" => Function::Length,
            "keys" => Function::Keys,
            "first" => Function::First,
            "last" => Function::Last,
            "sum" => Function::Sum,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Average,
            _ => return Err(format!("{name}() is not known")),
        };
        self.expect(")")?;
        Ok(Step::Call(function))
    }

    fn brackets(&mut self) -> Result<Step, String> {
        self.expect("[")?;
        self.cursor.skip_space();
        let step = match self.cursor.peek() {
            Some('*') => {
                self.cursor.eat("*");
                Step::All
            }
            Some('?') => {
                self.cursor.eat("?");
                self.cursor.skip_space();
                self.expect("(")?;
                let filter = self.either()?;
                self.expect(")")?;
                Step::Where(filter)
            }
            Some('\'' | '"') => {
                let mut names = vec![self.string()?];
                loop {
                    self.cursor.skip_space();
                    if !self.cursor.eat(",") {
                        break;
                    }
                    self.cursor.skip_space();
                    names.push(self.string()?);
                }
                Step::Names(names)
            }
            _ => self.indexes()?,
        };
        self.expect("]")?;
        Ok(step)
    }

    fn indexes(&mut self) -> Result<Step, String> {
        let first = self.integer();
        self.cursor.skip_space();
        if self.cursor.eat(":") {
            self.cursor.skip_space();
            return Ok(Step::Slice(first, self.integer()));
        }
        let mut indexes = vec![first.ok_or_else(|| self.unexpected())?];
        while self.cursor.eat(",") {
            self.cursor.skip_space();
            indexes.push(self.integer().ok_or_else(|| self.unexpected())?);
            self.cursor.skip_space();
        }
        Ok(Step::Indexes(indexes))
    }

    fn integer(&mut self) -> Option<i64> {
        let start = self.cursor;
        self.cursor.eat("-");
        self.cursor.take(|c| c.is_ascii_digit());
        self.cursor.since(&start).parse().ok()
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.cursor.next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| self.unexpected())?;
        let mut text = String::new();
        loop {
            match self.cursor.next() {
                Some('\\') => text.extend(self.cursor.next()),
                Some(c) if c == quote => return Ok(text),
                Some(c) => text.push(c),
                None => return Err("a name has no closing quote".to_owned()),
            }
        }
    }

    fn either(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(format!("filters lie more than {NESTING_MAX} deep in each other"));
        }
        let mut any = vec![self.both()?];
        self.cursor.skip_space();
        while self.cursor.eat("||") {
            any.push(self.both()?);
            self.cursor.skip_space();
        }
        self.depth -= 1;
        Ok(Filter::Any(any))
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut all = vec![self.condition()?];
        self.cursor.skip_space();
        while self.cursor.eat("&&") {
            all.push(self.condition()?);
            self.cursor.skip_space();
        }
        Ok(Filter::All(all))
    }

    fn condition(&mut self) -> Result<Filter, String> {
        self.cursor.skip_space();
        let mut negated = false;
        while !self.cursor.rest().starts_with("!=") && self.cursor.eat("!") {
            negated = !negated;
            self.cursor.skip_space();
        }
        let filter = if self.cursor.eat("(") {
            let inner = self.either()?;
            self.expect(")")?;
            inner
        } else {
            self.comparison()?
        };
        Ok(if negated { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn comparison(&mut self) -> Result<Filter, String> {
        const SIGNS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let left = self.operand()?;
        self.cursor.skip_space();
        let Some((_, comparison)) = SIGNS.iter().find(|(sign, _)| self.cursor.eat(sign)) else {
            return match left {
                Operand::Path { .. } => Ok(Filter::Exists(left)),
                Operand::Value(_) => Err(self.unexpected()),
            };
        };
        Ok(Filter::Compare(*comparison, left, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.cursor.skip_space();
        match self.cursor.peek() {
            Some(sign @ ('@' | '$')) => {
                self.cursor.next();
                Ok(Operand::Path { from_root: sign == '$', steps: self.steps()? })
            }
            Some('\'' | '"') => self.string().map(|text| Operand::Value(text.into())),
            _ => {
                let word = self.cursor.take(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
                serde_json::from_str(word).map(Operand::Value).map_err(|_| format!("{word:?} is no value of a filter"))
            }
        }
    }
}
