//! Where the other engines differ from what API Gateway is known to do: one list. Each rule says what is documented and is as
//! narrow as it can be; one that no pair needs fails the test, so that the list stays true.

use std::collections::BTreeMap;
use std::sync::Mutex;

use regex_lite::Regex;
use serde_json::Value;

use super::engines::{Outcome, Pair, outcomes};

/// An engine that `stepgate::vtl` is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Engine {
    /// LocalStack's, with the bed's fixes.
    LocalStack,
    /// npm's `apigw-vtl-emulator`, on `velocityjs`.
    Npm,
}

impl Engine {
    /// Its command of the bed.
    fn command(self) -> &'static str {
        match self {
            Self::LocalStack => "vtl",
            Self::Npm => "vtl-npm",
        }
    }
}

/// What a rule does.
enum Does {
    /// Changes the pair before both run it, so that the difference is out of the way.
    Change(fn(&mut Pair)),
    /// Leaves out a pair that holds the difference.
    LeaveOut(fn(&Pair) -> bool),
    /// Changes both texts of such a pair.
    Read(fn(&Pair, &str) -> String),
}

struct Rule {
    engine: Engine,
    name: &'static str,
    /// What API Gateway does, and where that stands.
    documented: &'static str,
    does: Does,
}

const RULES: [Rule; 24] = [
    Rule {
        engine: Engine::LocalStack,
        name: "strips the template",
        documented: "Velocity 1.7 prints blanks and line ends at the ends of a template as they are",
        does: Does::Change(|pair| pair.template = pair.template.trim().to_owned()),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "blanks before #set, and line ends after #foreach and #else, are printed",
        documented: "Velocity 1.7 takes them, as it does with #if",
        does: Does::Change(|pair| {
            let set = replaced("[ \t]+#set", &pair.template, "#set");
            let ends = r"(#foreach\([^()]*(?:\([^()]*\)[^()]*)*\)|#else|#\{else\})[ \t]*\n";
            pair.template = replaced(ends, &set, "$1");
        }),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "a lone $ or # makes text of the reference or directive after it",
        documented: "Velocity's user guide: what begins no reference or directive is text, and only that",
        does: Does::LeaveOut(lone),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "division rounds down",
        documented: "Velocity 1.7 divides integers as Java, towards zero",
        does: Does::LeaveOut(|pair| holds(" - .* [/%] ", &pair.template)),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "a number is not equal to its text",
        documented: "Velocity 1.7 compares the texts of what has different types",
        does: Does::LeaveOut(compares_a_number),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "#endword is #end and word",
        documented: "Velocity 1.7 takes the longest name: #endword is text",
        does: Does::LeaveOut(glued),
    },
    Rule {
        engine: Engine::LocalStack,
        name: "evaluates references in the arguments of an escaped one",
        documented: "Velocity 1.7 prints an escaped reference as it is written, with its parentheses",
        does: Does::LeaveOut(|pair| holds(r"\\\$[!{]*[A-Za-z0-9.]+\([^)]*\$", &pair.template)),
    },
    Rule {
        engine: Engine::Npm,
        name: "[ right after #else is a syntax error",
        documented: "Velocity 1.7 takes #else alone as the directive",
        does: Does::LeaveOut(|pair| pair.template.contains("#else[")),
    },
    Rule {
        engine: Engine::Npm,
        name: "blanks and comments around directives",
        documented: "Velocity 1.7 takes a line end after #end, #else and #set, and nothing else",
        does: Does::Change(|pair| pair.template = without_blanks(&pair.template)),
    },
    Rule {
        engine: Engine::Npm,
        name: "a lone $ or # before a reference or directive is a syntax error",
        documented: "Velocity's user guide: what begins no reference or directive is text",
        does: Does::LeaveOut(lone),
    },
    Rule {
        engine: Engine::Npm,
        name: "#endword is #end and word",
        documented: "Velocity 1.7 takes the longest name: #endword is text",
        does: Does::LeaveOut(glued),
    },
    Rule {
        engine: Engine::Npm,
        name: "numbers are doubles",
        documented: "Jayway's JSONPath keeps 64 bits, and 1.0 stays 1.0",
        does: Does::Change(|pair| {
            pair.call.body = replaced(r"([0-9]{12})[0-9]{3,}", &pair.call.body, "$1");
            pair.call.body = replaced(r"\.0([^0-9])", &pair.call.body, "$1");
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "invents what $context does not have",
        documented: "a reference without value prints as nothing",
        does: Does::LeaveOut(|pair| {
            let names = found(r"context\.([A-Za-z]+)", &pair.template);
            names.iter().any(|name| *name != "responseOverride" && !pair.call.context.contains_key(*name))
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "a { after a reference is a syntax error",
        documented: "Velocity's user guide: it ends the reference",
        does: Does::LeaveOut(|pair| holds(r"[)\]A-Za-z]\{", &pair.template)),
    },
    Rule {
        engine: Engine::Npm,
        name: "has not Java's methods of strings, lists and maps",
        documented: "AWS's examples call methods of java.lang.String; Velocity has those of Java's classes",
        does: Does::LeaveOut(|pair| {
            holds(r"\.(contains|length|matches|startsWith|keySet|substring)\(", &pair.template)
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "a doubled quote in a string is a syntax error",
        documented: "Velocity's user guide: \"\" in a string is a quote",
        does: Does::LeaveOut(|pair| pair.template.contains("\"\"") && holds("\"\"[^)\"]*\"\"", &pair.template)),
    },
    Rule {
        engine: Engine::Npm,
        name: "$util.urlEncode and urlDecode are JavaScript's for a component",
        documented: "$util.urlEncode makes application/x-www-form-urlencoded: blanks are +, and ' is %27",
        does: Does::LeaveOut(|pair| {
            let template = pair.template.replace("urlDecode($util.urlEncode(", "");
            template.contains("$util.url") || template.contains("\\$util")
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "division does not round",
        documented: "Velocity 1.7 divides integers as Java",
        does: Does::LeaveOut(|pair| pair.template.contains(" / ")),
    },
    Rule {
        engine: Engine::Npm,
        name: "a body that is no JSON is an empty object, and an empty one is nothing",
        documented: "recorded: $input.body of an empty request is {}; $input.path of no JSON is nothing",
        does: Does::LeaveOut(|pair| {
            serde_json::from_str::<Value>(&pair.call.body).is_err() && pair.template.contains("input.")
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "what a call does not have, and an empty text, is null or printed as it is written",
        documented: "recorded: a reference without value prints as nothing",
        does: Does::LeaveOut(|pair| {
            let variables = found(r"stageVariables\.([A-Za-z]+)", &pair.template);
            lacks_a_path(pair) || variables.iter().any(|name| !pair.call.stage_variables.contains_key(*name))
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "a number is not equal to its text",
        documented: "Velocity 1.7 compares the texts of what has different types",
        does: Does::LeaveOut(compares_a_number),
    },
    Rule {
        engine: Engine::Npm,
        name: "other escapes, inside of base64",
        documented: "as the last rule, which cannot read base64",
        does: Does::LeaveOut(|pair| {
            ["escapeJavaScript", "base64Encode"].iter().all(|name| pair.template.contains(name))
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "writes JSON anew",
        documented: "a template's output is sent as it is",
        does: Does::Read(|_, text| match serde_json::from_str::<Value>(text) {
            Ok(value) => value.to_string(),
            Err(_) => text.to_owned(),
        }),
    },
    Rule {
        engine: Engine::Npm,
        name: "escapeJavaScript leaves characters beyond ASCII and /, and replaceAll knows no expressions",
        documented: "$util.escapeJavaScript follows JavaScript's string rules; .replaceAll(\"\\\\'\",\"'\") is AWS's own example",
        does: Does::Read(|pair, text| match pair.template.contains("escapeJavaScript") {
            true => without_escapes(text),
            false => text.to_owned(),
        }),
    },
];

/// An expression, compiled once for all pairs.
fn expression(text: &'static str) -> Regex {
    static COMPILED: Mutex<BTreeMap<&str, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().expect("no panic");
    compiled.entry(text).or_insert_with(|| Regex::new(text).expect("an expression")).clone()
}

fn holds(of: &'static str, text: &str) -> bool {
    expression(of).is_match(text)
}

fn replaced(of: &'static str, text: &str, to: &str) -> String {
    expression(of).replace_all(text, to).into_owned()
}

fn found<'a>(of: &'static str, text: &'a str) -> Vec<&'a str> {
    expression(of).captures_iter(text).filter_map(|found| found.get(1)).map(|found| found.as_str()).collect()
}

fn lone(pair: &Pair) -> bool {
    holds(r"\$[$#}]|\$\{[^A-Za-z]|#[^{}A-Za-z0-9#*$]*\$|\\[$#][^A-Za-z{!]", &pair.template)
}

fn glued(pair: &Pair) -> bool {
    holds("#(end|else)[A-Za-z0-9_]", &pair.template.replace("#elseif", ""))
}

fn compares_a_number(pair: &Pair) -> bool {
    let body: Value = serde_json::from_str(&pair.call.body).unwrap_or_default();
    body["name"].is_number() && pair.template.contains("$input.path('$.name') ==")
}

/// Blanks outside of parentheses as a sign, and no comments.
fn without_blanks(template: &str) -> String {
    let template = replaced("##[^\n]*\n", template, "|");
    let mut depth = 0_u32;
    let sign = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && c.is_ascii_whitespace() { '|' } else { c }
    };
    template.chars().map(sign).collect()
}

/// Whether a path of the template finds nothing in the body, or an empty text.
fn lacks_a_path(pair: &Pair) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(&pair.call.body) else { return false };
    found(r"\$!?input\.(?:path|json)\('\$([^']*)'\)", &pair.template).iter().any(|path| {
        let pointer = path.replace('[', ".").replace(']', "").replace('.', "/");
        body.pointer(&pointer).is_none_or(|value| value.is_null() || value == "")
    })
}

/// `\uXXXX` as its character, and no backslashes.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut units: Vec<u16> = parts.next().unwrap_or_default().encode_utf16().collect();
    for part in parts {
        match part.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => units.extend(std::iter::once(unit).chain(part[4..].encode_utf16())),
            None => units.extend("u".encode_utf16().chain(part.encode_utf16())),
        }
    }
    units.retain(|unit| *unit != u16::from(b'\\'));
    String::from_utf16_lossy(&units)
}

/// Runs all pairs here and in an engine. Fails when two differ beyond the rules, a rule is not needed, or fewer than that
/// many are compared.
pub async fn assert_same(engine: Engine, mut pairs: Vec<Pair>, at_least: usize) {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.engine == engine).collect();
    let mut needed: BTreeMap<&str, usize> = rules.iter().map(|rule| (rule.name, 0)).collect();
    let mut need = |rule: &Rule, times: usize| *needed.entry(rule.name).or_default() += times;
    for rule in &rules {
        match rule.does {
            Does::Change(change) => {
                for pair in &mut pairs {
                    let before = (pair.template.clone(), pair.call.body.clone());
                    change(pair);
                    need(rule, usize::from(before != (pair.template.clone(), pair.call.body.clone())));
                }
            }
            Does::LeaveOut(leave_out) => {
                let before = pairs.len();
                pairs.retain(|pair| !leave_out(pair));
                need(rule, before - pairs.len());
            }
            Does::Read(_) => {}
        }
    }
    let theirs = outcomes(engine.command(), &pairs).await;
    let mut differences = BTreeMap::new();
    for (pair, theirs) in pairs.iter().zip(&theirs) {
        let ours = pair.ours();
        let mut texts = (String::new(), String::new());
        let same = match (&ours.text, &theirs.text) {
            (Ok(ours), Ok(theirs)) => {
                texts = (ours.clone(), theirs.clone());
                for rule in &rules {
                    if let (Does::Read(read), true) = (&rule.does, texts.0 != texts.1) {
                        let before = texts.clone();
                        texts = (read(pair, &texts.0), read(pair, &texts.1));
                        need(rule, usize::from(texts != before));
                    }
                }
                texts.0 == texts.1
            }
            (Err(_), Err(_)) => true,
            _ => false,
        };
        // npm's has no overrides.
        let overridden = |outcome: &Outcome| (outcome.status.clone(), outcome.headers.clone());
        if !same || (engine == Engine::LocalStack && overridden(&ours) != overridden(theirs)) {
            let texts = format!("{:?}\n{:?}", texts.0, texts.1);
            let shown = format!("{:?}\n  ours   {ours:?}\n  theirs {theirs:?}\n  as compared\n{texts}", pair.call);
            differences.entry(pair.template.as_str()).or_insert_with(Vec::new).push(shown);
        }
    }
    println!("{engine:?}: {} pairs, rules {needed:#?}", pairs.len());
    let count: usize = differences.values().map(Vec::len).sum();
    let shown = differences.iter().take(6).map(|(template, calls)| format!("{template}\n  {}", calls[0]));
    let shown: Vec<String> = shown.collect();
    assert!(count == 0, "{count} of {} differ, such as\n{}", pairs.len(), shown.join("\n\n"));
    assert!(pairs.len() >= at_least, "only {} pairs", pairs.len());
    let idle: Vec<_> = rules.iter().filter(|rule| needed[rule.name] == 0).collect();
    let idle: Vec<String> = idle.iter().map(|rule| format!("{} ({})", rule.name, rule.documented)).collect();
    assert!(idle.is_empty(), "no pair needs the rules {idle:?}");
}
