//! A parsed template.

use std::fmt;

/// A place in a template. Both count from 1; a column is a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Character of the line.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What stops a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where in the template.
    pub at: Position,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// A template, parsed once and evaluated as often as needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub(super) nodes: Vec<Node>,
}

/// A piece of a template, with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub at: Position,
    pub kind: NodeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodeKind {
    /// Printed as it is.
    Text(String),
    /// Printed as its value.
    Reference(Reference),
    Set {
        target: Reference,
        value: Expression,
    },
    If {
        arms: Vec<(Expression, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    Foreach {
        variable: String,
        list: Expression,
        body: Vec<Node>,
    },
    Define {
        variable: String,
        body: Vec<Node>,
    },
    /// A directive of Velocity that API Gateway does not carry out, such as `#macro`; what it prints for it.
    Inert {
        directive: String,
        text: String,
    },
    Stop,
    Break,
}

/// `$name.part[0].call(1)`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    pub at: Position,
    pub name: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub at: Position,
    pub kind: PartKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum PartKind {
    Property(String),
    Call(String, Vec<Expression>),
    Index(Expression),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub at: Position,
    pub kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpressionKind {
    Reference(Reference),
    /// A string without anything to fill in.
    Text(String),
    /// A string in double quotes, which is a template of its own.
    Interpolated(Vec<Node>),
    Integer(i128),
    Decimal(f64),
    Boolean(bool),
    Null,
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How strongly it binds; more binds first.
    pub fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::Unequal => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Remainder => 6,
        }
    }
}
