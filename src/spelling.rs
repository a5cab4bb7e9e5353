//! What to say of a name that is none of those that there are.

/// Longest text that is compared with names: it takes time for each pair of letters, and no name is as long.
const COMPARED: usize = 100;
/// Likeness, from 0 to 1, from which on a name may be meant.
const LIKE: f64 = 0.8;

/// The name that is most like a wrong one, in any case of letters, if any is like it.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > COMPARED {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let near = names.into_iter().map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name));
    let near = near.max_by(|(a, _), (b, _)| a.total_cmp(b));
    near.filter(|(likeness, _)| *likeness > LIKE).map(|(_, name)| name)
}

/// To add to a message, where the names are too many to list: what may be meant, if anything.
pub fn hint<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, names).map_or(String::new(), |near| format!("; did you mean {near}?"))
}

/// To add to a message: what may be meant, and what there is.
pub fn instead<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    listed(hint(wrong, names.iter().copied()), &names)
}

/// A hint of [`hint`], and what there is.
pub fn listed(hint: String, names: &[&str]) -> String {
    let there_are = if hint.is_empty() { "; there are" } else { " There are" };
    format!("{hint}{there_are} {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_meant_is_asked_for_and_what_there_is_is_listed() {
        let names = ["StartExecution", "StopExecution"];
        assert_eq!(nearest("startexecutoin", names), Some("StartExecution"));
        assert_eq!(nearest(&"StartExecution".repeat(9), names), None);
        assert_eq!(
            instead("startexecutoin", names),
            "; did you mean StartExecution? There are StartExecution, StopExecution"
        );
        assert_eq!(instead("xyz", names), "; there are StartExecution, StopExecution");
        assert_eq!(hint("xyz", names), "");
    }
}
