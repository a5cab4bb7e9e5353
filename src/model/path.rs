//! Resource paths.

/// A segment of a resource path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Stands for itself.
    Literal(&'a str),
    /// `{name}`: takes one segment.
    Variable(&'a str),
    /// `{name+}`: takes all that follow.
    Greedy(&'a str),
}

impl<'a> Segment<'a> {
    /// What the text between two slashes is.
    pub fn parse(text: &'a str) -> Self {
        let Some(name) = text.strip_prefix('{') else { return Self::Literal(text) };
        let name = name.strip_suffix('}').unwrap_or(name);
        name.strip_suffix('+').map_or(Self::Variable(name), Self::Greedy)
    }

    /// The name of its variable.
    pub fn variable(self) -> Option<&'a str> {
        match self {
            Self::Literal(_) => None,
            Self::Variable(name) | Self::Greedy(name) => Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_told_apart() {
        let parsed: Vec<Segment<'_>> = "/orders/{id}/{rest+}".split('/').skip(1).map(Segment::parse).collect();
        assert_eq!(parsed, [Segment::Literal("orders"), Segment::Variable("id"), Segment::Greedy("rest")]);
        let names: Vec<Option<&str>> = parsed.into_iter().map(Segment::variable).collect();
        assert_eq!(names, [None, Some("id"), Some("rest")]);
    }
}
