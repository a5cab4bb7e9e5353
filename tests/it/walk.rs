//! A random walk: edits of the spec, changes by others in AWS, faults, crashes and deletions, from a seed that is printed.
//! Whenever it is left alone it settles, the settled state is that of an object which nobody disturbed, and nothing of a
//! deleted one remains.
//!
//! `STEPGATE_TEST_SEED=N` walks the same way again, `STEPGATE_STEPS=N` walks farther; `make soak` does.

mod foreign;
mod spec;
mod steps;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kube::api::DeleteParams;
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;

use self::spec::{Knobs, MACHINES};
use self::steps::{Step, steps};
use crate::faults::{differences, left, state};
use crate::samples::REGION;
use crate::world::{Controller, MachineKind, World, condition, within};

const NAME: &str = "api";
/// Steps of the walk that is part of `make test`.
const STEPS: usize = 120;
/// How long it may take to settle: faults wait for each other, and AWS's slowest quotas for all.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn whenever_it_is_left_alone_it_settles_as_if_nothing_had_been() {
    let count = std::env::var("STEPGATE_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(STEPS);
    let start = Instant::now();
    let mut walk =
        Walk { disturbed: Place::new("walk").await, undisturbed: Undisturbed::new().await, knobs: Knobs::default() };
    let (mut done, mut settled) = (BTreeMap::new(), 0);
    for (number, step) in steps(count).into_iter().enumerate() {
        *done.entry(step.name()).or_insert(0) += 1;
        settled += u32::from(step == Step::Settle);
        walk.take(number, &step).await;
    }
    walk.settle(count).await;
    walk.end().await;
    println!("{count} steps, settled {settled} times, in {:.0} s: {done:?}", start.elapsed().as_secs_f64());
}

/// A world with a controller.
struct Place {
    world: World,
    controller: Option<Controller>,
}

impl Place {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        for machine in MACHINES {
            world.aws.machine(REGION, machine, MachineKind::Standard).await;
        }
        world.aws.allow_logs(REGION).await;
        let controller = Some(world.controller().await);
        Self { world, controller }
    }

    async fn apply(&self, knobs: &Knobs) -> Result<(), String> {
        for referent in knobs.referents(&self.world) {
            self.world.kube.apply(&referent.to_string()).await?;
        }
        self.world.kube.apply_spec(NAME, &knobs.spec(&self.world).to_string()).await.map(drop)
    }

    async fn object(&self) -> Option<StepFunctionsApi> {
        self.world.kube.api::<StepFunctionsApi>().get_opt(NAME).await.expect("an answer")
    }

    /// Waits until it is ready for its present spec; panics with what it says last.
    async fn ready(&self, about: &str) {
        within(PATIENCE, about, || async {
            let object = self.object().await.unwrap_or_else(|| panic!("{about}: it is gone"));
            let ready = condition(&object, "Ready").cloned();
            let seen = object.status.as_ref().map(|status| status.observed_generation) == object.metadata.generation;
            let is_ready = seen && ready.as_ref().is_some_and(|ready| ready.status == "True");
            if is_ready { Ok(()) } else { Err(format!("{ready:?}")) }
        })
        .await;
    }

    /// Waits until a request for a check is handled.
    async fn handled(&self, request: &str, about: &str) {
        within(PATIENCE, about, || async {
            let status = self.object().await.and_then(|object| object.status).unwrap_or_default();
            let handled = status.last_handled_check_now.as_deref() == Some(request);
            if handled { Ok(()) } else { Err(format!("{:?}", status.conditions)) }
        })
        .await;
    }

    async fn gone(&self, about: &str) {
        within(PATIENCE, about, || async {
            let object = self.object().await;
            object.map_or(Ok(()), |object| Err(format!("{:?}", condition(&object, "Ready"))))
        })
        .await;
        assert_eq!(left(&self.world.aws).await, Vec::<String>::new(), "{about}");
    }

    async fn delete(&self) {
        // One that is gone already is as good.
        let _ = self.world.kube.api::<StepFunctionsApi>().delete(NAME, &DeleteParams::default()).await;
    }

    /// What there is, without what depends on how it came about: old deployments, and what they need.
    async fn state(&self) -> Value {
        let mut state = state(&self.world, NAME, Value::Null).await;
        state["deployments"].take();
        for history in ["deployments", "applied"] {
            state["status"][history].take();
        }
        for stage in state["stages"].as_object_mut().into_iter().flatten().map(|(_, stage)| stage) {
            for settings in stage["methodSettings"].as_object_mut().into_iter().flatten().map(|(_, settings)| settings)
            {
                // A level cannot be removed; OFF is what it is without one.
                if settings["loggingLevel"] == "OFF" {
                    settings["loggingLevel"].take();
                }
                // Nor can a limit; -1 stands for the account's, which the first setting copies.
                if settings["throttlingRateLimit"] == -1.0 && settings["throttlingBurstLimit"] == -1 {
                    settings["throttlingRateLimit"] = json!(10000.0);
                    settings["throttlingBurstLimit"] = json!(5000);
                }
            }
        }
        state
    }
}

