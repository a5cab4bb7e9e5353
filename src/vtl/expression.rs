//! Parsing of references and expressions.

use super::ast::{Error, Expression, ExpressionKind, NodeKind, Operator, Part, PartKind, Position, Reference};
use super::parser::{NESTING_MAX, Parser};

impl Parser<'_> {
    /// `$name`, `$!name`, `${name}` or `$!{name}` with what follows; `None`, without moving, where `$` is plain text.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, Error> {
        let start = self.cursor;
        let at = start.at();
        if !self.cursor.eat("$") {
            return Ok(None);
        }
        self.cursor.eat("!");
        let braces = self.cursor.eat("{");
        let Some(name) = self.cursor.name() else {
            self.cursor = start;
            return Ok(None);
        };
        let parts = self.parts()?;
        if braces && !self.cursor.eat("}") {
            return Err(self.unexpected(&format!("the }} of ${{{name}")));
        }
        Ok(Some(Reference { at, name: name.to_owned(), parts }))
    }

    fn parts(&mut self) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        loop {
            let before = self.cursor;
            let at = before.at();
            if self.cursor.eat("[") {
                self.cursor.skip_space();
                let index = self.expression()?;
                self.cursor.skip_space();
                self.expect("]", "the ] of the index")?;
                parts.push(Part { at, kind: PartKind::Index(index) });
                continue;
            }
            if !self.cursor.eat(".") {
                return Ok(parts);
            }
            let at = self.cursor.at();
            let Some(name) = self.cursor.name() else {
                // A full stop after a reference.
                self.cursor = before;
                return Ok(parts);
            };
            let kind = if self.cursor.eat("(") {
                PartKind::Call(name.to_owned(), self.list(')', &format!("the ) of {name}("))?)
            } else {
                PartKind::Property(name.to_owned())
            };
            parts.push(Part { at, kind });
        }
    }

    /// Expressions between commas, up to and with the closing character.
    fn list(&mut self, close: char, what: &str) -> Result<Vec<Expression>, Error> {
        let mut items = Vec::new();
        let mut buffer = [0; 4];
        let close: &str = close.encode_utf8(&mut buffer);
        self.cursor.skip_space();
        if self.cursor.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            self.cursor.skip_space();
            if self.cursor.eat(close) {
                return Ok(items);
            }
            self.expect(",", what)?;
            self.cursor.skip_space();
        }
    }

    /// One expression; space before it is skipped.
    pub(super) fn expression(&mut self) -> Result<Expression, Error> {
        self.binary(0)
    }

    /// Operators that bind more strongly than that, and their operands.
    fn binary(&mut self, strength: u8) -> Result<Expression, Error> {
        self.cursor.skip_space();
        let at = self.cursor.at();
        let mut left = self.nested(Self::operand)?;
        // Each link is a level of the tree.
        for _ in 0..=NESTING_MAX {
            let before = self.cursor;
            self.cursor.skip_space();
            let Some(operator) = self.operator().filter(|operator| operator.strength() > strength) else {
                self.cursor = before;
                return Ok(left);
            };
            let right = self.binary(operator.strength())?;
            let kind = ExpressionKind::Binary(operator, Box::new(left), Box::new(right));
            left = Expression { at, kind };
        }
        Err(Error { at, message: format!("the expression has more than {NESTING_MAX} operators in a row") })
    }

    fn operator(&mut self) -> Option<Operator> {
        const SIGNS: [(&str, Operator); 13] = [
            ("||", Operator::Or),
            ("&&", Operator::And),
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("+", Operator::Add),
            ("-", Operator::Subtract),
            ("*", Operator::Multiply),
            ("/", Operator::Divide),
            ("%", Operator::Remainder),
        ];
        if let Some((_, operator)) = SIGNS.iter().find(|(sign, _)| self.cursor.eat(sign)) {
            return Some(*operator);
        }
        let before = self.cursor;
        let operator = match self.cursor.name() {
            Some("or") => Operator::Or,
            Some("and") => Operator::And,
            Some("eq") => Operator::Equal,
            Some("ne") => Operator::Unequal,
            Some("le") => Operator::LessOrEqual,
            Some("ge") => Operator::GreaterOrEqual,
            Some("lt") => Operator::Less,
            Some("gt") => Operator::Greater,
            _ => {
                self.cursor = before;
                return None;
            }
        };
        Some(operator)
    }

    fn operand(&mut self) -> Result<Expression, Error> {
        self.cursor.skip_space();
        let before = self.cursor;
        let at = before.at();
        let kind = match self.cursor.peek() {
            Some('$') => match self.reference()? {
                Some(reference) => ExpressionKind::Reference(reference),
                None => return Err(self.unexpected("a reference such as $name")),
            },
            Some('"') => {
                let text = unicode(self.string('"')?);
                self.interpolated(&text, at)?
            }
            Some('\'') => ExpressionKind::Text(self.string('\'')?),
            Some('0'..='9' | '.' | '-') => self.number()?,
            Some('(') => {
                self.cursor.eat("(");
                let inner = self.expression()?;
                self.cursor.skip_space();
                self.expect(")", "the ) of the expression")?;
                inner.kind
            }
            Some('[') => self.list_or_range()?,
            Some('{') => self.map()?,
            Some('!') => {
                self.cursor.eat("!");
                ExpressionKind::Not(Box::new(self.nested(Self::operand)?))
            }
            _ => match self.cursor.name() {
                Some("not") => ExpressionKind::Not(Box::new(self.nested(Self::operand)?)),
                Some("true") => ExpressionKind::Boolean(true),
                Some("false") => ExpressionKind::Boolean(false),
                Some("null") => ExpressionKind::Null,
                _ => {
                    self.cursor = before;
                    return Err(self.unexpected("a value"));
                }
            },
        };
        Ok(Expression { at, kind })
    }

    /// A quoted string. There are no escapes but the doubled quote.
    fn string(&mut self, quote: char) -> Result<String, Error> {
        let at = self.cursor.at();
        self.cursor.next();
        let mut text = String::new();
        loop {
            match self.cursor.next() {
                Some(c) if c == quote => {
                    if self.cursor.peek() != Some(quote) {
                        return Ok(text);
                    }
                    self.cursor.next();
                    text.push(quote);
                }
                Some(c) => text.push(c),
                None => return Err(Error { at, message: format!("the string has no closing {quote}") }),
            }
        }
    }

    fn interpolated(&mut self, text: &str, at: Position) -> Result<ExpressionKind, Error> {
        if !text.contains(['$', '#']) {
            return Ok(ExpressionKind::Text(text.to_owned()));
        }
        let inside = Position { line: at.line, column: at.column + 1 };
        let nodes = self.nested(|parser| Parser::inside_string(text, inside, parser.depth).template())?;
        match nodes.as_slice() {
            [node] if matches!(node.kind, NodeKind::Text(_)) => {
                let NodeKind::Text(text) = &node.kind else { unreachable!("just matched") };
                Ok(ExpressionKind::Text(text.clone()))
            }
            _ => Ok(ExpressionKind::Interpolated(nodes)),
        }
    }

    fn number(&mut self) -> Result<ExpressionKind, Error> {
        let start = self.cursor;
        self.cursor.eat("-");
        self.cursor.take(|c| c.is_ascii_digit());
        let mut decimal = false;
        // Two dots are those of a range.
        if self.cursor.rest().starts_with('.') && !self.cursor.rest().starts_with("..") {
            decimal = true;
            self.cursor.eat(".");
            self.cursor.take(|c| c.is_ascii_digit());
        }
        let before = self.cursor;
        if self.cursor.eat("e") || self.cursor.eat("E") {
            let _ = self.cursor.eat("-") || self.cursor.eat("+");
            if self.cursor.take(|c| c.is_ascii_digit()).is_empty() {
                self.cursor = before;
            } else {
                decimal = true;
            }
        }
        let text = self.cursor.since(&start);
        let number = if decimal {
            text.parse().map(ExpressionKind::Decimal).ok()
        } else {
            text.parse().map(ExpressionKind::Integer).ok()
        };
        number.ok_or_else(|| {
            self.cursor = start;
            self.unexpected("a number")
        })
    }

    fn list_or_range(&mut self) -> Result<ExpressionKind, Error> {
        self.cursor.eat("[");
        self.cursor.skip_space();
        if self.cursor.eat("]") {
            return Ok(ExpressionKind::List(Vec::new()));
        }
        let first = self.expression()?;
        self.cursor.skip_space();
        if self.cursor.eat("..") {
            let last = self.expression()?;
            self.cursor.skip_space();
            self.expect("]", "the ] of the range")?;
            return Ok(ExpressionKind::Range(Box::new(first), Box::new(last)));
        }
        let mut items = vec![first];
        if self.cursor.eat("]") {
            return Ok(ExpressionKind::List(items));
        }
        self.expect(",", "the ] of the list")?;
        items.append(&mut self.list(']', "the ] of the list")?);
        Ok(ExpressionKind::List(items))
    }

    fn map(&mut self) -> Result<ExpressionKind, Error> {
        self.cursor.eat("{");
        self.cursor.skip_space();
        let mut entries = Vec::new();
        if self.cursor.eat("}") {
            return Ok(ExpressionKind::Map(entries));
        }
        loop {
            let key = self.expression()?;
            self.cursor.skip_space();
            self.expect(":", "the : between key and value")?;
            entries.push((key, self.expression()?));
            self.cursor.skip_space();
            if self.cursor.eat("}") {
                return Ok(ExpressionKind::Map(entries));
            }
            self.expect(",", "the } of the map")?;
        }
    }
}

/// `\u0041` in double quotes is the character.
fn unicode(text: String) -> String {
    if !text.contains("\\u") {
        return text;
    }
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..4).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                out.push_str(&part[4..]);
            }
            None => {
                out.push_str("\\u");
                out.push_str(part);
            }
        }
    }
    out
}
