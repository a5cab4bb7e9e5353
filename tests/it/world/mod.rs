//! What a test stands on: a namespace, an AWS account, and a controller that runs with the chart's permissions.

mod api_proxy;
mod aws;
mod command;
mod controller;
mod gateway;
mod kubernetes;
mod proxy;
mod wait;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub use api_proxy::{Act, ApiProxy, Which, writes};
pub use aws::{Account, Call, MachineKind, Noted};
pub use command::{Ran, stepgate};
pub use controller::Controller;
pub use gateway::{Answer, post};
pub use kubernetes::{CHART, CRD_NAMESPACE, Kubernetes, condition, run};
pub use proxy::Proxy;
pub use wait::{eventually, quotas_to_refill, within};

/// A test's own corner of cluster and AWS. It is left behind: the next test has another.
pub struct World {
    /// The namespace, through the API server.
    pub kube: Kubernetes,
    /// The AWS account.
    pub aws: Account,
    /// Files of this test.
    pub directory: PathBuf,
}

impl World {
    /// A world of its own; the name is for people who look at what is left.
    pub async fn new(name: &str) -> Self {
        Self::in_account(name, &format!("{:012}", unique())).await
    }

    /// A world in an account that others may share.
    pub async fn in_account(name: &str, account: &str) -> Self {
        let namespace = format!("{name}-{:x}", unique());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&namespace);
        std::fs::create_dir_all(&directory).expect("a folder for the test");
        let kube = Kubernetes::new(&namespace, &directory).await;
        Self { kube, aws: Account::new(account), directory }
    }

    /// The text of `examples/NAME.yaml`, with this account in place of that of the examples.
    pub fn example(&self, name: &str) -> String {
        let path = format!("{}/examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("an example").replace("000000000000", &self.aws.id)
    }

    /// A running controller for this namespace and account.
    pub async fn controller(&self) -> Controller {
        self.controller_with(&[]).await
    }

    /// The same with environment variables on top; an empty one is not set at all.
    pub async fn controller_with(&self, variables: &[(&str, &str)]) -> Controller {
        let controller = self.starting_controller(variables);
        controller.until_ready().await;
        controller
    }

    /// The same, not waited for.
    pub fn starting_controller(&self, variables: &[(&str, &str)]) -> Controller {
        let mut environment = BTreeMap::from([
            ("KUBECONFIG".to_owned(), self.kube.least_privileged.display().to_string()),
            ("STEPGATE_NAMESPACE".to_owned(), self.kube.namespace.clone()),
            ("STEPGATE_LEADER_ELECTION_NAMESPACE".to_owned(), self.kube.namespace.clone()),
            ("STEPGATE_LEADER_ELECTION_ID".to_owned(), self.kube.release.clone()),
            // As the container of one Pod: one that is killed is followed at once.
            ("STEPGATE_LEADER_ELECTION_IDENTITY".to_owned(), "controller".to_owned()),
            ("AWS_ACCESS_KEY_ID".to_owned(), self.aws.id.clone()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
            ("AWS_ENDPOINT_URL".to_owned(), env("AWS_ENDPOINT_URL")),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
            ("STEPGATE_INVOKE_URL".to_owned(), env("STEPGATE_INVOKE_URL")),
            ("STEPGATE_QUOTA_SHARE".to_owned(), env("STEPGATE_QUOTA_SHARE")),
            ("STEPGATE_LOG".to_owned(), "info,stepgate=debug".to_owned()),
        ]);
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment.retain(|_, value| !value.is_empty());
        Controller::spawn(&self.directory, environment)
    }
}

/// A variable of the bed.
pub fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run `make test`, or `eval \"$(tests/testbed/bed env)\"` after `tests/testbed/bed up`"
        )
    })
}

/// A number that no other test of this and earlier runs has, of at most 11 digits.
fn unique() -> u64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let start = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_millis() as u64;
    (start % 1_000_000_000) * 100 + u64::from(COUNT.fetch_add(1, Ordering::Relaxed) % 100)
}
