//! Changes of JSON by chance, from a seed that can be given again.

use serde_json::{Value, json};

/// STEPGATE_TEST_SEED, or the clock.
pub fn seed() -> u64 {
    let given = std::env::var("STEPGATE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("a clock").as_nanos() as u64)
}

/// STEPGATE_ROUNDS times as many as by default.
pub fn rounds(usual: usize) -> usize {
    let times: Option<usize> = std::env::var("STEPGATE_ROUNDS").ok().and_then(|text| text.parse().ok());
    usual * times.unwrap_or(1)
}

/// Xorshift: <https://www.jstatsoft.org/article/view/v008i14>.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 |= 1;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    fn word(&mut self) -> String {
        const WORDS: [&str; 22] = [
            "",
            " ",
            "a",
            "*",
            "/",
            "//",
            "/{",
            "/{a}/{a+}",
            "$",
            "$.a[*]..b",
            "#set($x = ",
            "#foreach($i in [1..999999999])$i#end",
            "${stageVariables.}",
            "arn:aws:",
            "arn:aws:states:us-east-1:123456789012:stateMachine:",
            "arn::::::::",
            "\u{0}",
            "\u{1F600}\u{301}",
            "-1",
            "99999999999999999999",
            "'\"\\",
            "None",
        ];
        let word = WORDS[self.below(WORDS.len())];
        if self.below(20) == 0 { word.repeat(5000) } else { word.to_owned() }
    }

    fn value(&mut self) -> Value {
        match self.below(9) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(i64::MIN),
            3 => json!(u64::MAX),
            4 => json!(self.below(1000) as f64 / -7.0),
            5 => json!([]),
            6 => json!({}),
            7 => (0..200).fold(json!(self.word()), |inner, _| json!([inner])),
            _ => json!(self.word()),
        }
    }
}

/// Changes one place.
pub fn value(root: &mut Value, random: &mut Random) {
    let children = |value: &Value| match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    let mut at = root;
    // Often deep: what is near the root makes all unreadable.
    while children(at) > 0 && random.below(6) != 0 {
        let which = random.below(children(at));
        at = match at {
            Value::Array(items) => &mut items[which],
            Value::Object(fields) => fields.iter_mut().nth(which).expect("a field").1,
            _ => unreachable!("no children"),
        };
    }
    match at {
        Value::String(text) if random.below(3) > 0 => {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
            let place = places[random.below(places.len())];
            match random.below(3) {
                0 => text.insert_str(place, &random.word()),
                1 => text.truncate(place),
                _ => *text = text.split_off(place),
            }
        }
        Value::Array(items) if !items.is_empty() && random.below(3) > 0 => {
            let which = random.below(items.len());
            match random.below(3) {
                0 => drop(items.remove(which)),
                1 => items.push(items[which].clone()),
                _ => items.reverse(),
            }
        }
        Value::Object(fields) if !fields.is_empty() && random.below(3) > 0 => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let taken = fields.remove(&names[random.below(names.len())]);
            // Gone, or under another name.
            if random.below(2) == 0 {
                fields.insert(names[random.below(names.len())].clone(), taken.unwrap_or_default());
            }
        }
        other => *other = random.value(),
    }
}