/// States of objects that nobody disturbed, by their specs.
struct Undisturbed {
    place: Place,
    known: BTreeMap<String, Value>,
}

impl Undisturbed {
    async fn new() -> Self {
        Self { place: Place::new("still").await, known: BTreeMap::new() }
    }

    async fn state(&mut self, knobs: &Knobs) -> Value {
        let key = format!("{knobs:?}");
        if let Some(state) = self.known.get(&key) {
            return state.clone();
        }
        self.place.apply(knobs).await.expect("the spec applies");
        self.place.ready("undisturbed").await;
        let state = self.place.state().await;
        self.place.delete().await;
        self.place.gone("undisturbed").await;
        self.known.insert(key, state.clone());
        state
    }
}

struct Walk {
    disturbed: Place,
    undisturbed: Undisturbed,
    knobs: Knobs,
}

impl Walk {
    async fn take(&mut self, number: usize, step: &Step) {
        let world = &self.disturbed.world;
        match step {
            Step::Turn(knob, value) => {
                self.knobs.turn(*knob, *value);
                // The object of before may be on its way out; then this comes to nothing.
                let _ = self.disturbed.apply(&self.knobs).await;
            }
            Step::Pin(which) => {
                let status = self.disturbed.object().await.and_then(|object| object.status).unwrap_or_default();
                if !status.deployments.is_empty() {
                    let revision = &status.deployments[which % status.deployments.len()].revision;
                    self.knobs.pinned = Some(revision.clone());
                    let _ = self.disturbed.apply(&self.knobs).await;
                }
            }
            Step::Fail => {
                self.knobs.failing = !self.knobs.failing;
                let _ = self.disturbed.apply(&self.knobs).await;
            }
            Step::Foreign(edit) => foreign::edit(world, NAME, *edit).await,
            Step::Fault(fault) => world.aws.order_fault(fault.clone()).await,
            Step::Crash => {
                self.disturbed.controller.take().expect("a controller").kill();
                self.disturbed.controller = Some(self.disturbed.world.controller().await);
            }
            Step::Check => {
                let request = format!("stepgate.dev/check-now={number}");
                let _ = world.kube.kubectl(&["annotate", "--overwrite", "sfnapi", NAME, &request]).await;
            }
            Step::Delete => self.disturbed.delete().await,
            Step::Nap(time) => tokio::time::sleep(Duration::from_millis(*time)).await,
            Step::Settle => self.settle(number).await,
        }
    }

    /// Leaves it alone, and looks at what becomes of it.
    async fn settle(&mut self, number: usize) {
        let about = format!("step {number}, {:?}", self.knobs);
        (self.knobs.pinned, self.knobs.failing) = (None, false);
        self.disturbed.world.aws.no_faults().await;
        if self.disturbed.object().await.is_some_and(|object| object.metadata.deletion_timestamp.is_some()) {
            // After faults in a row it would be tried again in some minutes.
            let request = format!("stepgate.dev/check-now=gone {number}");
            let _ = self.disturbed.world.kube.kubectl(&["annotate", "--overwrite", "sfnapi", NAME, &request]).await;
            self.disturbed.gone(&about).await;
        }
        self.disturbed.apply(&self.knobs).await.unwrap_or_else(|refused| panic!("{about}: {refused}"));
        let world = &self.disturbed.world;
        // What others did is found by a check; until then it would not be looked for.
        let check = json!({"metadata": {"annotations": {"stepgate.dev/check-now": format!("settle {number}")}}});
        world.kube.patch(NAME, check).await;
        self.disturbed.handled(&format!("settle {number}"), &about).await;
        self.disturbed.ready(&about).await;
        let expected = self.undisturbed.state(&self.knobs).await;
        let found = self.disturbed.state().await;
        assert_eq!(differences("", &expected, &found), Vec::<String>::new(), "{about}");
        let status = self.disturbed.object().await.and_then(|object| object.status).expect("a status");
        assert!(status.deployments.len() <= self.knobs.history().max(2), "{about}: {:?}", status.deployments);

        // Quiet now: nothing by itself, and nothing to write when it is looked at.
        let world = &self.disturbed.world;
        world.aws.forget_calls().await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(world.aws.calls().await, [], "{about}: nobody asked");
        world.kube.check_now(NAME, &format!("quiet {number}")).await;
        assert_eq!(world.aws.writes().await, [], "{about}: all was well");
    }

    async fn end(self) {
        self.disturbed.delete().await;
        self.disturbed.gone("the end").await;
    }
}
