//! Options that say how to reach AWS.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::aws::sdk::{Observer, Regions, Settings};
use crate::controller::parse_interval;

#[derive(Debug, Args)]
pub(super) struct AwsArguments {
    /// Endpoint in place of AWS's own, for all services: an emulator or a proxy
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    aws_endpoint_url: Option<String>,

    /// Share of AWS's request quotas for API Gateway to use. They belong to the account and region, so below 1 leaves
    /// room for other tools; above 1 is for emulators
    #[arg(long, env = "STEPGATE_QUOTA_SHARE", value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    quota_share: f64,

    /// Longest time for one call to AWS, connection included
    #[arg(long, env = "STEPGATE_CALL_TIMEOUT", value_name = "DURATION", default_value = "20s", value_parser = parse_interval)]
    call_timeout: Duration,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share.is_finite() => Ok(share),
        _ => Err("has to be a number above 0".to_owned()),
    }
}

impl AwsArguments {
    pub(super) async fn load(&self, observer: Observer) -> Regions {
        let Self { aws_endpoint_url, quota_share, call_timeout } = self;
        let settings =
            Settings { endpoint_url: aws_endpoint_url.clone(), quota_share: *quota_share, call_timeout: *call_timeout };
        Regions::load(&settings, observer).await
    }

    pub(super) async fn load_unobserved(&self) -> Regions {
        self.load(Arc::new(|_| {})).await
    }
}
