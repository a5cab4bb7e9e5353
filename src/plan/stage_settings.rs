//! A stage's settings for methods, and its logs.

use super::Change;
use crate::model::{Logging, MethodSettings, SettingsChange, SettingsPart, Stage, StageChange};

/// Everything but logs.
pub(super) fn without_logs(
    stage: &str,
    found: &Stage,
    wanted: &Stage,
    change: &mut StageChange,
    changes: &mut Vec<Change>,
) {
    let path = format!("stage/{stage} ");
    let remove = || SettingsChange { from: None, to: None, part: SettingsPart::WithoutLogs };
    let different = differences(&path, &found.settings, &wanted.settings);
    if are_removed(found, wanted) {
        changes.extend(logging(&path, found.settings.logging, wanted.settings.logging));
        change.settings.insert(None, remove());
    } else if !different.is_empty() {
        let settings = part(known(&found.settings), &wanted.settings, SettingsPart::WithoutLogs);
        change.settings.extend(settings.map(|settings| (None, settings)));
    }
    changes.extend(different);
    for (key, wanted) in &wanted.methods {
        let (path, found) = (format!("{path}methods[{key}]"), found.methods.get(key));
        match found {
            Some(found) => changes.extend(differences(&format!("{path}."), found, wanted)),
            None => changes.extend(Change::between(&path, None, Some(wanted))),
        }
        let settings = part(found, wanted, SettingsPart::WithoutLogs);
        change.settings.extend(settings.map(|settings| (Some(key.clone()), settings)));
    }
    for (key, found) in found.methods.iter().filter(|(key, _)| !wanted.methods.contains_key(*key)) {
        changes.extend(Change::between(&format!("{path}methods[{key}]"), Some(found), None));
        change.settings.insert(Some(key.clone()), remove());
    }
}

/// Logs and nothing else.
pub(super) fn logs(stage: &str, found: &Stage, wanted: &Stage, change: &mut StageChange, changes: &mut Vec<Change>) {
    let path = format!("stage/{stage} ");
    let (of_stage, to_be) = (&found.settings, &wanted.settings);
    if of_stage.logging != to_be.logging && !are_removed(found, wanted) {
        changes.extend(logging(&path, of_stage.logging, to_be.logging));
        change.settings.extend(part(known(of_stage), to_be, SettingsPart::Logs).map(|settings| (None, settings)));
    }
    for (key, wanted) in &wanted.methods {
        let found = found.methods.get(key);
        // A method's first setting copies the stage's, as they are at that moment.
        let copied = [of_stage.logging, to_be.logging, wanted.logging];
        let right = match found {
            Some(found) => found.logging == wanted.logging,
            None => copied.iter().all(|logging| *logging == Logging::default()),
        };
        if !right {
            let has = found.unwrap_or(of_stage).logging;
            changes.extend(logging(&format!("{path}methods[{key}]."), has, wanted.logging));
            let settings = part(found, wanted, SettingsPart::Logs);
            change.settings.extend(settings.map(|settings| (Some(key.clone()), settings)));
        }
    }
    if found.access_log != wanted.access_log {
        changes.extend(Change::between(
            &format!("{path}accessLog"),
            found.access_log.as_ref(),
            wanted.access_log.as_ref(),
        ));
        change.access_log = Some(wanted.access_log.clone());
    }
}

/// Whether the settings for all methods go: all are to be the default, and some are not. Logs go with them.
fn are_removed(found: &Stage, wanted: &Stage) -> bool {
    wanted.settings == MethodSettings::default() && found.settings != wanted.settings
}

/// Differences of logs. `path` ends where the name of a setting follows.
fn logging(path: &str, has: Logging, wanted: Logging) -> Vec<Change> {
    Change::between(&format!("{path}logging"), Some(&has), Some(&wanted))
}

/// Differences of all but logs.
fn differences(path: &str, has: &MethodSettings, wanted: &MethodSettings) -> Vec<Change> {
    let mut changes =
        Change::between(&format!("{path}throttling"), has.throttling.as_ref(), wanted.throttling.as_ref());
    changes.extend(Change::between(&format!("{path}metrics"), Some(&has.metrics), Some(&wanted.metrics)));
    changes.extend(Change::between(&format!("{path}cache"), Some(&has.cache), Some(&wanted.cache)));
    changes
}

/// Where all settings are the default there may be none at all, and the first one that is written brings others with it.
fn known(found: &MethodSettings) -> Option<&MethodSettings> {
    (*found != MethodSettings::default()).then_some(found)
}

/// The change of one part of the settings, if it changes.
fn part(found: Option<&MethodSettings>, wanted: &MethodSettings, part: SettingsPart) -> Option<SettingsChange> {
    let same = found.is_some_and(|found| match part {
        SettingsPart::Logs => found.logging == wanted.logging,
        SettingsPart::WithoutLogs => MethodSettings { logging: wanted.logging, ..found.clone() } == *wanted,
    });
    (!same).then(|| SettingsChange { from: found.cloned(), to: Some(wanted.clone()), part })
}
