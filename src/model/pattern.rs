//! Patterns of IAM, in which `*` stands for any text.

/// Whether a pattern of IAM's takes in all of a text, which may be a pattern itself. `*` goes over slashes and colons.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_take_in_everything_between() {
        for (pattern, text, wanted) in [
            ("*", "anything", true),
            ("/restapis/*", "/restapis/a/stages/b", true),
            ("/restapis/*", "/restapis", false),
            ("/restapis/*", "/restapis/*/stages", true),
            ("/restapis/*/stages", "/restapis/*", false),
            ("/a/*/b/*", "/a/1/b/2", true),
            ("/a/*/b", "/a/1/c", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
