//! The AWS SDK behind the port.

mod apigateway;
mod call;
mod convert;
mod domains;
mod iam;
mod settings;
mod stage;
mod states;
mod usage_plans;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig, retry::RetryConfig};

use super::limits::{Caller, Limits};

pub use call::{Call, Observer, Seen};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How to reach AWS.
#[derive(Clone, Debug)]
pub struct Settings {
    /// An endpoint in place of AWS's own, for all services.
    pub endpoint_url: Option<String>,
    /// Share of the published request quotas to use.
    pub quota_share: f64,
    /// Longest time for one call, connection included. What AWS did by then is looked up in the next pass.
    pub call_timeout: Duration,
}

/// Clients by region.
pub struct Regions {
    base: SdkConfig,
    quota_share: f64,
    observer: Observer,
    clients: Mutex<HashMap<String, SdkAws>>,
}

impl Regions {
    /// Finds credentials the SDK's way: environment, profile, web identity, container, instance. Calls are not retried
    /// by the SDK: creating an API is not idempotent, so what became of a lost call has to be looked up, not guessed.
    pub async fn load(settings: &Settings, observer: Observer) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(settings.call_timeout).build();
        // Every object names its region; this one is for STS. Without it the SDK would ask the instance's metadata service
        // and, where there is none, log its failure twice.
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .or_else("us-east-1");
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        // Part of the user agent, which CloudTrail records. The SDK's own variable for it goes first.
        if std::env::var_os("AWS_SDK_UA_APP_ID").is_none()
            && let Ok(name) = AppName::new("stepgate")
        {
            loader = loader.app_name(name);
        }
        if let Some(url) = &settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Self { base: loader.load().await, quota_share: settings.quota_share, observer, clients: Mutex::default() }
    }

    /// The AWS of a region, for calls of one caller.
    pub fn get(&self, region: &str, caller: Caller) -> SdkAws {
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let client = clients.entry(region.to_owned()).or_insert_with(|| {
            let config = self.base.to_builder().region(Region::new(region.to_owned())).build();
            SdkAws {
                region: region.to_owned(),
                endpoint_url: config.endpoint_url().map(str::to_owned),
                apigateway: aws_sdk_apigateway::Client::new(&config),
                iam: aws_sdk_iam::Client::new(&config),
                states: aws_sdk_sfn::Client::new(&config),
                limits: Arc::new(Limits::new(self.quota_share)),
                observer: self.observer.clone(),
                caller: Caller::default(),
            }
        });
        SdkAws { caller, ..client.clone() }
    }
}

/// AWS by its SDK.
#[derive(Clone)]
pub struct SdkAws {
    region: String,
    /// In place of AWS's own.
    endpoint_url: Option<String>,
    apigateway: aws_sdk_apigateway::Client,
    iam: aws_sdk_iam::Client,
    states: aws_sdk_sfn::Client,
    limits: Arc<Limits>,
    observer: Observer,
    caller: Caller,
}
