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

/// Regions, from the SDKs' `partitions.json` of August 2026. There will be others: not to be there proves nothing.
const REGIONS: &str = "\
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 \
    ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 \
    eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 \
    me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2 cn-north-1 cn-northwest-1 eusc-de-east-1 \
    us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 eu-isoe-west-1 us-isof-east-1 us-isof-south-1 \
    us-gov-east-1 us-gov-west-1";

/// Names of the regions that are known here.
pub fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.split(' ')
}

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
