//! Findings from the template alone.

use std::collections::BTreeSet;

use super::super::ast::{Expression, ExpressionKind, Node, NodeKind, PartKind, Position, Reference, Template};
use super::known::{CONTEXT, IDENTITY, INPUT, RARE, UTIL, VARIABLES};
use super::{Finding, Severity, Stages};
use crate::spelling::hint;

/// What the finding of the trap says, whatever the template.
pub(super) const APOSTROPHE: &str = "turns ' into \\', which is not JSON";

/// Most findings of one template: more help nobody.
const FINDINGS_MAX: usize = 50;

pub(super) fn findings(template: &Template, stages: &Stages) -> Vec<Finding> {
    let mut walk = Walk { stages, variables: BTreeSet::new(), findings: Vec::new() };
    walk.collect(&template.nodes);
    walk.nodes(&template.nodes);
    walk.findings
}

struct Walk<'a> {
    stages: &'a Stages,
    /// Variables that the template sets somewhere.
    variables: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn warn(&mut self, at: Position, message: impl Into<String>) {
        if self.is_full() {
            return;
        }
        self.findings.push(Finding { at, severity: Severity::Warning, message: message.into() });
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    fn collect(&mut self, nodes: &[Node]) {
        for node in nodes {
            match &node.kind {
                NodeKind::Set { target, .. } => {
                    self.variables.insert(target.name.clone());
                }
                NodeKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, nodes)| self.collect(nodes));
                    self.collect(otherwise);
                }
                NodeKind::Foreach { variable, body, .. } | NodeKind::Define { variable, body } => {
                    self.variables.insert(variable.clone());
                    self.collect(body);
                }
                _ => {}
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match &node.kind {
                NodeKind::Text(_) | NodeKind::Stop | NodeKind::Break => {}
                NodeKind::Inert { directive, .. } => {
                    self.warn(node.at, format!("API Gateway does not carry out {directive}"));
                }
                NodeKind::Reference(reference) => {
                    self.printed(reference);
                    self.reference(reference);
                }
                NodeKind::Set { target, value } => {
                    if !target.parts.is_empty() {
                        self.reference(target);
                    }
                    self.expression(value);
                }
                NodeKind::If { arms, otherwise } => {
                    for (condition, nodes) in arms {
                        self.expression(condition);
                        self.nodes(nodes);
                    }
                    self.nodes(otherwise);
                }
                NodeKind::Foreach { list, body, .. } => {
                    self.plain(list, "#foreach");
                    self.nodes(body);
                }
                NodeKind::Define { body, .. } => self.nodes(body),
            }
        }
    }

    /// The trap of the AWS tutorial: what escapes quotes for JSON also escapes apostrophes.
    fn printed(&mut self, reference: &Reference) {
        let [first, rest @ ..] = reference.parts.as_slice() else { return };
        let escapes = |kind: &PartKind| matches!(kind, PartKind::Call(name, _) if name == "escapeJavaScript");
        let replaces = |kind: &PartKind| {
            let PartKind::Call(name, arguments) = kind else { return false };
            let first = arguments.first().map(|argument| &argument.kind);
            ["replaceAll", "replace"].contains(&name.as_str())
                && !matches!(first, Some(ExpressionKind::Text(text)) if !text.contains('\''))
        };
        if reference.name == "util" && escapes(&first.kind) && !rest.iter().any(|part| replaces(&part.kind)) {
            let message = format!(
                "$util.escapeJavaScript {APOSTROPHE}: a value with an apostrophe breaks the request; add \
                 .replaceAll(\"\\\\'\",\"'\") after it, as AWS's reference says"
            );
            self.warn(reference.at, message);
        }
    }

    fn reference(&mut self, reference: &Reference) {
        let last = reference.parts.last().map_or(&reference.name, |part| match &part.kind {
            PartKind::Property(name) => name,
            _ => &reference.name,
        });
        if last.ends_with('-') {
            let trimmed = last.trim_end_matches('-');
            self.warn(reference.at, format!("- belongs to the name {last}; write ${{...{trimmed}}} before it"));
        } else {
            self.members(reference);
        }
        for part in &reference.parts {
            match &part.kind {
                PartKind::Property(_) => {}
                PartKind::Index(index) => self.plain(index, "an index"),
                PartKind::Call(name, arguments) => {
                    arguments.iter().for_each(|argument| self.plain(argument, &format!("{name}()")));
                }
            }
        }
    }

    fn members(&mut self, reference: &Reference) {
        let name = reference.name.as_str();
        if self.is_full() || self.variables.contains(name) {
            return;
        }
        if !VARIABLES.contains(&name) {
            let known = VARIABLES.iter().copied().chain(self.variables.iter().map(String::as_str));
            let hint = hint(name, known);
            self.warn(reference.at, format!("${name} is never set, and prints as nothing{hint}"));
            return;
        }
        let Some(first) = reference.parts.first() else { return };
        let (PartKind::Property(member) | PartKind::Call(member, _)) = &first.kind else { return };
        let called = matches!(first.kind, PartKind::Call(..));
        match name {
            "input" if !INPUT.contains(&member.as_str()) => {
                let hint = hint(member, INPUT);
                self.warn(first.at, format!("$input has {}, and no {member}{hint}", INPUT.join(", ")));
            }
            "util" if !UTIL.contains(&member.as_str()) => {
                let hint = hint(member, UTIL);
                self.warn(first.at, format!("$util has {}, and no {member}{hint}", UTIL.join(", ")));
            }
            "context" if !called => self.context(reference, member, first.at),
            "stageVariables" if !called && !self.stages.variables.contains(member) => {
                let hint = hint(member, self.stages.variables.iter().map(String::as_str));
                self.warn(first.at, format!("not every stage gives the variable {member}{hint}"));
            }
            _ => {}
        }
    }

    fn context(&mut self, reference: &Reference, member: &str, at: Position) {
        if !CONTEXT.contains(&member) && !RARE.contains(&member) {
            self.warn(at, format!("$context has no {member}{}", hint(member, CONTEXT)));
            return;
        }
        let Some(second) = reference.parts.get(1) else { return };
        let PartKind::Property(name) = &second.kind else { return };
        if member == "identity" && !IDENTITY.contains(&name.as_str()) && !RARE.contains(&name.as_str()) {
            self.warn(second.at, format!("$context.identity has no {name}{}", hint(name, IDENTITY)));
        }
        if member == "error" {
            self.warn(second.at, "$context.error is for gateway responses; a mapping template does not have it");
        }
    }

    /// A place that takes a value, but nothing that has to be calculated.
    fn plain(&mut self, expression: &Expression, what: &str) {
        if matches!(expression.kind, ExpressionKind::Binary(..) | ExpressionKind::Not(_)) {
            let message = format!("Velocity takes no calculation in {what}; put the result into a variable with #set");
            self.warn(expression.at, message);
        }
        self.expression(expression);
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Reference(reference) => self.reference(reference),
            ExpressionKind::Interpolated(nodes) => {
                for node in nodes {
                    if let NodeKind::Reference(reference) = &node.kind {
                        self.reference(reference);
                    } else {
                        self.nodes(std::slice::from_ref(node));
                    }
                }
            }
            ExpressionKind::List(items) => items.iter().for_each(|item| self.plain(item, "a list")),
            ExpressionKind::Map(entries) => {
                for (key, value) in entries {
                    self.plain(key, "a map");
                    self.plain(value, "a map");
                }
            }
            ExpressionKind::Range(first, last) => {
                self.plain(first, "a range");
                self.plain(last, "a range");
            }
            ExpressionKind::Not(inner) => self.expression(inner),
            ExpressionKind::Binary(_, left, right) => {
                self.expression(left);
                self.expression(right);
            }
            _ => {}
        }
    }
}
