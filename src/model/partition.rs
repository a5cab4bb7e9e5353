//! AWS partitions: what a region's name says about ARNs and host names.

/// A group of regions with its own ARNs and DNS suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Second part of every ARN.
    pub id: &'static str,
    /// Suffix of host names.
    pub dns_suffix: &'static str,
}

/// Region prefixes, from the SDKs' `partitions.json`. The last row stands for all others.
const PARTITIONS: [(&str, Partition); 8] = [
    ("cn-", Partition { id: "aws-cn", dns_suffix: "amazonaws.com.cn" }),
    ("us-gov-", Partition { id: "aws-us-gov", dns_suffix: "amazonaws.com" }),
    ("eusc-", Partition { id: "aws-eusc", dns_suffix: "amazonaws.eu" }),
    ("us-isob-", Partition { id: "aws-iso-b", dns_suffix: "sc2s.sgov.gov" }),
    ("us-isof-", Partition { id: "aws-iso-f", dns_suffix: "csp.hci.ic.gov" }),
    ("eu-isoe-", Partition { id: "aws-iso-e", dns_suffix: "cloud.adc-e.uk" }),
    ("us-iso-", Partition { id: "aws-iso", dns_suffix: "c2s.ic.gov" }),
    ("", Partition { id: "aws", dns_suffix: "amazonaws.com" }),
];

/// The partition of a region.
pub fn partition(region: &str) -> Partition {
    let row = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    row.unwrap_or(&PARTITIONS[PARTITIONS.len() - 1]).1
}

/// URL of a stage. `template` replaces AWS's own with `{restApiId}`, `{region}` and `{stage}` filled in; an emulator has
/// another.
pub fn invoke_url(template: Option<&str>, rest_api_id: &str, region: &str, stage: &str) -> String {
    let aws = format!("https://{{restApiId}}.execute-api.{{region}}.{}/{{stage}}", partition(region).dns_suffix);
    template.unwrap_or(&aws).replace("{restApiId}", rest_api_id).replace("{region}", region).replace("{stage}", stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_follow_the_partition() {
        assert_eq!(
            invoke_url(None, "a1b2", "cn-north-1", "prod"),
            "https://a1b2.execute-api.cn-north-1.amazonaws.com.cn/prod"
        );
        assert_eq!(invoke_url(Some("http://x/{restApiId}/{stage}"), "a1", "us-east-1", "s"), "http://x/a1/s");
        assert_eq!(partition("us-isob-east-1").id, "aws-iso-b");
        assert_eq!(partition("eu-west-1").id, "aws");
    }
}
